"""Options that several verbs share, with one meaning everywhere."""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

import click

from lilliput.progress import ProgressOption

Progress: TypeAlias = ProgressOption
Command = TypeVar("Command", bound=Callable[..., Any])


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable for as long as a command runs."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _use_threads(ctx: click.Context, _: click.Parameter, value: int | None) -> int | None:
    """Every native call of the command sees the number, also those that take no `threads=`."""
    if value is not None:
        ctx.with_resource(_environment("LILLIPUT_NUM_THREADS", str(value)))
    return value


def _progress(_: click.Context, __: click.Parameter, quiet: bool) -> Progress:
    """Give what the library's `progress=` takes."""
    return False if quiet else None


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
threads = click.option(
    "--threads",
    type=click.IntRange(min=1),
    callback=_use_threads,
    expose_value=False,
    is_eager=True,
    help="Threads to use. Default: all that this process may use.",
)
seed = click.option(
    "--seed", type=int, default=0, show_default=True, help="Makes every random choice repeatable."
)
progress = click.option("--quiet", "progress", is_flag=True, callback=_progress, help="Draw no progress bar.")
metric = click.option(
    "--metric", default="cosine", show_default=True, help="How vectors are compared: cosine, ip or l2."
)


def common(command: Command) -> Command:
    """Add --json, --threads and --quiet, which every verb that works on vectors has."""
    for option in (progress, threads, as_json):
        command = option(command)
    return command
