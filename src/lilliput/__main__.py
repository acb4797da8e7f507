"""`python -m lilliput` is the command line."""

from lilliput.cli import main

main()
