"""`lilliput bench`: side by side with whatever peers are installed."""

from pathlib import Path

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb, write_examples


class Races(click.Group):
    """The races there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show how to run one."""
        write_examples(["lilliput bench flat --quick"], formatter)


@click.group("bench", cls=Races)
def command() -> None:
    """Race against the peers that are installed (pip install 'lilliput[bench]').

    Contestants take turns, so that a busy machine slows all of them alike.
    """


@command.command("flat", cls=Verb, examples=["lilliput bench flat --quick --out results"])
@click.option("--quick", is_flag=True, help="Fewer rows and rounds: a look, not a result.")
@click.option("--data", help="A file of vectors to race on. Default: the sets at hand.")
@click.option("--out", help="A folder for the result as JSON and Markdown.")
@options.common
def flat(quick: bool, data: str | None, out: str | None, as_json: bool, progress: options.Progress) -> None:
    """Race exhaustive search: batches, single queries, and the memory that encoding takes."""
    from lilliput._core import default_threads
    from lilliput.bench import flat as race

    result = race.run(
        quick=quick,
        data=data,
        threads=default_threads(),
        out=None if out is None else Path(out),
        progress=progress,
    )
    if as_json:
        output.emit_json(result)
    else:
        click.echo(race.markdown(result))
