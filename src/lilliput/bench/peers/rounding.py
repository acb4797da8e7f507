"""Bytes for peers that want them ready made."""

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray


def to_bytes(problem: Problem) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Round base and queries to int8 on one grid, so that distances between them keep their order.

    Parameters
    ----------
    problem:
        Its largest number in magnitude becomes 127.

    Returns
    -------
    base, queries:
        int8 (n, d) and (m, d).
    """
    largest = max(float(np.abs(problem.base).max()), float(np.abs(problem.queries).max()))
    return _rounded(problem.base, 127 / largest), _rounded(problem.queries, 127 / largest)


def _rounded(x: FloatArray, scale: float) -> NDArray[np.int8]:
    rounded: NDArray[np.int8] = np.rint(x * np.float32(scale)).astype(np.int8)
    return rounded


def grid(base: FloatArray, largest: float) -> np.float32:
    """Give the factor that brings the largest number of some rows, in magnitude, to a format's largest.

    Examples
    --------
    >>> float(grid(np.array([[0.5, -2.0]], dtype=np.float32), 127))
    63.5
    """
    most = max(float(base.max()), float(-base.min()))
    return np.float32(largest / most if most > 0 else 1.0)


def on_grid(x: FloatArray, factor: np.float32) -> NDArray[np.int8]:
    """Round numbers to int8 by a factor that was found on other rows; what is beyond goes to the end."""
    rounded: NDArray[np.int8] = np.clip(np.rint(x * factor), -127, 127).astype(np.int8)
    return rounded
