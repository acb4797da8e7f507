"""The nearest other rows of rows, which exact search gives only with the row itself among them."""

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.base import Metric
from lilliput.evaluate.truth import exact_neighbours, exact_scores
from lilliput.io.arrays import FloatArray


def nearest_others(
    X: FloatArray, which: NDArray[np.int64], k: int, metric: Metric, threads: int | None = None
) -> NDArray[np.int64]:
    """Find the k nearest rows of some rows, themselves left out.

    Parameters
    ----------
    X:
        float32 (n, d), at least 2 rows.
    which:
        int64 (m,), the rows that ask.
    k:
        Neighbours a row; at most n - 1 are given.
    metric, threads:
        As for `exact_neighbours`.

    Returns
    -------
    int64 (m, min(k, n - 1))
        Row numbers, nearest first.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
    >>> nearest_others(X, np.arange(3), 1, "l2").tolist()
    [[1], [0], [1]]
    """
    wanted = min(k, len(X) - 1)
    ids = exact_neighbours(X, X[which], wanted + 1, metric, threads=threads, progress=False).ids
    # The row itself goes last; of more equal rows than were asked for it may be missing.
    order = np.argsort(ids == which[:, None], axis=1, kind="stable")
    return np.take_along_axis(ids, order[:, :wanted], axis=1)


def distances(X: FloatArray, Q: FloatArray, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the distances from queries to given rows, float64 (m, r), as sharp as float32 rows allow."""
    return np.sqrt(exact_scores(X, Q, ids, "l2").astype(np.float64))
