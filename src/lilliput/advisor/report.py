"""A plan as a file: a page to read, Markdown to paste, or JSON to compute with."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lilliput.advisor.page import plan_page
from lilliput.advisor.page.field import title_of
from lilliput.advisor.page.headline import recipe, summary
from lilliput.advisor.page.numbers import NONE, few, measure_name, quality, rate
from lilliput.errors import InvalidInput
from lilliput.io.write import new_file

NOTE = "The table holds what the queries that chose found; the forecast is from queries that did not choose."

Plain = Mapping[str, Any]


def write_report(path: str | os.PathLike[str], plan: Plain) -> None:
    """Write what `Plan.to_dict` gave, in place of what was there.

    Parameters
    ----------
    path:
        Its suffix tells the form: .html or .htm, .md, .json.
    plan:
        What to write.

    Raises
    ------
    InvalidInput
        For another suffix.
    FileError
        When the file cannot be written; what was there stays.
    """
    target = Path(path)
    forms: dict[str, Callable[[Plain], str]] = {
        ".html": plan_page,
        ".htm": plan_page,
        ".md": as_markdown,
        ".json": as_json,
    }
    form = forms.get(target.suffix.lower())
    if form is None:
        raise InvalidInput(
            f"{target} ends in {target.suffix!r}; a report is written to .html, .htm, .md or .json."
        )
    text = form(plan)
    with new_file(target) as file:
        file.write(text.encode("utf-8", "replace"))


def as_json(plan: Plain) -> str:
    """Give the plan as JSON, without the NaN that JSON has no form for."""
    return json.dumps(plan, allow_nan=False, indent=2) + "\n"


def as_markdown(plan: Plain) -> str:
    """Give the plan as Markdown: what, why, the forecast, the families and all candidates."""
    parts = [
        f"# {_code(plan['spec'])}",
        f"**{summary(plan)}**",
        plan["reason"],
        f"```python\n{recipe(plan)}\n```",
        "## Forecast",
        "\n".join(_forecast(plan)),
    ]
    if plan["families"]:
        parts += [
            "## Families",
            _table(("family", "its best", "what came of it"), map(_family, plan["families"])),
        ]
    shown = list(plan["forecast"])
    heads = ("index", "bytes a vector", *map(measure_name, shown), "queries a second", "verdict")
    parts += ["## Candidates", NOTE, _table(heads, (_candidate(row, shown) for row in plan["table"]))]
    return "\n\n".join(parts) + "\n"


def _forecast(plan: Plain) -> list[str]:
    return [
        f"- {measure_name(measure)}: {found['mean']:.3f}, and from {found['low']:.3f} to {found['high']:.3f} "
        f"({found['level']:.0%}) for the mean over {found['fresh']:,.0f} fresh queries"
        + (f", extrapolated to {plan['rows']:,} rows" if found["extrapolated"] else "")
        for measure, found in plan["forecast"].items()
    ]


def _family(family: Plain) -> list[str]:
    return [
        family["family"],
        _code(family["best"]) if family["best"] else NONE,
        family["why_not"] or "**chosen**",
    ]


def _candidate(row: Plain, shown: Sequence[str]) -> list[str]:
    cells = [
        _code(title_of(row)),
        few(row["bytes_per_vector"]),
        *(quality(row.get(measure)) for measure in shown),
        rate(row["queries_per_second"]),
        "chosen" if row["chosen"] else row["why_not"],
    ]
    return [f"**{cell}**" for cell in cells] if row["chosen"] else cells


def _code(words: str) -> str:
    return f"`{words}`"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(words: str) -> str:
    """Keep words inside their cell."""
    return " ".join(words.replace("|", "\\|").split())
