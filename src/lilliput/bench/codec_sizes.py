"""The race of codecs by the size of a code: who is fastest, of ours and of the peers, on one thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lilliput.bench.entrants import OURS

Plain = Mapping[str, Any]

SAME = 0.01  # codes whose bytes differ by less than this part are the same size
WORK = ("encode", "batch", "single")


@dataclass(frozen=True)
class Pace:
    """One kind of work at one size.

    Attributes
    ----------
    ours, theirs:
        The row of the fastest of ours, and of the fastest peer.
    work:
        One of `WORK`.
    """

    ours: Plain
    theirs: Plain
    work: str

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return speed(self.ours, self.work) / speed(self.theirs, self.work)


def speed(row: Plain, work: str) -> float:
    """Give vectors encoded, or queries answered, in a second of one thread."""
    return float(row["speeds"]["1"][work])


def same_size(row: Plain, other: Plain) -> bool:
    """Say whether the codes of two rows, without factors, take the same bytes.

    Examples
    --------
    >>> same_size({"code_bytes": 48}, {"code_bytes": 48.4})
    True
    """
    return bool(abs(other["code_bytes"] - row["code_bytes"]) <= SAME * row["code_bytes"])


def paces(rows: Sequence[Plain]) -> dict[float, list[Pace]]:
    """Set the fastest of ours beside the fastest peer, by the bytes of a code, where there are both.

    Parameters
    ----------
    rows:
        The contestants of one set, as `Race.run` gives them. Figures of an earlier run do not count.
    """
    ran = [row for row in rows if not row["cached"]]
    found: dict[float, list[Pace]] = {}
    for size in sorted({row["code_bytes"] for row in ran if row["library"] != OURS}):
        equal = [row for row in ran if same_size({"code_bytes": size}, row)]
        ours = [row for row in equal if row["library"] == OURS]
        theirs = [row for row in equal if row["library"] != OURS]
        if ours:
            found[size] = [Pace(_fastest(ours, work), _fastest(theirs, work), work) for work in WORK]
    return found


def _fastest(rows: Sequence[Plain], work: str) -> Plain:
    return max(rows, key=lambda row: speed(row, work))
