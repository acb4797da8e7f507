"""Readers and writers of vectors, and the files that Lilliput itself writes."""
