"""Whether it matters which measure compares the vectors."""

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.base import Metric
from lilliput.evaluate.diagnostics.finding import Finding, percent
from lilliput.evaluate.diagnostics.neighbours import nearest_others
from lilliput.evaluate.truth import exact_neighbours
from lilliput.io.arrays import FloatArray

NEIGHBOURS = 10
ASKED = 500


def shared(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Give the mean share of ids that two lists of each query have in common.

    Examples
    --------
    >>> shared(np.array([[1, 2]]), np.array([[2, 3]]))
    0.5
    """
    common = (first[:, :, None] == second[:, None, :]).any(axis=2)
    return float(common.mean())


def findings(
    X: FloatArray, queries: FloatArray | None, metric: Metric, unit: bool, threads: int | None
) -> list[Finding]:
    """Say whether cosine, inner product and distance give the same neighbours.

    Parameters
    ----------
    X:
        float32 (n, d), rows as they came.
    queries:
        Real queries; None asks with rows, each without itself.
    metric:
        The measure that is meant.
    unit:
        Whether every row has length 1: then all three agree, for any query.
    threads:
        As for `exact_neighbours`.
    """
    k = min(NEIGHBOURS, len(X) - 1)
    if unit:
        return [
            Finding(
                "cosine_vs_ip",
                "cosine against ip",
                1.0,
                "rows have unit length, so that they agree",
                "It does not matter which is chosen.",
            )
        ]

    def nearest(by: Metric) -> NDArray[np.int64]:
        if queries is None:
            return nearest_others(X, np.arange(min(ASKED, len(X))), k, by, threads)
        return exact_neighbours(X, queries[:ASKED], k, by, threads=threads, progress=False).ids

    by_cosine = nearest("cosine")
    return [
        _compared("ip", shared(by_cosine, nearest("ip")), k, metric),
        _compared("l2", shared(by_cosine, nearest("l2")), k, metric),
    ]


def _compared(other: str, overlap: float, k: int, metric: Metric) -> Finding:
    differ = overlap < 0.9
    return Finding(
        f"cosine_vs_{other}",
        f"cosine against {other}",
        overlap,
        f"they share {percent(overlap)} of the {k} nearest",
        f"They give other answers: use the one that the model was trained for (now {metric})."
        if differ
        else "They give nearly the same answers.",
        "warn" if overlap < 0.5 and metric in ("cosine", other) else "note" if differ else "none",
    )
