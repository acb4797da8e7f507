"""The race of codecs by width: at 1/2, 1, 2, 4 and 8 bits a number, who keeps most in no more bytes.

A codec is of the width that all its bytes make: codes, factors, and what rows share over their number. Widths
divide at the geometric means between them, so that each codec has one and no byte is given away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lilliput.bench.entrants import OURS

Plain = Mapping[str, Any]
Verdict = Literal["better", "level", "behind"]

SETS = ("minilm-passages", "mnist-784", "cranfield-tokens", "vaswani-npl")
BITS = (0.5, 1.0, 2.0, 4.0, 8.0)
EDGE = 2**0.5  # a width reaches this many times further, to where the next begins
MARGIN = 0.005  # of recall


@dataclass(frozen=True)
class Rival:
    """A peer at one point, and the best of ours that is no larger.

    Attributes
    ----------
    theirs:
        The row of the peer's codec of most recall within the width.
    ours:
        The row of our codec of most recall in no more bytes than that; None if all of ours are larger.
    """

    theirs: Plain
    ours: Plain | None

    @property
    def difference(self) -> float:
        """Our recall less theirs."""
        return float((0.0 if self.ours is None else self.ours["recall"]) - self.theirs["recall"])

    @property
    def verdict(self) -> Verdict:
        """Say who keeps more, by more than `MARGIN`."""
        if abs(self.difference) <= MARGIN:
            return "level"
        return "better" if self.difference > 0 else "behind"


@dataclass(frozen=True)
class Point:
    """One set at one width.

    Attributes
    ----------
    data:
        The set.
    bits:
        A number, about.
    edges:
        Bytes a row that codecs of this width take at least, and stay below.
    best:
        The row of our codec of most recall within the width; None if there is none.
    rivals:
        One for each peer that has a codec within the width.
    """

    data: str
    bits: float
    edges: tuple[float, float]
    best: Plain | None
    rivals: Sequence[Rival]

    @property
    def hardest(self) -> Rival | None:
        """The rival that we do least against."""
        return min(self.rivals, key=lambda rival: rival.difference, default=None)

    @property
    def verdict(self) -> Verdict:
        """The verdict against the hardest rival; without a rival we are better."""
        return "better" if self.hardest is None else self.hardest.verdict


def points(result: Plain) -> list[Point]:
    """Tell a race by width, on those of the four sets that it was run on.

    Parameters
    ----------
    result:
        What `Race.run` gave, or what its JSON file holds.
    """
    raced = {one["data"]: one for one in result["sets"]}
    return [_point(raced[name], bits) for name in SETS if name in raced for bits in BITS]


def best_within(rows: Sequence[Plain], limit: float) -> Plain | None:
    """Give the row of most recall in no more bytes than a limit, of equals the smallest; None without any.

    Examples
    --------
    >>> rows = [{"bytes_per_vector": size, "recall": size / 10} for size in (1, 2, 3)]
    >>> best_within(rows, 2.5)["recall"]
    0.2
    """
    fitting = [row for row in rows if row["bytes_per_vector"] <= limit]
    return max(fitting, key=lambda row: (row["recall"], -row["bytes_per_vector"]), default=None)


def _point(one: Plain, bits: float) -> Point:
    middle = one["dim"] * bits / 8
    edges = (middle / EDGE, middle * EDGE)
    ours = [row for row in one["contestants"] if row["library"] == OURS]
    rivals = []
    for library in sorted({row["library"] for row in one["contestants"]} - {OURS}):
        theirs = _within([row for row in one["contestants"] if row["library"] == library], edges)
        if theirs is not None:
            rivals.append(Rival(theirs, best_within(ours, theirs["bytes_per_vector"])))
    return Point(one["data"], bits, edges, _within(ours, edges), rivals)


def _within(rows: Sequence[Plain], edges: tuple[float, float]) -> Plain | None:
    return best_within([row for row in rows if edges[0] <= row["bytes_per_vector"] < edges[1]], edges[1])


def summary(found: Sequence[Point]) -> dict[str, int]:
    """Count the points by verdict.

    Examples
    --------
    >>> summary([])
    {'points': 0, 'better': 0, 'level': 0, 'behind': 0}
    """
    counts = {
        verdict: sum(point.verdict == verdict for point in found) for verdict in ("better", "level", "behind")
    }
    return {"points": len(found)} | counts
