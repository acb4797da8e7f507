"""A plan as a page: one file, no script, nothing loaded from elsewhere."""

import html
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lilliput.errors import InvalidInput
from lilliput.io.files import explained

HEADINGS = ("index", "refine", "bytes a vector", "recall@10", "nDCG@10", "queries a second", "verdict")
STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}th,td{text-align:left;padding:.2em .8em;border-bottom:1px solid #ccc}"
    "tr.chosen{font-weight:bold;background:#eef6ee}"
)
NOTE = "The table holds what the queries that chose found; the forecast is from queries that did not choose."

Plain = Mapping[str, Any]


def write_report(path: str | os.PathLike[str], plan: Plain) -> None:
    """Write what `Plan.to_dict` gave.

    Raises
    ------
    InvalidInput
        For a suffix other than .html, .htm and .md.
    FileError
        When the file cannot be written.
    """
    target = Path(path)
    pages: dict[str, Callable[[Plain], str]] = {".html": as_html, ".htm": as_html, ".md": as_markdown}
    page = pages.get(target.suffix.lower())
    if page is None:
        raise InvalidInput(f"{target} ends in {target.suffix!r}; a report is written to .html or .md.")
    with explained("written", target):
        target.write_text(page(plan), encoding="utf-8")


def as_markdown(plan: Plain) -> str:
    """Give the page as Markdown."""
    lines = [f"# `{plan['spec']}`", "", plan["reason"], ""]
    lines += [f"- {line}" for line in _forecast(plan)]
    lines += ["", NOTE, "", _line(HEADINGS), _line(["---"] * len(HEADINGS))]
    for row in plan["table"]:
        cells = [f"`{row['spec']}`".replace("|", "\\|"), *_cells(row)[1:]]
        lines.append(_line([f"**{cell}**" for cell in cells] if row["chosen"] else cells))
    return "\n".join(lines) + "\n"


def as_html(plan: Plain) -> str:
    """Give the page as HTML."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in HEADINGS)
    rows = "\n".join(
        f"<tr{' class=chosen' if row['chosen'] else ''}>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(row))
        + "</tr>"
        for row in plan["table"]
    )
    forecast = "".join(f"<li>{html.escape(line)}</li>" for line in _forecast(plan))
    title = html.escape(plan["spec"])
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{html.escape(plan['reason'])}</p>\n"
        f"<ul>{forecast}</ul>\n<p>{NOTE}</p>\n<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n"
        "</tbody></table>\n</body></html>\n"
    )


def _forecast(plan: Plain) -> list[str]:
    return [
        f"{measure}: {found['mean']:.3f}, and from {found['low']:.3f} to {found['high']:.3f} "
        f"({found['level']:.0%}) for the mean over {found['fresh']:,} fresh queries"
        for measure, found in plan["forecast"].items()
    ]


def _cells(row: Plain) -> list[str]:
    speed = row["queries_per_second"]
    return [
        row["spec"],
        "" if row["refine"] is None else str(row["refine"]),
        f"{row['bytes_per_vector']:,.2f}",
        _interval(row["recall@10"]),
        _interval(row["ndcg@10"]),
        "" if speed is None else f"{speed:,.0f}",
        "chosen" if row["chosen"] else row["why_not"],
    ]


def _interval(found: Mapping[str, float] | None) -> str:
    return "" if found is None else f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
