"""What every chart has: a drawing whose width is the reader's and whose letters keep their size.

Places are percent and letters are pixels, so that one drawing serves a phone, a screen and paper. Lines of
many points are stretched with the drawing; their strokes are not.
"""

from collections.abc import Callable, Sequence

from lilliput.advisor.page.elements import Child, Markup, el
from lilliput.advisor.page.scale import Scale

FEW_TICKS = 6


def drawing(key: str, title: str, description: str, *parts: Child, class_: str = "") -> Markup:
    """Frame a chart, with words for those who do not see it."""
    return el(
        "svg",
        el("title", title, id=f"{key}-title"),
        el("desc", description, id=f"{key}-desc"),
        *parts,
        class_=f"chart {class_}".strip(),
        id=key,
        role="group",
        aria_labelledby=f"{key}-title",
        aria_describedby=f"{key}-desc",
    )


def percent(place: float) -> str:
    """Write a place in percent."""
    return f"{place:g}%"


def letters(
    words: str,
    x: float,
    y: float,
    *,
    right: float = 0,
    down: float = 0,
    anchor: str = "start",
    class_: str | None = None,
) -> Markup:
    """Write words at a place, moved by pixels."""
    return el(
        "text",
        words,
        x=percent(x),
        y=percent(y),
        dx=right or None,
        dy=down or None,
        text_anchor=None if anchor == "start" else anchor,
        class_=class_,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Draw a straight line."""
    return el("line", x1=percent(x1), y1=percent(y1), x2=percent(x2), y2=percent(y2), class_=class_)


def stretched(path: str, class_: str) -> Markup:
    """Draw a path whose coordinates are percent."""
    return el("svg", el("path", d=path, class_=class_), viewBox="0 0 100 100", preserveAspectRatio="none")


def across(scale: Scale, say: Callable[[float], str], title: str) -> list[Markup]:
    """Draw the axis at the bottom; every other tick has a number only where there is room."""
    parts = []
    for number, tick in enumerate(scale.ticks):
        x = scale.at(tick)
        crowded = len(scale.ticks) > FEW_TICKS and number % 2
        parts.append(line(x, 0, x, 100, "grid"))
        parts.append(letters(say(tick), x, 100, down=18, anchor="middle", class_="wide" if crowded else None))
    return [*parts, letters(title, 50, 100, down=38, anchor="middle", class_="axis")]


def up(scale: Scale, say: Callable[[float], str], title: str) -> list[Markup]:
    """Draw the axis at the left."""
    parts = []
    for tick in scale.ticks:
        y = 100 - scale.at(tick)
        parts.append(line(0, y, 100, y, "grid"))
        parts.append(letters(say(tick), 0, y, right=-8, down=4, anchor="end"))
    return [*parts, letters(title, 0, 0, right=-40, down=-16, class_="axis")]


def bars(
    edges: Sequence[float], counts: Sequence[int], scale: Scale, highest: float, class_: str = "bar"
) -> list[Markup]:
    """Draw a histogram: from edge to edge, as high as its share of the highest."""
    parts = []
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        height = 100 * count / highest if highest else 0.0
        x = scale.at(left)
        parts.append(
            el(
                "rect",
                el("title", f"{left:g} to {right:g}: {count:,}"),
                x=percent(x),
                y=percent(100 - height),
                width=percent(scale.at(right) - x),
                height=percent(height),
                class_=class_,
            )
        )
    return parts
