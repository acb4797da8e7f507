"""Structures over codes: build, search, change, save."""
