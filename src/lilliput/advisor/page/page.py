"""The page: one file that holds everything it needs and can load nothing else."""

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from lilliput.advisor.page.diagnosis import diagnosis, manner, title
from lilliput.advisor.page.elements import Child, Markup, el
from lilliput.advisor.page.field import Field, measures
from lilliput.advisor.page.forecast import forecast
from lilliput.advisor.page.front import front
from lilliput.advisor.page.headline import headline, summary
from lilliput.advisor.page.losses import losses
from lilliput.advisor.page.marks import Marks, shapes
from lilliput.advisor.page.numbers import measure_name
from lilliput.advisor.page.table import candidates, families

Plain = Mapping[str, Any]

FRONT_NOTE = (
    "A point is a candidate; the further left and up, the better. The staircase joins those that no other "
    "beats in as few bytes. Whiskers are intervals for the mean over fresh queries."
)
TABLE_NOTE = (
    "Quality here is what the queries that chose found; the forecast above is from others. "
    "Bytes and speed are for the full size."
)


def plan_page(plan: Plain) -> str:
    """Give a plan as one self-contained page.

    Parameters
    ----------
    plan:
        What `Plan.to_dict` gave.

    Returns
    -------
    str
        HTML, complete without its script, which adds details under the pointer and sorting.
    """
    marks = Marks(plan)
    queries, found = plan["per_query"], plan["diagnosis"]
    sections = [
        _section("Forecast", forecast(plan)),
        _section("Quality against bytes", *_fronts(plan, marks)),
        _section("Families", families(plan, marks)) if plan["families"] else None,
        _section("What single queries lose", *losses(queries)) if queries and queries["queries"] else None,
        _section("The vectors", el("p", f"{title(found)}. {manner(found)}", class_="note"), *diagnosis(found))
        if found
        else None,
        _section("All candidates", el("p", TABLE_NOTE, class_="note"), _filter(), candidates(plan, marks)),
    ]
    body = [shapes(), headline(plan), el("main", sections), el("footer", el("p", _origin(plan)))]
    return document(f"{plan['spec']}: {summary(plan)}", body, plan)


def diagnosis_page(found: Plain) -> str:
    """Give a diagnosis of vectors as one self-contained page.

    Parameters
    ----------
    found:
        What `Diagnosis.to_dict` gave.
    """
    head = el(
        "header",
        el("p", "Lilliput looked at", class_="kicker"),
        el("h1", title(found)),
        el("p", manner(found), class_="lede"),
    )
    body = [head, el("main", _section("Findings", *diagnosis(found)))]
    return document(title(found), body, found)


def document(name: str, body: Child, data: Plain) -> str:
    """Make the document around a body: data, style and script inside, and nothing else allowed in."""
    style, script = _resource("style.css"), _resource("script.js")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = [
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("link", rel="icon", href="data:,"),
        el("title", name),
        el("style", style),
    ]
    told = el("script", as_data(data), type="application/json", id="plan")
    whole = el("html", el("head", head), el("body", body, told, el("script", script)), lang="en")
    return f"<!doctype html>\n{whole}\n"


def as_data(data: Plain) -> Markup:
    """Write JSON that cannot end the element it stands in."""
    written = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _section(name: str, *children: Child) -> Markup:
    key = name.lower().replace(" ", "-")
    return el("section", el("h2", name, id=key), *children, aria_labelledby=key)


def _fronts(plan: Plain, marks: Marks) -> list[Child]:
    """Draw a front a measure; the script shows one at a time."""
    shown = measures(plan)
    if not shown:
        return [el("p", "No candidate could be measured; the table says why.")]
    fields = {name: Field.of(plan, name) for name in shown}
    drawn = {row["family"] for field in fields.values() for row in field.rows.values()}
    key = [el("li", marks.mark(family), family) for family in marks.families if family in drawn]
    return [
        el("p", FRONT_NOTE, _early(plan), class_="note"),
        _choice(shown),
        el("ul", key, class_="key", aria_label="Families"),
        *[
            el(
                "figure",
                front(plan, field, marks),
                data_measure=name,
                class_="field",
                aria_label=measure_name(name),
            )
            for name, field in fields.items()
        ],
    ]


def _early(plan: Plain) -> str | None:
    most = max(row["rows"] for row in plan["table"])
    early = sum(0 < row["rows"] < most for row in plan["table"])
    if not early:
        return None
    return (
        f" {early:,} of {len(plan['table']):,} candidates dropped out early, among fewer rows, where quality "
        "comes easier; these are in the table only."
    )


def _choice(shown: list[str]) -> Markup | None:
    """Offer the measures, for the script to show when it can act on them."""
    if len(shown) < 2:
        return None
    buttons = [
        el(
            "button",
            measure_name(name),
            type="button",
            data_show=name,
            aria_pressed="true" if first else "false",
        )
        for first, name in ((name == shown[0], name) for name in shown)
    ]
    return el("div", buttons, class_="choice", role="group", aria_label="Quality", hidden=True)


def _filter() -> Markup:
    box = el("input", type="checkbox", id="front-only")
    return el("label", box, " only the front", class_="filter", hidden=True)


def _origin(plan: Plain) -> str:
    return (
        f"Metric {plan['metric']}, seed {plan['seed']}; {plan['measured_rows']:,} rows measured, "
        f"figures for {plan['rows']:,}. This page holds all of its numbers and loads nothing."
    )


def _resource(name: str) -> Markup:
    return Markup(files("lilliput.advisor.page").joinpath(name).read_text(encoding="utf-8"))


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
