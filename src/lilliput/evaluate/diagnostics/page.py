"""A diagnosis as a page: text for a terminal, Markdown for a file."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 100
MARKS = {"warn": "!!", "note": " !", "none": "  "}

Plain = Mapping[str, Any]


def as_text(diagnosis: Plain) -> str:
    """Give the page as plain text, what needs care first."""
    findings = diagnosis["findings"]
    width = max((len(finding["name"]) for finding in findings), default=0)
    lines = textwrap.wrap(summary(diagnosis), WIDTH)
    for title, part in parts(findings):
        lines += ["", title, ""]
        for finding in part:
            head = f"{MARKS[finding['concern']]} {finding['name']:<{width}}  "
            lines += _wrapped(finding["text"], head)
            lines += _wrapped(finding["meaning"], " " * len(head))
    return "\n".join([*lines, "", spectrum(diagnosis)])


def as_markdown(diagnosis: Plain) -> str:
    """Give the page as Markdown."""
    lines = ["# Diagnosis", "", summary(diagnosis)]
    for title, part in parts(diagnosis["findings"]):
        lines += ["", f"## {title}", "", "| what | found | so |", "|---|---|---|"]
        lines += [f"| {x['name']} | {x['text']} | {x['meaning']} |" for x in part]
    return "\n".join([*lines, "", spectrum(diagnosis), ""])


def summary(diagnosis: Plain) -> str:
    """Say what was looked at."""
    rows, sample = diagnosis["rows"], diagnosis["sample"]
    looked = (
        "All of them were looked at closely."
        if sample == rows
        else f"Lengths, dimensions and equal rows are those of all; the rest is of a sample of {sample:,}."
    )
    return f"{rows:,} vectors of {diagnosis['dim']} dimensions, compared by {diagnosis['metric']}. {looked}"


def parts(findings: Sequence[Plain]) -> list[tuple[str, list[Plain]]]:
    """Part the findings in those that need care, the gravest first, and the others."""
    care = [x for concern in ("warn", "note") for x in findings if x["concern"] == concern]
    fine = [x for x in findings if x["concern"] == "none"]
    return [(title, part) for title, part in (("What to look at", care), ("What is in order", fine)) if part]


def _wrapped(text: str, head: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def spectrum(diagnosis: Plain) -> str:
    """Say how much variance the first directions hold."""
    shares = ", ".join(f"{count}: {100 * share:.0f} %" for count, share in diagnosis["spectrum"])
    return f"Variance in the first directions: {shares}."
