"""The front: quality against bytes, what dominates what, and the chosen point."""

from collections.abc import Mapping
from typing import Any

from lilliput.advisor.page.chart import across, drawing, line, percent, stretched, up
from lilliput.advisor.page.elements import Markup, el
from lilliput.advisor.page.field import Field, title_of
from lilliput.advisor.page.limits import allowed, labels, limits
from lilliput.advisor.page.marks import Marks
from lilliput.advisor.page.numbers import few, figures, measure_name, quality

MANY = 60  # candidates, from which on only those of the front show their intervals


def front(plan: Mapping[str, Any], field: Field, marks: Marks) -> Markup:
    """Draw the candidates of a plan by the measure of a field."""
    name = measure_name(field.measure)
    found = list(limits(plan, field))
    few_enough = len(field.rows) < MANY
    return drawing(
        f"front-{field.measure.replace('@', '-')}",
        f"{name} against bytes a vector",
        f"{len(field.rows)} candidates; {len(field.front)} of them are on the front: no other is better "
        "in as few bytes. The table of candidates on this page holds the same numbers.",
        across(field.sizes, figures, "bytes a vector (log scale)"),
        up(field.qualities, figures, name),
        allowed(field),
        [limit.line for limit in found],
        _staircase(field),
        [_whisker(number, field) for number in field.rows if few_enough or _weight(number, field)],
        [_point(number, field, marks) for number in sorted(field.rows, key=lambda n: _weight(n, field))],
        labels(field, found),
        class_="front",
    )


def _weight(number: int, field: Field) -> int:
    """Tell what matters most, to be drawn last, so that nothing covers it."""
    return 2 if field.rows[number]["chosen"] else int(number in field.front)


def _staircase(field: Field) -> Markup | None:
    """Join the front: what can be had in so many bytes."""
    path, highest = "", 101.0
    for x, y in sorted(field.place(field.rows[number]) for number in field.front):
        if y < highest:
            path += f"H{x:g}V{y:g}" if path else f"M{x:g} {y:g}"
            highest = y
    return stretched(f"{path}H100", "stairs") if path else None


def _whisker(number: int, field: Field) -> Markup:
    row = field.rows[number]
    x, _ = field.place(row)
    low, high = (field.y(row[field.measure][end]) for end in ("low", "high"))
    return line(x, low, x, high, "whisker" if _weight(number, field) else "whisker faint")


def _point(number: int, field: Field, marks: Marks) -> Markup:
    row = field.rows[number]
    x, y = map(percent, field.place(row))
    kinds = ["front"] * (number in field.front) + ["chosen"] * row["chosen"]
    told = (
        f"{title_of(row)}: {few(row['bytes_per_vector'])} B a vector, {measure_name(field.measure)} "
        f"{quality(row[field.measure])}{', the chosen index' if row['chosen'] else ''}"
    )
    return el(
        "g",
        el("title", told),
        el("circle", cx=x, cy=y, r=11, class_="ring") if row["chosen"] else None,
        el("use", href=marks.shape(row["family"]), x=x, y=y),
        class_=" ".join(["point", marks.colour(row["family"]), *kinds]),
        data_row=number,
        role="img",
    )
