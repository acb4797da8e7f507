"""Dimensions that are not like the others: too large, never changing, or with heavy tails."""

import numpy as np
from numpy.typing import NDArray

from lilliput.evaluate.diagnostics.finding import Finding, graded, percent
from lilliput.io.arrays import FloatArray

TIMES_THE_MEDIAN = 3.0
DEVIATIONS = 6.0
NORMAL = 1.4826  # of the median absolute deviation, to be a standard deviation where values are normal
NAMED = 6
BLOCK_ROWS = 2_048


def outlier_dimensions(squares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find dimensions whose size is far beyond that of the rest, the largest first.

    Parameters
    ----------
    squares:
        (d,), the sum of squares of each dimension.

    Returns
    -------
    int64 (any,)
        Those whose root is more than three times the median one and more than six standard deviations above
        it, as the median deviation tells it: a mean would be moved by what it should judge.

    Notes
    -----
    Kovaleva, Kulshreshtha, Rogers and Rumshisky, "BERT busters: outlier dimensions that disrupt
    transformers", Findings of ACL 2021.

    Examples
    --------
    >>> outlier_dimensions(np.array([1.0, 1.1, 90.0, 0.9])).tolist()
    [2]
    """
    sizes = np.sqrt(squares)
    median = float(np.median(sizes))
    deviation = NORMAL * float(np.median(np.abs(sizes - median)))
    far = sizes > max(TIMES_THE_MEDIAN * median, median + DEVIATIONS * deviation)
    return np.asarray(sorted(np.flatnonzero(far).tolist(), key=lambda d: -sizes[d]), dtype=np.int64)


def excess_kurtosis(X: FloatArray) -> NDArray[np.float64]:
    """Give the excess kurtosis of each dimension that changes: 0 where normal, more with heavier tails."""
    mean = X.mean(axis=0, dtype=np.float64)
    second, fourth = np.zeros((2, X.shape[1]))
    for start in range(0, len(X), BLOCK_ROWS):
        apart = np.square(X[start : start + BLOCK_ROWS] - mean)
        second += apart.sum(axis=0)
        fourth += np.square(apart, out=apart).sum(axis=0)
    moving = second > 0
    return np.asarray(len(X) * fourth[moving] / second[moving] ** 2 - 3)


def findings(
    squares: NDArray[np.float64], lowest: FloatArray, highest: FloatArray, sample: FloatArray
) -> list[Finding]:
    """Say which dimensions need care; sizes and bounds are of all rows, tails of the sample."""
    constant = np.flatnonzero(lowest == highest)
    return [_outliers(squares), _constant(constant, len(lowest)), *_tails(excess_kurtosis(sample))]


def _outliers(squares: NDArray[np.float64]) -> Finding:
    found = outlier_dimensions(squares)
    share = float(squares[found].sum() / squares.sum()) if len(found) else 0.0
    return Finding(
        "outlier_dimensions",
        "outlier dimensions",
        float(len(found)),
        f"{len(found)} of {len(squares)} with {percent(share)} of the squared length: {_listed(found)}"
        if len(found)
        else "none",
        "Put clip or rotate before int8, or these few take the steps from all others."
        if len(found)
        else "No dimension takes the steps of int8 from the others.",
        "warn" if len(found) else "none",
    )


def _constant(found: NDArray[np.int64], dim: int) -> Finding:
    return Finding(
        "constant_dimensions",
        "constant dimensions",
        float(len(found)),
        f"{len(found)} of {dim}: {_listed(found)}" if len(found) else "none",
        f"They tell no row from another: pca{max(1, dim - len(found))} leaves them out at no loss."
        if len(found)
        else "Every dimension tells rows apart.",
        graded(len(found) / dim, 1 / dim, 0.1),
    )


def _tails(kurtosis: NDArray[np.float64]) -> list[Finding]:
    if not len(kurtosis):
        return []
    value, largest = float(np.median(kurtosis)), float(kurtosis.max())
    concern = graded(value, 2, np.inf)
    return [
        Finding(
            "kurtosis",
            "kurtosis",
            value,
            f"{value:.2f} in the median dimension, {largest:.1f} at most (a bell curve has 0)",
            "Values are spread evenly enough for steps of equal size."
            if concern == "none"
            else "Few values are far larger than the rest: rotate makes them alike, clip cuts them off.",
            concern,
        )
    ]


def _listed(found: NDArray[np.int64]) -> str:
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(map(str, found[:NAMED].tolist())) + more
