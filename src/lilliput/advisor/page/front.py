"""The front: quality against bytes, what dominates what, and the chosen point."""

from collections.abc import Mapping
from typing import Any

from lilliput.advisor.page.chart import across, drawing, line, percent, stretched, up
from lilliput.advisor.page.elements import Markup, el
from lilliput.advisor.page.field import Field, Row, title_of
from lilliput.advisor.page.limits import allowed, labels, limits
from lilliput.advisor.page.marks import Marks
from lilliput.advisor.page.numbers import few, figures, measure_name, quality

MANY = 60  # candidates, from which on only those of the front show their intervals


def front(plan: Mapping[str, Any], measure: str, marks: Marks) -> Markup:
    """Draw the candidates of a plan by a measure."""
    field = Field.of(plan, measure)
    rows = list(field.rows.values())
    best = [row for row in rows if row["front"]]
    found = list(limits(plan, field))
    most = max(row["rows"] for row in rows)
    return drawing(
        f"front-{measure.replace('@', '-')}",
        f"{measure_name(measure)} against bytes a vector",
        f"{len(rows)} candidates; {len(best)} of them are on the front: no other is better in as few bytes. "
        "The table of candidates on this page holds the same numbers.",
        across(field.sizes, few, "bytes a vector (log scale)"),
        up(field.qualities, figures, measure_name(measure)),
        allowed(field),
        [limit.line for limit in found],
        _staircase(best, field),
        [_whisker(row, field) for row in rows if row["front"] or row["chosen"] or len(rows) < MANY],
        [_point(number, row, field, marks, most) for number, row in _by_weight(field)],
        labels(field, found),
        class_="front",
    )


def _by_weight(field: Field) -> list[tuple[int, Row]]:
    """Put what matters most last, so that nothing covers it."""
    return sorted(field.rows.items(), key=lambda each: (each[1]["chosen"], each[1]["front"]))


def _staircase(best: list[Row], field: Field) -> Markup | None:
    """Join the front: what can be had in so many bytes."""
    path, highest = "", 101.0
    for x, y in sorted(field.place(row) for row in best):
        if y < highest:
            path += f"H{x:g}V{y:g}" if path else f"M{x:g} {y:g}"
            highest = y
    return stretched(f"{path}H100", "stairs") if path else None


def _whisker(row: Row, field: Field) -> Markup:
    x, _ = field.place(row)
    low, high = (field.y(row[field.measure][end]) for end in ("low", "high"))
    return line(x, low, x, high, "whisker" if row["front"] or row["chosen"] else "whisker faint")


def _point(number: int, row: Row, field: Field, marks: Marks, most: int) -> Markup:
    x, y = map(percent, field.place(row))
    kinds = [kind for kind in ("front", "chosen") if row[kind]]
    kinds += ["early"] * (row["rows"] < most)
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
