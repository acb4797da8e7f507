"""All candidates in a table that sorts, and what came of each family."""

from collections.abc import Iterator, Mapping
from typing import Any

from lilliput.advisor.page.elements import Markup, el
from lilliput.advisor.page.field import title_of
from lilliput.advisor.page.marks import Marks
from lilliput.advisor.page.numbers import duration, few, measure_name, quality, rate

Plain = Mapping[str, Any]


def candidates(plan: Plain, marks: Marks) -> Markup:
    """Show every candidate; a cell carries its number, so that the script sorts by what was measured."""
    shown = [name for name in plan["forecast"] if any(row.get(name) for row in plan["table"])]
    heads = ["index", "bytes a vector", *map(measure_name, shown), "queries/s", "latency", "build", "verdict"]
    rows = [
        el("tr", _cells(row, shown, marks), data_row=number, class_=_class(row))
        for number, row in enumerate(plan["table"])
    ]
    head = el("thead", el("tr", [el("th", name, scope="col") for name in heads]))
    return _boxed(el("table", head, el("tbody", rows), class_="candidates", id="candidates"), "All candidates")


def _class(row: Plain) -> str | None:
    return " ".join(kind for kind in ("front", "chosen") if row[kind]) or None


def _cells(row: Plain, shown: list[str], marks: Marks) -> Iterator[Markup]:
    yield el("th", marks.mark(row["family"]), el("code", title_of(row)), scope="row", data_value=title_of(row))
    yield _number(few(row["bytes_per_vector"]), row["bytes_per_vector"])
    for measure in shown:
        found = row.get(measure)
        yield _number(quality(found), None if found is None else found["mean"])
    yield _number(rate(row["queries_per_second"]), row["queries_per_second"])
    yield _number(duration(row["latency_seconds"]), row["latency_seconds"])
    yield _number(duration(row["build_seconds"]), row["build_seconds"])
    yield el("td", "chosen" if row["chosen"] else row["why_not"], class_="words")


def _number(words: str, value: float | None) -> Markup:
    return el("td", words, class_="number", data_value="" if value is None else repr(float(value)))


def families(plan: Plain, marks: Marks) -> Markup:
    """Say of each family what its best is and why that was not chosen."""
    heads = ("family", "its best", "bytes a vector", "what came of it")
    best = {(row["spec"], row["family"]): row for row in plan["table"]}
    rows = []
    for each in plan["families"]:
        row = best.get((each["best"], each["family"]))
        chosen = each["best"] == plan["spec"]
        rows.append(
            el(
                "tr",
                el("th", marks.mark(each["family"]), each["family"], scope="row"),
                el("td", el("code", each["best"] or "–")),
                el("td", few(row["bytes_per_vector"]) if row else "–", class_="number"),
                el("td", each["why_not"] or ("chosen" if chosen else ""), class_="words"),
                class_="chosen" if chosen else None,
            )
        )
    head = el("thead", el("tr", [el("th", name, scope="col") for name in heads]))
    return _boxed(el("table", head, el("tbody", rows), class_="families"), "Families")


def _boxed(table: Markup, name: str) -> Markup:
    """Let a wide table scroll in a box of its own, which the keyboard reaches."""
    return el("div", table, class_="scroll", role="region", aria_label=name, tabindex=0)
