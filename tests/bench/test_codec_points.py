"""The race by width: whose codec stands where, against which of ours, and how it is told."""

from itertools import pairwise
from typing import Any

import pytest

from lilliput.bench.codec_points import BITS, EDGE, MARGIN, SETS, Rival, best_within, points, summary
from lilliput.bench.codec_sizes import WORK, paces
from lilliput.bench.points_report import markdown

DIM = 64  # one bit a number is 8 bytes


def row(library: str, name: str, size: float, recall: float, ndcg: float | None = None) -> dict[str, Any]:
    """A contestant of a race, who takes a second for each byte of a code."""
    speeds = {"1": dict.fromkeys(WORK, 1 / size)}
    found = {"library": library, "name": name, "bytes_per_vector": size, "recall": recall, "ndcg": ndcg}
    return found | {"code_bytes": size, "speeds": speeds, "cached": False}


def race(*contestants: dict[str, Any], data: str = SETS[0], judged: bool = False) -> dict[str, Any]:
    """The result of a race on one set."""
    hardware = {
        "cpu": "a machine", "family_model_stepping": "1/2/3", "flags": ["avx2"], "cpus": 2,
        "memory_bytes": None, "load": [0.0, 0.0, 0.0], "system": "Linux", "python": "3.11", "numpy": "2",
        "lilliput": "0",
    }  # fmt: skip
    one = {"data": data, "dim": DIM, "rows": 1_000, "judged": judged, "contestants": list(contestants)}
    return {"quick": False, "hardware": hardware, "peers": {"peer": "1"}, "sets": [one]}


def point_of(result: dict[str, Any], bits: float) -> Any:
    """The point of a width."""
    return next(point for point in points(result) if point.bits == bits)


def test_a_codec_has_one_width() -> None:
    """Widths touch at the geometric means: what leaves one enters the next."""
    found = points(race())

    assert list(BITS) == [point.bits for point in found]
    for narrow, wide in pairwise(found):
        assert narrow.edges[1] == pytest.approx(wide.edges[0])
        assert narrow.edges[1] == pytest.approx(DIM / 8 * (narrow.bits * wide.bits) ** 0.5)
    edge = DIM / 8 * EDGE
    result = race(row("peer", "below", edge - 0.01, 0.5), row("peer", "above", edge + 0.01, 0.6))
    assert "below" == point_of(result, 1.0).rivals[0].theirs["name"]
    assert "above" == point_of(result, 2.0).rivals[0].theirs["name"]


def test_a_peer_stands_with_the_codec_of_most_recall() -> None:
    """However small another is; of equals the smaller."""
    result = race(row("peer", "small", 6, 0.5), row("peer", "wide", 10, 0.7), row("peer", "good", 9, 0.7))

    assert ["good"] == [rival.theirs["name"] for rival in point_of(result, 1.0).rivals]


def test_ours_takes_no_more_bytes_than_the_peer() -> None:
    """One that is larger does not count, though it is of the width; one of a narrower width does."""
    contestants = [row("lilliput", "tiny", 2, 0.4), row("lilliput", "large", 10, 0.9)]

    rival = point_of(race(row("peer", "its", 9, 0.5), *contestants), 1.0).rivals[0]
    equal = point_of(race(row("peer", "its", 10, 0.5), *contestants), 1.0).rivals[0]

    assert ("tiny", "behind") == (rival.ours["name"], rival.verdict)
    assert ("large", "better") == (equal.ours["name"], equal.verdict)


@pytest.mark.parametrize(
    ("margins", "verdict"),
    [(1.1, "better"), (0.9, "level"), (0.0, "level"), (-0.9, "level"), (-1.1, "behind")],
)
def test_level_is_within_the_margin(margins: float, verdict: str) -> None:
    """On either side."""
    ours = row("lilliput", "ours", 8, 0.5 + margins * MARGIN)

    assert verdict == Rival(row("peer", "its", 8, 0.5), ours).verdict


def test_without_a_codec_small_enough_we_are_behind() -> None:
    """By all that the peer finds."""
    rival = Rival(row("peer", "its", 8, 0.5), None)

    assert (-0.5, "behind") == (rival.difference, rival.verdict)


def test_a_point_is_judged_by_the_hardest_peer() -> None:
    """Better against one and behind another is behind; without any peer it is better."""
    ours = row("lilliput", "ours", 8, 0.6)
    both = point_of(race(ours, row("easy", "its", 8, 0.4), row("hard", "its", 8, 0.7)), 1.0)

    assert ("hard", "behind") == (both.hardest.theirs["library"], both.verdict)
    alone = point_of(race(ours), 1.0)
    assert (None, "better", "ours") == (alone.hardest, alone.verdict, alone.best["name"])


def test_only_the_sets_of_the_points_are_told() -> None:
    """Others that were raced have tables elsewhere."""
    assert [] == points(race(row("peer", "its", 8, 0.5), data="cisi"))


def test_points_are_counted_by_verdict() -> None:
    """They add up."""
    result = race(row("lilliput", "ours", 8, 0.6), row("peer", "one", 8, 0.6), row("peer", "two", 16, 0.9))

    assert {"points": 5, "better": 3, "level": 1, "behind": 1} == summary(points(result))


def test_best_within_prefers_the_smaller_of_equals() -> None:
    """And gives none where nothing fits."""
    rows = [row("a", "large", 9, 0.5), row("a", "small", 8, 0.5)]

    assert "small" == best_within(rows, 10)["name"]  # type: ignore[index]
    assert best_within(rows, 7) is None


def test_the_page_tells_every_point_and_peer() -> None:
    """Tables are rectangular; on judged sets each codec comes with the nDCG that it keeps."""
    result = race(
        row("lilliput", "f32", 256, 1.0, 0.5),
        row("lilliput", "ours", 8, 0.6, 0.45),
        row("peer", "its", 8, 0.55, 0.4),
        row("other", "its", 8, 0.3, 0.25),
        judged=True,
    )

    text = markdown(result)

    assert "level or better at **5**: better at 5, level at 0, behind at 0" in text
    assert "| 0.6000 ours (8.0 B, nDCG 90.0%) | peer: 0.5500 its (8.0 B, nDCG 80.0%) |" in text
    assert (
        "| other | 0.3000 its (8.0 B, nDCG 50.0%) | 0.6000 ours (8.0 B, nDCG 90.0%) | +0.3000 | better |"
        in text
    )
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_the_fastest_of_a_size_meet() -> None:
    """On each kind of work; sizes that only one side has, and figures of an earlier run, do not count."""
    slow, fast = row("lilliput", "slow", 8, 0.5), row("lilliput", "fast", 8, 0.4)
    fast["speeds"] = {"1": {"encode": 1.0, "batch": 0.1, "single": 2.0}}
    peer, known = row("peer", "its", 8.05, 0.3), row("peer", "known", 8, 0.3) | {"cached": True}
    known["speeds"] = {"1": dict.fromkeys(WORK, 9.0)}

    found = paces([slow, fast, peer, known, row("peer", "alone", 20, 0.9)])

    (pair,) = found.values()
    assert ["fast", "slow", "fast"] == [pace.ours["name"] for pace in pair]
    assert ["its"] * 3 == [pace.theirs["name"] for pace in pair]
    assert [8.05, 8.05 / 8, 16.1] == pytest.approx([pace.ratio for pace in pair])
    assert "fast 1, peer its 0" in markdown(race(fast, peer))
