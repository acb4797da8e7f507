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
