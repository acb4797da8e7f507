"""Effort against recall, measured: what `recall=` is looked up in."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.index.effort import Effort
from lilliput.index.ids import IdArray
from lilliput.index.watch import DEPTH, Watch

KS = (1, 10, 100)
LEAST_QUERIES = 20
ONE_SIDED_95 = 1.645
TIE = 2e-6  # of the k-th true score's size: what float32 sums may differ by

FoundAtEffort = Callable[[Sequence[int]], Iterable[tuple[int, Effort, IdArray]]]


@dataclass(frozen=True)
class Point:
    """What one effort reaches for one k.

    Attributes
    ----------
    recall:
        Mean tie-aware recall@k over the calibration queries.
    low:
        Its one-sided 95 % lower bound.
    """

    k: int
    effort: Effort
    recall: float
    low: float


@dataclass(frozen=True)
class Calibration:
    """Points by k and rising effort, for a set of `rows` rows."""

    rows: int
    points: tuple[Point, ...]

    def choose(self, k: int, target: float) -> Point | None:
        """Give the least effort whose lower bound reaches the target; else the one with the best recall.

        Other k than those measured take the nearest above, or the largest. None: nothing was measured.
        """
        measured = sorted({point.k for point in self.points})
        if not measured:
            return None
        nearest = next((have for have in measured if have >= k), measured[-1])
        curve = [point for point in self.points if point.k == nearest]
        enough = (point for point in curve if point.low >= target)
        return next(enough, max(curve, key=lambda point: point.recall))

    def stale(self, rows: int) -> bool:
        """Say whether the set has changed by a fifth since."""
        return abs(rows - self.rows) > 0.2 * self.rows

    def to_json(self) -> dict[str, Any]:
        """Give plain values for a manifest."""
        return {"rows": self.rows, "points": [asdict(point) for point in self.points]}

    @classmethod
    def from_json(cls, value: Any) -> "Calibration":
        """Take what `to_json` gave; TypeError, KeyError or ValueError where it is something else."""
        points = tuple(
            Point(int(p["k"]), Effort(float(p["effort"]["refine"])), float(p["recall"]), float(p["low"]))
            for p in value["points"]
        )
        if not all(math.isfinite(n) for p in points for n in (p.recall, p.low, p.effort.refine)):
            raise ValueError("a point of the calibration is no number")
        return cls(int(value["rows"]), points)


def calibrate(watch: Watch, ks: Sequence[int], found: FoundAtEffort, rows: int) -> Calibration:
    """Measure recall of the original vectors' neighbours, for each k at rising effort.

    A query counts for a k when at least k true neighbours are known for it. A k stops at the effort that
    finds everything.

    Parameters
    ----------
    watch:
        The queries and their true neighbours.
    ks:
        Numbers of results; those above 128 are left out.
    found:
        From numbers of results, gives (number, effort, ids (m, number)) by number and rising effort.
    rows:
        How many rows the set has.
    """
    extra = 1 if watch.own else 0
    judged = {k: np.flatnonzero(watch.ids[:, k - 1] >= 0) for k in sorted(set(ks)) if k <= DEPTH}
    wanted = [k for k in judged if len(judged[k]) >= LEAST_QUERIES]
    points: list[Point] = []
    for wide, effort, ids in found([k + extra for k in wanted]) if wanted else ():
        k = wide - extra
        if points and points[-1].k == k and points[-1].recall >= 1.0:
            continue
        recall = _recall(watch, ids, k)[judged[k]]
        mean, spread = float(recall.mean()), float(recall.std(ddof=1)) / math.sqrt(len(recall))
        points.append(Point(k, Effort(effort.refine * wide / k), mean, mean - ONE_SIDED_95 * spread))
    return Calibration(rows, tuple(points))


def _recall(watch: Watch, found: IdArray, k: int) -> NDArray[np.float64]:
    """Give the part of each query's k results that are true, ties with the k-th included."""
    found = _without_selves(found, watch.selves)[:, :k]
    kth = watch.scores[:, k - 1 : k]
    good = (watch.scores >= kth - TIE * np.maximum(np.abs(kth), 1e-30)) & (watch.ids >= 0)
    true = np.where(good, watch.ids, -2)
    hits = np.zeros(len(found))
    for column in range(found.shape[1]):
        hits += (true == found[:, column : column + 1]).any(axis=1)
    return np.minimum(hits, k) / k


def _without_selves(found: IdArray, selves: IdArray) -> IdArray:
    """Move each query's own row behind the others."""
    itself = (found == selves[:, None]) & (found >= 0)
    return np.take_along_axis(found, np.argsort(itself, axis=1, kind="stable"), 1)
