"""The race of codecs as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from lilliput.bench.codec_sizes import WORK, same_size, speed
from lilliput.bench.entrants import OURS
from lilliput.bench.report import machine, table

Plain = Mapping[str, Any]

RULES = (
    "Recall@10 and nDCG@10 are those of the codes alone, without re-ranking; recall is against the exact "
    "neighbours of the original vectors, and a tie with the tenth is right. Bytes are all bytes: codes, "
    "factors of rows, and what all rows share over the number of rows. Speeds are medians of runs in turns; "
    "one thread is told by processor time, more by the clock. Figures marked * were measured in an earlier "
    "run on this machine: no ratio is taken with them."
)


def markdown(result: Plain, *, plots: bool = False) -> str:
    """Write the result of a race as tables.

    Parameters
    ----------
    result:
        What `Race.run` gave, or what its JSON file holds.
    plots:
        Whether to show the plots that lie beside the page.
    """
    parts = [_head(result)]
    for one in result["sets"]:
        parts.append(_set_head(one))
        if plots:
            parts.append(f"![{one['data']}: recall, encoding and scanning](bench-codecs-{one['data']}.svg)")
        parts += [_figures(one, result["threads"]), _front(one, list(result["peers"]))]
        parts += _notes(one, result["peers"])
    return "\n\n".join(parts) + "\n"


def _head(result: Plain) -> str:
    look = ", quick look" if result["quick"] else ""
    lines = [f"# Codecs without re-ranking{look}", "", *machine(result), "", RULES]
    missing = [name for name, version in result["peers"].items() if version is None]
    if missing:
        lines += ["", f"Not installed: {', '.join(missing)} (`pip install {' '.join(missing)}`)."]
    lines += [f"Not raced: {sentence}" for sentence in result["missing"]]
    if "seconds" in result:
        lines += ["", f"The race took {result['seconds'] / 60:.1f} minutes."]
    return "\n".join(lines)


def _set_head(one: Plain) -> str:
    judged = ", judged" if one["judged"] else ""
    size = f"{one['rows']:,} × {one['dim']}"
    return f"## {one['data']}: {size}, {one['metric']}, {one['queries']:,} queries{judged}"


def _figures(one: Plain, threads: Sequence[int]) -> str:
    counts = [str(count) for count in threads]
    each = " / ".join(counts) + (" threads" if counts[-1] != "1" else " thread")
    columns = [
        "library", "codec", "bytes", "code + factors + shared", "recall@10", "nDCG@10", "training s",
        f"encoded/s, {each}", f"queries/s in a batch, {each}", f"queries/s one by one, {each}",
        "× fastest peer of this size, one thread: encode, batch, single",
    ]  # fmt: skip
    if not one["judged"]:
        columns.remove("nDCG@10")
    rows = []
    for row in one["contestants"]:
        cells = [
            row["library"] + ("*" if row["cached"] else ""),
            row["name"],
            f"{row['bytes_per_vector']:,.1f}",
            f"{row['code_bytes']:g} + {row['factor_bytes']:g} + {row['shared_bytes'] / one['rows']:.1f}",
            f"{row['recall']:.4f}",
            f"{row['ndcg']:.4f}" if one["judged"] else None,
            f"{row['train_seconds']:.2f}",
            *(
                " / ".join(f"{row['speeds'][count][what]:,.0f}" for count in counts)
                for what in ("encode", "batch", "single")
            ),
            _ratios(row, one["contestants"]),
        ]
        rows.append([cell for cell in cells if cell is not None])
    return table(columns, rows)


def _ratios(row: Plain, rows: Sequence[Plain]) -> str:
    """Compare one of ours with the fastest peer that has codes of the same size and ran beside it."""
    if row["library"] != OURS:
        return ""
    peers = [row for row in rows if row["library"] != OURS and not row["cached"]]
    peers = [other for other in peers if same_size(row, other)]
    if not peers:
        return ""
    return ", ".join(f"{speed(row, work) / max(speed(other, work) for other in peers):.2f}" for work in WORK)


def best_front(rows: Sequence[Plain], measure: str) -> list[Plain]:
    """Keep the rows that no other beats at no more bytes, fewest bytes first.

    Examples
    --------
    >>> rows = [{"bytes_per_vector": 2, "recall": 0.5}, {"bytes_per_vector": 3, "recall": 0.4}]
    >>> len(best_front(rows, "recall"))
    1
    """
    kept: list[Plain] = []
    for row in sorted(rows, key=lambda row: (row["bytes_per_vector"], -row[measure])):
        if not kept or row[measure] > kept[-1][measure]:
            kept.append(row)
    return kept


def _front(one: Plain, peers: Sequence[str]) -> str:
    """Show what each library reaches at no more bytes than each of our best codes."""
    ours = best_front([row for row in one["contestants"] if row["library"] == OURS], "recall")
    there = [name for name in peers if any(row["library"] == name for row in one["contestants"])]
    rows = []
    for mine in ours:
        cells = [f"{mine['bytes_per_vector']:,.1f}", f"{mine['recall']:.4f} {mine['name']}"]
        for peer in there:
            within = [
                row
                for row in one["contestants"]
                if row["library"] == peer and row["bytes_per_vector"] <= mine["bytes_per_vector"]
            ]
            best = max(within, key=lambda row: row["recall"], default=None)
            cells.append("–" if best is None else f"{best['recall']:.4f} {best['name']}")
        rows.append(cells)
    heading = "Our best codes, and the best of each peer at no more bytes (recall@10):"
    return f"{heading}\n\n{table(('bytes', OURS, *there), rows)}"


def _notes(one: Plain, peers: Mapping[str, str | None]) -> list[str]:
    notes: dict[str, list[str]] = {}
    for row in one["contestants"]:
        if row["note"]:
            notes.setdefault(f"{row['library']}: {row['note']}", []).append(row["name"])
    lines = [f"- {note} ({', '.join(names)})." for note, names in sorted(notes.items())]
    raced = {row["library"] for row in one["contestants"]} | {each["library"] for each in one["failed"]}
    lines += [
        f"- {name}: none of its codecs takes vectors of {one['dim']} numbers under {one['metric']}."
        for name, version in peers.items()
        if version is not None and name not in raced
    ]
    lines += [f"- {each['library']}: {each['name']} refused: {each['why']}" for each in one["failed"]]
    return ["\n".join(lines)] if lines else []
