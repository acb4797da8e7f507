"""A set of the race of codecs as a drawing: recall, encoding and scanning against bytes."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lilliput.advisor.page.elements import Markup, el
from lilliput.advisor.page.marks import SHAPES
from lilliput.advisor.page.scale import Scale, linear_scale, log_scale
from lilliput.bench.codec_report import best_front
from lilliput.bench.entrants import OURS

Plain = Mapping[str, Any]

WIDTH, HEIGHT = 420, 300  # of a panel, in pixels
LEFT, TOP, BELOW = 60, 44, 44
COLOURS = ("#c4451c", "#1f6fb2", "#2e8540", "#7a4fa3", "#a07400", "#008a8a", "#8a2e5d", "#5b5b5b")
FONT = "font-family:sans-serif;font-size:11px;fill:#333"


def plot(one: Plain) -> str:
    """Draw one set as SVG: ours joined along the front, peers as marks of their own.

    Parameters
    ----------
    one:
        One of the sets that `Race.run` gave.
    """
    rows = one["contestants"]
    libraries = sorted({row["library"] for row in rows}, key=lambda name: (name != OURS, name))
    panels = (
        ("recall@10 without re-ranking", lambda row: row["recall"], False),
        ("vectors encoded a second, one thread", lambda row: row["speeds"]["1"]["encode"], True),
        ("queries a second in a batch, one thread", lambda row: row["speeds"]["1"]["batch"], True),
    )
    bytes_axis = log_scale([row["bytes_per_vector"] for row in rows])
    width = len(panels) * (WIDTH + LEFT) + 20
    height = TOP + HEIGHT + BELOW + 24
    drawn = [
        el(
            "g",
            _panel(rows, libraries, bytes_axis, *panel),
            transform=_moved(LEFT + at * (WIDTH + LEFT), TOP),
        )
        for at, panel in enumerate(panels)
    ]
    title = f"{one['data']}: {one['rows']:,} × {one['dim']}, {one['metric']}"
    return (
        el(
            "svg",
            el("title", title),
            el("rect", width=width, height=height, fill="#fff"),
            el("text", title, x=LEFT, y=16, style=FONT + ";font-weight:bold"),
            drawn,
            _legend(libraries, height - 12),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {width} {height}",
            width=width,
            height=height,
        )
        + "\n"
    )


def _panel(
    rows: Sequence[Plain],
    libraries: Sequence[str],
    across: Scale,
    title: str,
    value: Callable[[Plain], float],
    log: bool,
) -> list[Markup]:
    values = [value(row) for row in rows]
    up = decades(values) if log else linear_scale(min(values), max(values))
    parts = [el("text", title, x=0, y=-8, style=FONT)]
    for tick in across.ticks:
        x = WIDTH * across.at(tick) / 100
        parts.append(el("line", x1=x, x2=x, y1=0, y2=HEIGHT, stroke="#e4e4e4"))
        parts.append(el("text", f"{tick:,.0f}", x=x, y=HEIGHT + 14, text_anchor="middle", style=FONT))
    parts.append(el("text", "bytes a vector", x=WIDTH / 2, y=HEIGHT + 28, text_anchor="middle", style=FONT))
    for tick in up.ticks:
        y = HEIGHT * (1 - up.at(tick) / 100)
        parts.append(el("line", x1=0, x2=WIDTH, y1=y, y2=y, stroke="#e4e4e4"))
        parts.append(el("text", _short(tick), x=-6, y=y + 4, text_anchor="end", style=FONT))

    def place(row: Plain) -> tuple[float, float]:
        return (
            WIDTH * across.at(row["bytes_per_vector"]) / 100,
            HEIGHT * (1 - up.at(value(row)) / 100),
        )

    if not log:
        front = best_front([row for row in rows if row["library"] == OURS], "recall")
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, front))
        parts.append(el("polyline", points=points, fill="none", stroke=COLOURS[0], stroke_opacity=0.5))
    for row in sorted(rows, key=lambda row: row["library"] == OURS):
        number = libraries.index(row["library"])
        said = f"{row['library']} {row['name']}: {row['bytes_per_vector']:,.1f} bytes, {value(row):,.4g}"
        parts.append(
            _mark(number, *place(row), el("title", said + (" (earlier run)" if row["cached"] else "")))
        )
    return parts


def decades(values: Sequence[float]) -> Scale:
    """Span positive values from one power of ten to another.

    Examples
    --------
    >>> decades([250.0, 4_000.0]).ticks
    (100.0, 1000.0, 10000.0)
    """
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    last = max(last, first + 1)
    return Scale(10.0**first, 10.0**last, tuple(10.0**power for power in range(first, last + 1)), log=True)


def _short(value: float) -> str:
    """Write a number with a letter for its thousands.

    >>> _short(0.95), _short(20_000.0), _short(1e6)
    ('0.95', '20k', '1M')
    """
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def _mark(number: int, x: float, y: float, *inside: Markup) -> Markup:
    shape = list(SHAPES.values())[number % len(SHAPES)]
    colour = COLOURS[number % len(COLOURS)]
    return el("path", *inside, d=shape, transform=_moved(x, y), fill=colour, fill_opacity=0.75)


def _legend(libraries: Sequence[str], y: float) -> list[Markup]:
    parts = []
    for number, library in enumerate(libraries):
        x = LEFT + 150 * number
        parts.append(_mark(number, x, y - 4))
        parts.append(el("text", library, x=x + 12, y=y, style=FONT))
    return parts


def _moved(x: float, y: float) -> str:
    return f"translate({x:.1f} {y:.1f})"
