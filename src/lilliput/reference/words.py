"""Rows of word numbers: their scores by exact integer sums, and the nearest word of each part."""

import numpy as np
from numpy.typing import NDArray

from lilliput.reference.dense import Floats
from lilliput.reference.int8 import LEVELS, quantise

Words = NDArray[np.int8]


def numbers(rows: NDArray[np.uint8], parts: int, bits: int) -> NDArray[np.intp]:
    """Give the word number of each part: a byte, or half a byte with even parts low."""
    if bits == 4:
        rows = np.stack([rows & 15, rows >> 4], axis=2).reshape(len(rows), -1)
    return rows[:, :parts].astype(np.intp)


def pack(found: NDArray[np.intp], bits: int) -> NDArray[np.uint8]:
    """Write word numbers as rows."""
    if bits == 8:
        return found.astype(np.uint8)
    padded = np.pad(found, ((0, 0), (0, found.shape[1] % 2))).astype(np.uint8)
    return padded[:, ::2] | np.left_shift(padded[:, 1::2], np.uint8(4))


def scores(
    found: NDArray[np.intp],
    words: Words,
    queries: Floats,
    bias: Floats,
    norms: NDArray[np.int32] | None = None,
    unit: float = 1.0,
    squares: tuple[float, float] | None = None,
    *,
    summed: bool = False,
) -> Floats:
    """Score every query, quantised to 255 levels, against every row of word numbers (n, parts).

    With `squares`, which are those of the shortest and the longest row, norms add up to squared lengths and
    scores are divided by lengths. Where words are `summed`, each is as wide as the query.
    """
    parts = np.arange(len(words))
    chosen = words[parts, found].astype(np.int64)
    decoded = chosen.sum(axis=1) if summed else chosen.reshape(len(found), -1)
    codes, step = quantise(queries, LEVELS)
    dots = (codes.astype(np.int64) @ decoded.T).astype(np.float32)
    own = np.zeros(len(found), np.float32)
    if norms is not None:
        own = norms[parts, found].sum(axis=1).astype(np.float32) * np.float32(unit)
    if squares is not None:
        return dots * (step[:, None] * (np.float32(1) / lengths(own, *squares))) + bias[:, None]
    return dots * step[:, None] + own + bias[:, None]


def lengths(squared: Floats, least: float, most: float) -> Floats:
    """Give roots of squares, held above that of `least`; beyond `most` goes the line through both ends."""
    ends = np.array([least, most], np.float32)
    shortest, longest = np.sqrt(ends.astype(np.float64))
    slope = 1 / (shortest + longest)
    line = np.float32(shortest * longest * slope) + np.float32(slope) * squared
    return np.where(squared > ends[1], line, np.sqrt(np.maximum(squared, ends[0])))


def nearest(X: Floats, words: Words, mean: Floats, step: Floats) -> NDArray[np.intp]:
    """Find the number of each part's nearest word, in float64; the kernels may take another of equals."""
    parts, _, width = words.shape
    padded = np.pad(X.astype(np.float64), ((0, 0), (0, parts * width - X.shape[1]))) - mean
    vectors = padded.reshape(len(X), parts, 1, width)
    distance = np.square(vectors - words * step[:, None, None].astype(np.float64)).sum(axis=3)
    found: NDArray[np.intp] = distance.argmin(axis=2)
    return found
