"""What a front is read against: the budget, the floor, float32; and the names in the field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lilliput.advisor.page.chart import letters, line, percent
from lilliput.advisor.page.elements import Markup, el
from lilliput.advisor.page.field import Field, Row, title_of
from lilliput.advisor.page.labels import Chart, Spot, Wish

HEIGHT = 380  # of the field in pixels, as in the style sheet
WIDTHS = {"wide": (540, 620, 760, 900, 1040), "narrow": (228, 260, 320, 400, 540)}
LONGEST = {"wide": 44, "narrow": 24}  # letters of a name

# Labels of an upright line climb from the bottom until they find room, those of a level one go to the left.
CLIMBING = tuple(
    Spot(side * 6, -8 - 15 * step, anchor)
    for step in range(8)
    for side, anchor in ((1, "start"), (-1, "end"))
)
LEVEL = tuple(Spot(right, down, "end") for right in (-2, -60, -120, -180) for down in (14, -6))


@dataclass(frozen=True)
class Limit:
    """A line across the field and the label that it wants."""

    kind: str
    line: Markup
    label: Wish


def limits(plan: Mapping[str, Any], field: Field) -> Iterator[Limit]:
    """Draw budget, floor, and what float32 takes and reaches."""
    if field.budget is not None and field.budget <= field.sizes.high:
        yield _upright(field, "budget", field.budget, f"budget {plan['budget']['text']}")
    if field.baseline <= field.sizes.high:
        yield _upright(field, "exact", field.baseline, "float32")
    if field.floor is not None:
        yield _level(field, "floor", field.floor, f"floor {field.floor:g}")
    if field.exact is not None:
        yield _level(field, "exact", field.exact, f"exact search {field.exact:.3f}")


def _upright(field: Field, kind: str, value: float, words: str) -> Limit:
    x = field.x(value)
    return Limit(kind, line(x, 0, x, 100, f"limit {kind}"), Wish(x, 100, words, CLIMBING, must=True))


def _level(field: Field, kind: str, value: float, words: str) -> Limit:
    y = field.y(value)
    return Limit(kind, line(0, y, 100, y, f"limit {kind}"), Wish(100, y, words, LEVEL, must=True))


def allowed(field: Field) -> Markup | None:
    """Tint what keeps budget and floor."""
    if field.budget is None and field.floor is None:
        return None
    width = 100.0 if field.budget is None else field.x(field.budget)
    height = 100.0 if field.floor is None else field.y(field.floor)
    return el("rect", x=0, y=0, width=percent(width), height=percent(height), class_="allowed")


def labels(field: Field, found: Sequence[Limit]) -> list[Markup]:
    """Name the chosen point, the limits, and as much of the front as there is room for: wide and narrow."""
    return [el("g", _labels(field, found, kind), class_=kind, aria_hidden="true") for kind in WIDTHS]


def _labels(field: Field, found: Sequence[Limit], kind: str) -> Iterator[Markup]:
    chart = Chart(WIDTHS[kind], HEIGHT)
    chosen = [row for row in field.rows.values() if row["chosen"]]
    members = [field.rows[number] for number in sorted(field.front) if not field.rows[number]["chosen"]]
    for row in chosen + members:
        chart.block(*field.place(row), radius=11 if row["chosen"] else 5)
    wishes = [(_name(row, field, LONGEST[kind]), "label chosen") for row in chosen]
    wishes += [(limit.label, f"label {limit.kind}") for limit in found]
    wishes += [(_name(row, field, LONGEST[kind]), "label") for row in members]
    for wish, class_ in wishes:
        spot = chart.place(wish)
        if spot is not None:
            yield letters(
                wish.text, wish.x, wish.y, right=spot.right, down=spot.down, anchor=spot.anchor, class_=class_
            )


def _name(row: Row, field: Field, longest: int) -> Wish:
    """Ask for a candidate's name; `flat` goes without saying."""
    name = title_of(row).removeprefix("flat | ")
    short = name if len(name) <= longest else name[: longest - 1] + "…"
    return Wish(*field.place(row), short, must=row["chosen"])
