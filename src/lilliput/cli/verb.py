"""A verb: a click command whose help ends with examples to paste."""

from collections.abc import Sequence
from typing import Any

import click


class Verb(click.Command):
    """One verb of the command line.

    Parameters
    ----------
    examples:
        Command lines, shown as they are.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, unwrapped."""
        write_examples(self.examples, formatter)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Write command lines under their heading, unwrapped, so that they can be pasted."""
    with formatter.section("Examples"):
        for line in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
