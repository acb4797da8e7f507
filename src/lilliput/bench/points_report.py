"""The race of codecs by width, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from lilliput.bench.codec_points import BITS, MARGIN, Point, points, summary
from lilliput.bench.codec_sizes import Pace, paces, speed
from lilliput.bench.entrants import OURS
from lilliput.bench.report import machine, table

Plain = Mapping[str, Any]

EXACT = "f32"
RULES = (
    "A codec stands at the width nearest to its bytes (by ratio), and those are all bytes: codes, factors of "
    "rows, and what all rows share over the number of rows. Each peer has its codec of most recall@10 there, "
    "without re-ranking, ties with the tenth right. Beside it stands the best of ours **in no more bytes "
    f"than the peer's codec takes**. Within {MARGIN} the two are level. The verdict on a point is the one "
    "against the peer that we do least against."
)

SPEEDS = (
    "Of codes of the same bytes, without factors, the fastest of ours and the fastest peer on one thread; "
    "figures of peers that were measured in an earlier run do not count."
)


def markdown(result: Plain) -> str:
    """Write the points of a race: a table of them all, then every peer of each.

    Parameters
    ----------
    result:
        What `Race.run` gave, or what its JSON file holds.
    """
    found = points(result)
    judged = {one["data"]: _exact(one) for one in result["sets"] if one["judged"]}
    look = ", quick look" if result["quick"] else ""
    parts = [
        f"# Recall by width{look}",
        "\n".join(machine(result)),
        RULES,
        _count(found),
        _overview(found, judged),
    ]
    for point in found:
        if point.rivals:
            parts += [f"## {point.data}, {_width(point)}", _rivals(point, judged.get(point.data))]
    parts += ["# Speed by the size of a code", SPEEDS, _speeds(result["sets"])]
    return "\n\n".join(parts) + "\n"


def _exact(one: Plain) -> float | None:
    return next(
        (row["ndcg"] for row in one["contestants"] if (row["library"], row["name"]) == (OURS, EXACT)), None
    )


def _count(found: Sequence[Point]) -> str:
    counts = summary(found)
    not_behind = counts["better"] + counts["level"]
    return (
        f"Of {counts['points']} points we are level or better at **{not_behind}**: better at "
        f"{counts['better']}, level at {counts['level']}, behind at {counts['behind']}."
    )


def _overview(found: Sequence[Point], judged: Mapping[str, float | None]) -> str:
    rows = []
    for point in found:
        rival = point.hardest
        exact = judged.get(point.data)
        cells = [point.data, _width(point), _told(point.best, exact)]
        if rival is None:
            cells += ["–", "–", "–"]
        else:
            cells += [
                f"{rival.theirs['library']}: {_told(rival.theirs, exact)}",
                _told(rival.ours, exact),
                f"{rival.difference:+.4f}",
            ]
        rows.append([*cells, point.verdict])
    columns = (
        "set", "width", "our best", "hardest peer", "our best in its bytes", "difference", "verdict",
    )  # fmt: skip
    return table(columns, rows)


def _rivals(point: Point, exact: float | None) -> str:
    rows = [
        [
            rival.theirs["library"],
            _told(rival.theirs, exact),
            _told(rival.ours, exact),
            f"{rival.difference:+.4f}",
            rival.verdict,
        ]
        for rival in point.rivals
    ]
    return table(("peer", "its best", "our best in its bytes", "difference", "verdict"), rows)


def _speeds(sets: Sequence[Plain]) -> str:
    rows = [
        [one["data"], f"{size:g}", *(_pace(pace) for pace in each)]
        for one in sets
        for size, each in paces(one["contestants"]).items()
    ]
    columns = ("set", "bytes", "vectors encoded/s", "queries/s in a batch", "queries/s one by one")
    return table(columns, rows)


def _pace(pace: Pace) -> str:
    told = [f"{row['name']} {speed(row, pace.work):,.0f}" for row in (pace.ours, pace.theirs)]
    return f"**{pace.ratio:.2f}×**: {told[0]}, {pace.theirs['library']} {told[1]}"


def _width(point: Point) -> str:
    bits = "½" if point.bits == BITS[0] else f"{point.bits:g}"
    least, limit = point.edges
    return f"{bits} bit{'s' if point.bits > 1 else ''} ({least:.0f}–{limit:.0f} bytes)"


def _told(row: Plain | None, exact: float | None) -> str:
    """Write a codec with its recall and bytes, and on a judged set the share of nDCG that it keeps."""
    if row is None:
        return "–"
    kept = f", nDCG {row['ndcg'] / exact:.1%}" if exact and row["ndcg"] is not None else ""
    return f"{row['recall']:.4f} {row['name']} ({row['bytes_per_vector']:,.1f} B{kept})"
