"""Rows of numbers from -7 to 7, a nibble each, and their scores by exact integer sums."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lilliput.reference import int8
from lilliput.reference.dense import Floats
from lilliput.reference.int8 import Int8Rows

LEVELS = 7
RUN = 128


def runs(dim: int) -> Iterator[tuple[int, int, int]]:
    """Give the first dimension of each run, the first that lies in high nibbles, and the end."""
    for first in range(0, dim, RUN):
        end = min(first + RUN, dim)
        yield first, first + (end - first + 1) // 2, end


def encode(X: Floats, with_beta: bool, scaled: bool = True) -> Int8Rows:
    """Quantise rows to 15 levels; 8 more than each lies in a nibble."""
    codes, alpha, beta = int8.encode(X, with_beta, scaled, LEVELS)
    wide = codes.view(np.int8).astype(np.uint8) + np.uint8(8)
    parts = []
    for first, high, end in runs(X.shape[1]):
        above = np.full((len(X), high - first), 8, np.uint8)
        above[:, : end - high] = wide[:, high:end]
        parts.append((wide[:, first:high] & 15) | above << 4)
    return Int8Rows(np.concatenate(parts, axis=1), alpha, beta)


def numbers(rows: NDArray[np.uint8], dim: int) -> NDArray[np.int8]:
    """Take the nibbles apart."""
    parts, at = [], 0
    for first, high, end in runs(dim):
        part = rows[:, at : at + high - first].astype(np.int8)
        parts += [(part & 15) - 8, (part[:, : end - high] >> 4 & 15) - 8]
        at += high - first
    return np.concatenate(parts, axis=1).astype(np.int8)


def scores(
    rows: NDArray[np.uint8],
    queries: Floats,
    bias: Floats,
    alpha: Floats | None = None,
    beta: Floats | None = None,
    shift: Floats | None = None,
) -> Floats:
    """Score every query, quantised to 255 levels, against every row."""
    return int8.scores(numbers(rows, queries.shape[1]).view(np.uint8), queries, bias, alpha, beta, shift)
