"""The head of the page: what was chosen, what it costs and keeps, why, and how to build it."""

from collections.abc import Mapping
from typing import Any

from lilliput.advisor.page.elements import Markup, el, spec
from lilliput.advisor.page.numbers import duration, few, measure_name, quality, rate, size, times

Plain = Mapping[str, Any]


def headline(plan: Plain) -> Markup:
    """Say the plan in one sentence, six figures and the reason."""
    return el(
        "header",
        el("p", "Lilliput recommends", class_="kicker"),
        el("h1", spec(plan["spec"])),
        el("p", summary(plan), class_="lede"),
        _figures(plan),
        el("p", plan["reason"], class_="reason"),
        el("pre", el("code", recipe(plan)), tabindex=0, aria_label="How to build it"),
    )


def summary(plan: Plain) -> str:
    """Say what is saved and what is kept."""
    kept = [f"{measure_name(name)} {quality(found)}" for name, found in plan["forecast"].items()]
    return ", ".join([f"{times(smaller(plan))} smaller", *kept])


def smaller(plan: Plain) -> float:
    """Give the bytes of float32 in those of the plan."""
    return float(plan["baseline"]["bytes_per_vector"] / plan["bytes_per_vector"])


def recipe(plan: Plain) -> str:
    """Write the lines of Python that build and search the index."""
    refine = "" if plan["refine"] is None else f", refine={plan['refine']}"
    return (
        "import lilliput as lp\n\n"
        f"index = lp.Index({plan['spec']!r}, metric={plan['metric']!r}, seed={plan['seed']}).fit(X)\n"
        "index.add(X)\n"
        f"ids, scores = index.search(queries, k=10{refine})"
    )


def _figures(plan: Plain) -> Markup:
    cost = plan["cost"]
    rows = f"{plan['rows']:,} rows"
    told = [
        (
            "a vector",
            f"{few(plan['bytes_per_vector'])} B",
            f"float32: {few(plan['baseline']['bytes_per_vector'])} B",
        ),
        ("in all", size(cost["bytes"]), f"for {rows}"),
        ("queries a second", rate(cost["queries_per_second"]), "in a batch"),
        ("latency", duration(cost["latency_seconds"]), "one query alone"),
        ("to build", duration(cost["build_seconds"]), f"for {rows}"),
        ("measured", f"{plan['measured_rows']:,}", f"rows of {plan['dim']:,} numbers"),
    ]
    tiles = [el("div", el("dt", name), el("dd", value, el("small", note))) for name, value, note in told]
    return el("dl", tiles, class_="figures")
