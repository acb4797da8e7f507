"""The command line: one module a verb, the same names and the same sentences as Python."""

from lilliput.cli.app import main

__all__ = ["main"]
