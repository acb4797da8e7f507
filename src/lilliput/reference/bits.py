"""Rows of signs, eight to a byte, and their scores against queries of 15 levels."""

import numpy as np
from numpy.typing import NDArray

from lilliput.reference.dense import Floats
from lilliput.reference.int8 import quantise, scores_of_dots

QUERY_LEVELS = 7


def encode(X: Floats) -> NDArray[np.uint8]:
    """Set bit j % 8 of byte j // 8 where x_j > 0."""
    return np.packbits(X > 0, axis=1, bitorder="little")


def decode(rows: NDArray[np.uint8], dim: int) -> NDArray[np.int8]:
    """Give +1 where a bit is set and -1 where it is not."""
    bits = np.unpackbits(rows, axis=1, count=dim, bitorder="little")
    return (2 * bits.astype(np.int8) - 1).astype(np.int8)


def scores(
    rows: NDArray[np.uint8],
    queries: Floats,
    bias: Floats,
    alpha: Floats | None = None,
    beta: Floats | None = None,
    shift: Floats | None = None,
) -> Floats:
    """Score every query, quantised to 15 levels, against every row."""
    grid = quantise(queries, QUERY_LEVELS)
    dots = grid.codes.astype(np.int64) @ decode(rows, queries.shape[1]).astype(np.int64).T
    return scores_of_dots(dots, grid, bias, alpha, beta, shift)
