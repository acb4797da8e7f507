"""Word vectors from counts: which words stand near which, more often than chance would have it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

PAIRS_AT_ONCE = 4 * 2**20
OVERSAMPLING = 16
POWER_STEPS = 2
SMALL_MATRIX = 512
RIDGE = 1e-12


class Nearness(NamedTuple):
    """How often pairs of words stand near each other.

    Attributes
    ----------
    low, high:
        int64 (pairs,), word numbers with low <= high; sorted by high, then low.
    counts:
        int64 (pairs,).
    totals:
        float64 (words,), how often each word stands near any.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    counts: NDArray[np.int64]
    totals: NDArray[np.float64]


def nearness(
    words: NDArray[np.int64], offsets: NDArray[np.int64], size: int, core: int, window: int
) -> Nearness:
    """Count pairs of words at most `window` apart in the same text.

    Parameters
    ----------
    words, offsets:
        Tokens, numbered so that the commonest word is 0.
    size:
        How many word numbers there are.
    core:
        Pairs of two words from this number on are left out: they are many and say little.
    window:
        The largest distance.

    Returns
    -------
    Nearness
    """
    texts = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    totals = np.zeros(size)
    keys, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    waiting: list[NDArray[np.int64]] = []
    for distance in range(1, min(window, len(words) - 1) + 1):
        same = texts[:-distance] == texts[distance:]
        left, right = words[:-distance][same], words[distance:][same]
        totals += np.bincount(left, minlength=size) + np.bincount(right, minlength=size)
        low, high = np.minimum(left, right), np.maximum(left, right)
        kept = low < core
        waiting.append(high[kept] * core + low[kept])
        if sum(map(len, waiting)) > PAIRS_AT_ONCE:
            keys, counts = _added(keys, counts, waiting)
            waiting = []
    keys, counts = _added(keys, counts, waiting)
    return Nearness(keys % core, keys // core, counts, totals)


def ppmi(near: Nearness) -> FloatArray:
    """Turn counts into positive pointwise mutual information, smoothed for rare contexts.

    Both sides are smoothed alike by the power 0.75, half each, which keeps the matrix symmetric. After Levy
    and Goldberg, "Neural word embedding as implicit matrix factorization", NIPS 2014, and Levy, Goldberg and
    Dagan, "Improving distributional similarity with lessons learned from word embeddings", TACL 2015.

    Parameters
    ----------
    near:
        Counts of pairs.

    Returns
    -------
    float32 (pairs,)
        0 where a pair is no commoner than chance.
    """
    with np.errstate(divide="ignore"):
        plain = np.log(near.totals)
    smoothed = 0.75 * plain - np.log(np.sum(near.totals**0.75) or 1.0)
    chance = (plain + smoothed) / 2
    information = np.log(near.counts) - chance[near.low] - chance[near.high]
    positive: FloatArray = np.maximum(information, 0).astype(np.float32)
    return positive


def factors(
    near: Nearness, information: FloatArray, core: int, dim: int, rng: np.random.Generator
) -> FloatArray:
    """Give each word a vector from the leading eigenvectors of the matrix of the common words.

    The matrix of the `core` commonest words is dense, where products are fast. A rarer word is placed among
    them by its own row, which is what the factorisation would have done for it (Nyström's extension).

    The eigenvectors come from a random range: Halko, Martinsson and Tropp, "Finding structure with
    randomness", SIAM Review 2011, algorithms 4.4 and 5.3.

    Parameters
    ----------
    near, information:
        Pairs and what each says.
    core:
        How many words are common.
    dim:
        Dimensions; those beyond the rank are 0.
    rng:
        Of the random range.

    Returns
    -------
    float32 (words, dim)
        Rows not normalised; 0 for a word that nothing is known of.
    """
    size = len(near.totals)
    common = near.high < core
    matrix = np.zeros((core, core), dtype=np.float32)
    matrix[near.low[common], near.high[common]] = information[common]
    matrix[near.high[common], near.low[common]] = information[common]
    values, vectors = _leading(matrix, min(dim, core), rng)
    result = np.zeros((size, dim), dtype=np.float32)
    result[:core, : len(values)] = vectors
    kept = ~common & (information > 0)
    inverse = np.divide(1, values, out=np.zeros_like(values), where=np.abs(values) > 1e-6)
    rows = near.high[kept]
    offsets = np.searchsorted(rows, np.arange(core, size + 1))
    result[core:, : len(values)] = weighted_sums(
        vectors * inverse, near.low[kept], information[kept], offsets
    )
    return result


def weighted_sums(
    table: FloatArray, columns: NDArray[np.int64], weights: FloatArray, offsets: NDArray[np.int64]
) -> FloatArray:
    """Multiply a sparse matrix in compressed rows by a dense one.

    Parameters
    ----------
    table:
        (columns, d).
    columns, weights:
        (entries,), of each entry.
    offsets:
        (n + 1,), where the entries of each row start.

    Returns
    -------
    float32 (n, d)
    """
    result = np.zeros((len(offsets) - 1, table.shape[1]), dtype=np.float32)
    starts = offsets.tolist()
    # A row's entries stay in the nearest cache; reduceat over long blocks takes ten times as long.
    for row in np.flatnonzero(np.diff(offsets)).tolist():
        span = slice(starts[row], starts[row + 1])
        result[row] = weights[span] @ table.take(columns[span], axis=0)
    return result


def _added(
    keys: NDArray[np.int64], counts: NDArray[np.int64], more: list[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count further keys into those already counted."""
    if not more:
        return keys, counts
    new, how_often = np.unique(np.concatenate(more), return_counts=True)
    both = np.concatenate([keys, new])
    order = np.argsort(both, kind="stable")
    both, summed = both[order], np.concatenate([counts, how_often])[order]
    first = np.flatnonzero(np.append(True, both[1:] != both[:-1])[: len(both)])
    return both[first], np.add.reduceat(summed, first) if len(first) else summed


def _leading(matrix: FloatArray, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Find the eigenvectors of a symmetric matrix whose eigenvalues are largest in magnitude."""
    width = count + OVERSAMPLING
    if len(matrix) <= max(SMALL_MATRIX, width):
        values, vectors = np.linalg.eigh(matrix)
    else:
        basis = matrix @ rng.standard_normal((len(matrix), width), dtype=np.float32)
        for _ in range(POWER_STEPS):
            basis = matrix @ _orthonormal(basis)
        basis = _orthonormal(_orthonormal(basis))
        small = basis.T @ (matrix @ basis)
        values, turned = np.linalg.eigh((small + small.T) / 2)
        vectors = basis @ turned
    order = np.argsort(-np.abs(values), kind="stable")[:count]
    return values[order], np.ascontiguousarray(vectors[:, order])


def _orthonormal(basis: FloatArray) -> FloatArray:
    """Make columns orthonormal by Cholesky's factor of their products.

    Householder's way makes many small calls into the linear algebra library, whose threads wait for each
    other at each of them: on a busy machine that took half a minute. The products are summed in float64, and
    a ridge keeps columns that depend on each other from failing.
    """
    wide = basis.astype(np.float64)
    products = wide.T @ wide
    products[np.diag_indices_from(products)] += RIDGE * np.trace(products) + np.finfo(np.float64).tiny
    inverse = np.linalg.inv(np.linalg.cholesky(products))
    result: FloatArray = (wide @ inverse.T).astype(np.float32)
    return result
