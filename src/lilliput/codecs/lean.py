"""The two ways of LeanVec to find projections: search over eigenvectors, and Frank-Wolfe.

Both know rows and queries by their second moments alone: the sum over queries q and rows x of
``(q' A' B x - q' x)²`` is ``tr(K_Q M K_X M')`` with ``M = A' B - I``.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lilliput.codecs.base import DoubleArray

STEPS = 60
ENOUGH = 1e-3  # a step that lowers the loss by a smaller share is the last


class Fold(NamedTuple):
    """Second moments (d, d) of the queries to learn from, and of those held out."""

    learnt: DoubleArray
    held: DoubleArray


def error(a: DoubleArray, b: DoubleArray, queries: DoubleArray, rows: DoubleArray) -> float:
    """Give the squared error of scores through the projections a and b, (D, d), over the moments (d, d)."""
    missing = a.T @ b
    missing[np.diag_indices(len(missing))] -= 1
    return float(((queries @ missing @ rows) * missing).sum())


def mixed(share: float, queries: DoubleArray, rows: DoubleArray) -> DoubleArray:
    """Mix two moments, each taken as if its vectors had unit length on average."""
    return share * _per_length(queries) + (1 - share) * _per_length(rows)


def leading(moment: DoubleArray) -> DoubleArray:
    """Give the eigenvectors as rows, the largest eigenvalue first."""
    found: DoubleArray = np.linalg.eigh(moment)[1][:, ::-1].T
    return found


def best_share(
    folds: Sequence[Fold], rows: DoubleArray, kept: Sequence[int], shares: Sequence[float]
) -> float:
    """Give the share of the queries' moment whose eigenvectors lose least on queries held out.

    Parameters
    ----------
    folds:
        Ways to split the queries.
    rows:
        The second moment of the rows.
    kept:
        Numbers of directions. The share is one for all of them, so that a smaller projection is the first
        part of a larger one; each counts by its error relative to that of the first share.
    shares:
        What is tried. Of shares that are alike the first wins.
    """
    losses = np.zeros((len(shares), len(kept)))
    for fold in folds:
        for number, share in enumerate(shares):
            directions = leading(mixed(share, fold.learnt, rows))
            losses[number] += [error(directions[:d], directions[:d], fold.held, rows) for d in kept]
    relative = losses / np.maximum(losses[0], np.finfo(np.float64).tiny)
    return shares[int(relative.mean(axis=1).argmin())]


def frank_wolfe(
    queries: DoubleArray, rows: DoubleArray, start: DoubleArray, steps: int = STEPS
) -> tuple[DoubleArray, DoubleArray, list[float]]:
    """Lower the error by turns over both projections, among matrices of spectral norm up to 1.

    Each step goes from one matrix towards the point of the ball that lies farthest down the gradient, its
    polar factor, as far as lowers the error most: the error is a square along the line, so that is known.

    Parameters
    ----------
    queries, rows:
        Second moments (d, d).
    start:
        (D, d), of spectral norm up to 1; both projections begin there.
    steps:
        At most so many for each projection.

    Returns
    -------
    a, b:
        (D, d), the projections of queries and of rows.
    errors:
        At the start and after each step; never rising.
    """
    a = b = start
    errors = [error(a, b, queries, rows)]
    for _ in range(steps):
        a = _step(a, b, queries, rows)
        b = _step(b, a, rows, queries)
        errors.append(error(a, b, queries, rows))
        if errors[-2] - errors[-1] <= ENOUGH * errors[-2]:
            break
    return a, b, errors


def _step(moving: DoubleArray, fixed: DoubleArray, own: DoubleArray, other: DoubleArray) -> DoubleArray:
    """Move one projection, whose vectors have the moment `own`, while the other stays."""
    seen = fixed @ other
    square = seen @ fixed.T
    gradient = (square @ moving - seen) @ own
    left, _, right = np.linalg.svd(-gradient, full_matrices=False)
    way: DoubleArray = left @ right - moving
    slope, bend = float((gradient * way).sum()), float(((square @ way @ own) * way).sum())
    length = 1.0 if bend <= 0 else min(max(-slope / bend, 0.0), 1.0)
    return moving + length * way


def _per_length(moment: DoubleArray) -> DoubleArray:
    trace = float(np.trace(moment))
    scaled: DoubleArray = moment / trace if trace > 0 else moment
    return scaled
