"""All candidates in a table that sorts, and what came of each family."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lilliput.advisor.page.elements import Child, Markup, el, spec
from lilliput.advisor.page.field import title_of
from lilliput.advisor.page.marks import Marks
from lilliput.advisor.page.numbers import NONE, duration, few, measure_name, rate

Plain = Mapping[str, Any]


def candidates(plan: Plain, marks: Marks) -> Markup:
    """Show every candidate; a cell carries its number, so that the script sorts by what was measured."""
    shown = [name for name in plan["forecast"] if any(row.get(name) for row in plan["table"])]
    heads = ["index", "bytes a vector", *map(measure_name, shown), "rows", "queries/s", "latency", "build"]
    heads += ["verdict"]
    rows = [
        el("tr", _cells(row, shown, marks), data_row=number, class_=_class(row))
        for number, row in enumerate(plan["table"])
    ]
    words = (heads[0], heads[-1])
    return _boxed(
        el("table", _head(heads, words), el("tbody", rows), class_="candidates", id="candidates"),
        "All candidates",
    )


def _class(row: Plain) -> str | None:
    return " ".join(kind for kind in ("front", "chosen") if row[kind]) or None


def _cells(row: Plain, shown: list[str], marks: Marks) -> Iterator[Markup]:
    yield el("th", marks.mark(row["family"]), spec(title_of(row)), scope="row", data_value=title_of(row))
    yield _number(few(row["bytes_per_vector"]), row["bytes_per_vector"])
    for measure in shown:
        found = row.get(measure)
        words = NONE if found is None else [f"{found['mean']:.3f} ", el("small", _range(found))]
        yield _number(words, None if found is None else found["mean"])
    yield _number(f"{row['rows']:,}", row["rows"])
    yield _number(rate(row["queries_per_second"]), row["queries_per_second"])
    yield _number(duration(row["latency_seconds"]), row["latency_seconds"])
    yield _number(duration(row["build_seconds"]), row["build_seconds"])
    yield el("td", "chosen" if row["chosen"] else row["why_not"], class_="words")


def _range(found: Mapping[str, float]) -> str:
    return f"{found['low']:.3f}–{found['high']:.3f}"


def _number(words: Child, value: float | None) -> Markup:
    return el("td", words, class_="number", data_value="" if value is None else repr(float(value)))


def families(plan: Plain, marks: Marks) -> Markup:
    """Say of each family what its best is and why that was not chosen."""
    heads = ("family", "its best", "bytes a vector", "what came of it")
    sizes = {row["spec"]: row["bytes_per_vector"] for row in plan["table"]}
    rows = [_family(each, sizes.get(each["best"]), plan["spec"], marks) for each in plan["families"]]
    words = (heads[0], heads[1], heads[-1])
    return _boxed(el("table", _head(heads, words), el("tbody", rows), class_="families"), "Families")


def _family(each: Plain, size: float | None, chosen: str, marks: Marks) -> Markup:
    wins = each["best"] == chosen
    none = "" if each["best"] else " none"
    return el(
        "tr",
        el("th", marks.mark(each["family"]), each["family"], scope="row"),
        el("td", spec(each["best"]) if each["best"] else NONE, class_=f"best{none}"),
        el("td", NONE if size is None else few(size), class_=f"number{none}"),
        el("td", "chosen" if wins else each["why_not"], class_="words"),
        class_="chosen" if wins else None,
    )


def _head(names: Sequence[str], words: Sequence[str]) -> Markup:
    """Name the columns, numbers to the right."""
    return el(
        "thead",
        el("tr", [el("th", name, scope="col", class_=None if name in words else "number") for name in names]),
    )


def _boxed(table: Markup, name: str) -> Markup:
    """Let a wide table scroll in a box of its own, which the keyboard reaches."""
    return el("div", table, class_="scroll", role="region", aria_label=name, tabindex=0)
