"""`lilliput bench`: side by side with whatever peers are installed."""

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb, write_examples


class Races(click.Group):
    """The races there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show how to run one."""
        write_examples(["lilliput bench flat --quick", "lilliput bench codecs --quick"], formatter)


@click.group("bench", cls=Races)
def command() -> None:
    """Race against the peers that are installed (pip install 'lilliput[bench]').

    Contestants take turns, so that a busy machine slows all of them alike.
    """


@command.command("flat", cls=Verb, examples=["lilliput bench flat --quick --out results"])
@click.option("--quick", is_flag=True, help="Fewer rows and rounds: a look, not a result.")
@click.option("--data", help="A file of vectors to race on. Default: the sets at hand.")
@click.option("--out", help="A folder for the result as JSON and Markdown.")
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For every contestant."
)
@options.progress
@options.as_json
def flat(
    quick: bool, data: str | None, out: str | None, threads: int, as_json: bool, progress: options.Progress
) -> None:
    """Race exhaustive search: batches, single queries, and the memory that encoding takes."""
    from lilliput.bench import flat as race

    click.echo(f"This takes about {minutes(race.estimate_seconds(quick))} on two cores.", err=True)
    result = race.run(quick=quick, data=data, threads=threads, out=out, progress=progress)
    if as_json:
        output.emit_json(result)
    else:
        click.echo(race.markdown(result))


@command.command("codecs", cls=Verb, examples=["lilliput bench codecs --quick --out results"])
@click.option("--quick", is_flag=True, help="Fewer rows, sets, codecs and rounds: a look, not a result.")
@click.option("--data", help="A file of vectors to race on. Default: the sets at hand.")
@click.option("--out", help="A folder for the result as JSON, Markdown and plots.")
@click.option("--fresh", is_flag=True, help="Measure peers again that were measured before.")
@click.option(
    "--threads", type=click.IntRange(min=1), help="The most to time with, beside one. Default: all cores."
)
@options.progress
@options.as_json
def codecs(
    quick: bool,
    data: str | None,
    out: str | None,
    fresh: bool,
    threads: int | None,
    as_json: bool,
    progress: options.Progress,
) -> None:
    """Race codecs without re-ranking: recall, all bytes, and the speed of encoding and scanning."""
    from lilliput.bench.codecs import Race, markdown

    race = Race(quick=quick, data=data, fresh=fresh, threads=threads)
    known = f"; {race.remembered} figures of peers are known from before" if race.remembered else ""
    click.echo(f"This takes about {minutes(race.estimate_seconds)} on two cores{known}.", err=True)
    result = race.run(out=out, progress=progress)
    if as_json:
        output.emit_json(result)
    else:
        click.echo(markdown(result))


@command.command("claims", cls=Verb, examples=["lilliput bench claims --out results"])
@click.option("--out", help="A folder for the result as JSON and Markdown.")
@options.common
def claims(out: str | None, as_json: bool, progress: options.Progress) -> None:
    """Put published claims on codecs to the test on real sets, and report what is found."""
    from lilliput.bench import claims as test

    result = test.run(out=out, progress=progress)
    if as_json:
        output.emit_json(result)
    else:
        click.echo(test.markdown(result))


def minutes(seconds: float) -> str:
    """Write a time as people do.

    >>> minutes(40), minutes(100), minutes(420)
    ('a minute', '2 minutes', '7 minutes')
    """
    count = max(1, round(seconds / 60))
    return "a minute" if count == 1 else f"{count} minutes"
