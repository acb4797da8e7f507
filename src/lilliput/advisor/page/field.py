"""The field that candidates lie in: bytes to the right, by powers of two, and quality upwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from lilliput.advisor.page.scale import Scale, linear_scale, log_scale

Row = Mapping[str, Any]

PLANNED = "recall@10"  # what the front of a plan is by


@dataclass(frozen=True)
class Field:
    """Where candidates and limits lie, in percent of the drawing.

    Attributes
    ----------
    measure:
        The quality that is shown, such as "recall@10".
    rows:
        The candidates that have it, by their number in the plan's table. Those that were dropped early are
        left out: among fewer rows quality comes easier.
    front:
        Of these, the numbers of those that no other beats in as few bytes.
    sizes, qualities:
        The axes.
    budget, floor, exact:
        Limits in bytes and quality; None where there is none. Exact is what float32 search reaches.
    baseline:
        Bytes of a vector as float32.
    """

    measure: str
    rows: Mapping[int, Row]
    front: frozenset[int]
    sizes: Scale
    qualities: Scale
    budget: float | None
    floor: float | None
    exact: float | None
    baseline: float

    @classmethod
    def of(cls, plan: Mapping[str, Any], measure: str) -> Self:
        """Span all candidates and limits of a plan."""
        rows = {number: row for number, row in enumerate(plan["table"]) if row.get(measure)}
        most = max(row["rows"] for row in rows.values())
        rows = {number: row for number, row in rows.items() if row["rows"] == most or row["chosen"]}
        front = _front(rows, measure)
        budget = plan["budget"]["bytes_per_vector"] if plan["budget"] else None
        floor, exact = plan["floors"].get(measure), plan["baseline"].get(measure)
        baseline = plan["baseline"]["bytes_per_vector"]
        wide = [row["bytes_per_vector"] for row in rows.values()]
        if budget is not None and budget <= 2 * max(wide):  # a budget beyond all candidates bounds none
            wide.append(budget)
        found = [row[measure]["mean"] for row in rows.values()]
        found += [rows[number][measure]["high"] for number in front]
        found += [limit for limit in (floor, exact) if limit is not None]
        qualities = linear_scale(min(found), min(1.0, max(found)))
        return cls(measure, rows, front, log_scale(wide), qualities, budget, floor, exact, baseline)

    def x(self, size: float) -> float:
        """Give the place of a size, from the left."""
        return self.sizes.at(size)

    def y(self, quality: float) -> float:
        """Give the place of a quality, from the top."""
        return round(100 - self.qualities.at(quality), 4)

    def place(self, row: Row) -> tuple[float, float]:
        """Give the place of a candidate."""
        return self.x(row["bytes_per_vector"]), self.y(row[self.measure]["mean"])


def _front(rows: Mapping[int, Row], measure: str) -> frozenset[int]:
    """Take the plan's front where it is by this measure, and find it where it is not."""
    if measure == PLANNED:
        return frozenset(number for number, row in rows.items() if row["front"])
    best, found = -1.0, []
    for number in sorted(rows, key=lambda n: (rows[n]["bytes_per_vector"], -rows[n][measure]["mean"])):
        if rows[number][measure]["mean"] > best:
            best = rows[number][measure]["mean"]
            found.append(number)
    return frozenset(found)


def measures(plan: Mapping[str, Any]) -> list[str]:
    """Name the measures that candidates can be shown by; first what a floor is about, then nDCG."""
    known = [name for name in plan["forecast"] if any(row.get(name) for row in plan["table"])]
    return sorted(known, key=lambda name: (name not in plan["floors"], not name.startswith("ndcg")))


def title_of(row: Row) -> str:
    """Name a candidate; what is ranked again stands behind the sign of multiplication."""
    spec: str = row["spec"]
    return spec if row["refine"] is None else f"{spec} ×{row['refine']}"
