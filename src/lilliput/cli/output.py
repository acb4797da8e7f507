"""What a verb prints: a table and sentences for people, one JSON object for programs."""

import json
import math
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
import numpy as np

PIPE_COLUMNS = 160  # no terminal says how wide it is
WIDEST_TEXT = 110


def plain(value: Any) -> Any:
    """Turn numpy values into what JSON can hold; NaN and infinity become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def emit_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    click.echo(json.dumps(plain(data), ensure_ascii=False, allow_nan=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print rows under headings; numbers stand on the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    kept = [[_cell(value) for value in row] for row in rows]
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        numeric = bool(kept) and all(row[place][1] for row in kept)
        drawn.add_column(column, justify="right" if numeric else "left")
    for row in kept:
        drawn.add_row(*(Text(text) for text, _ in row))
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    Console(width=width, highlight=False).print(drawn)


def facts(pairs: Mapping[str, Any]) -> None:
    """Print names and values, one pair a line; underscores are for programs."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        click.echo(f"{name.replace('_', ' '):<{width}}  {_cell(value)[0]}")


def paragraph(text: str) -> None:
    """Print a text in lines that fit the terminal."""
    click.echo(click.wrap_text(text, width=min(shutil.get_terminal_size().columns, WIDEST_TEXT)))


def size(n_bytes: float) -> str:
    """Write a number of bytes as people do.

    >>> size(88_800), size(512)
    ('88.8 kB', '512 B')
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:,.1f} {unit}"
    return f"{n_bytes:.0f} B"


def shortened(text: str, most: int) -> str:
    """Cut a text after a word.

    >>> shortened("one two three", 8)
    'one two ...'
    """
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} ..."


def _cell(value: Any) -> tuple[str, bool]:
    """Text of one cell, and whether it is a number."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value], False
    if isinstance(value, int | np.integer):
        return f"{value:,}", True
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:.4g}" if abs(number) < 1000 else f"{number:,.0f}", True
    return str(value), False
