"""Claims and what was found, as Markdown."""

from collections.abc import Mapping
from typing import Any

from lilliput.bench.report import machine, table

Plain = Mapping[str, Any]

METHOD = (
    "Judged sets are measured by nDCG@10 with people's judgments, the others by recall@10 against the exact "
    "neighbours, as nobody judged them; recall is the stricter of the two and not what the papers measured, "
    "so that verdicts by it say so. Nothing is re-ranked. Differences are the first codec minus the "
    "second, over the same queries, with the bootstrap interval (95 %) and the p-value of a paired "
    "randomisation test; a claim that one is better holds where p < 0.05, and of losses the whole interval "
    "has to lie below the limit. Losses are relative to exact search over floats. Codecs that draw by chance "
    "are averaged over five seeds. No p-value is corrected for the number of tests."
)


def markdown(result: Plain) -> str:
    """Write what `run` gave as tables.

    Parameters
    ----------
    result:
        What `run` gave, or what its JSON file holds.
    """
    parts = ["# Published claims, tested", "\n".join(machine(result)), METHOD]
    parts += [f"Not tested: {sentence}" for sentence in result["missing"]]
    rows = result["claims"]
    parts += ["## In short", _summary(rows)]
    for text, source in result["sources"].items():
        parts.append(f"## {text}" + (f"\n\nSaid by {source}." if source else ""))
        parts.append(_claim([row for row in rows if row["claim"] == text]))
    return "\n\n".join(parts) + "\n"


def _summary(rows: list[Plain]) -> str:
    lines = []
    for claim, first, second in dict.fromkeys((row["claim"], row["first"], row["second"]) for row in rows):
        of_pair = [
            row for row in rows if (row["claim"], row["first"], row["second"]) == (claim, first, second)
        ]
        for verdict in dict.fromkeys(row["verdict"] for row in of_pair):
            sets = ", ".join(row["set"] for row in of_pair if row["verdict"] == verdict)
            lines.append((claim, f"{first} / {second}", sets, verdict))
    return table(("claim", "codecs", "sets", "holds?"), lines)


def _claim(rows: list[Plain]) -> str:
    columns = ("set", "measure", "queries", "first", "second", "floats", "found", "difference", "p", "holds?")
    cells = []
    for row in rows:
        head = (row["set"], row["measure"], f"{row['queries']:,}")
        if "why" in row:
            cells.append((*head, row["first"], row["second"], "", row["why"], "", "", row["verdict"]))
            continue
        cells.append(
            (
                *head,
                f"{row['first']} {row['first_mean']:.4f}",
                f"{row['second']} {row['second_mean']:.4f}",
                f"{row['exact_mean']:.4f}",
                _found(row),
                f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]",
                f"{row['p_value']:.3g}",
                row["verdict"],
            )
        )
    return table(columns, cells)


def _found(row: Plain) -> str:
    """Say in percent of exact search what each lost."""
    exact = row["exact_mean"]
    if exact == 0:
        return ""
    if "loss" in row:
        return f"loses {row['loss']:+.2%} [{row['loss_low']:+.2%}, {row['loss_high']:+.2%}]"
    first, second = (1 - row[f"{which}_mean"] / exact for which in ("first", "second"))
    return f"losses {first:+.2%} and {second:+.2%}"
