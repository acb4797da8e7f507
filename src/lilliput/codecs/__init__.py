"""Vectors to bytes and back: transforms, quantisers, and the pipeline that joins them."""
