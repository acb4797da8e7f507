"""Rows of int8 with a factor each, and their scores by exact integer sums."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.reference.dense import Floats

LEVELS = 127


class Int8Rows(NamedTuple):
    """Codes, the step of each row's grid, and beta where asked for: minus the squared norm as decoded."""

    rows: NDArray[np.uint8]
    alpha: Floats | None
    beta: Floats | None


class Grid(NamedTuple):
    """Rows on a symmetric integer grid, and the step of each."""

    codes: NDArray[np.int8] | NDArray[np.int16]
    step: Floats


def quantise(X: Floats, levels: int) -> Grid:
    """Round x * (levels / max|x|) to the nearest integer, ties to even.

    A row of zeros, or one so small that levels / max|x| overflows, becomes zeros with step zero.
    """
    largest = np.abs(X).max(axis=1)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        inverse = np.float32(levels) / largest
        flat = (largest == 0) | np.isinf(inverse)
        codes = np.rint(X * np.where(flat, np.float32(0), inverse)[:, None])
        step = np.where(flat, np.float32(0), largest / np.float32(levels))
    held = np.clip(codes, -levels, levels)
    return Grid(held.astype(np.int8) if levels <= LEVELS else held.astype(np.int16), step)


def encode(X: Floats, with_beta: bool, scaled: bool = True, levels: int = LEVELS) -> Int8Rows:
    """Quantise rows to 2 * levels + 1 steps; rows that are not scaled have steps of one."""
    if scaled:
        codes, alpha = quantise(X, levels)
    else:
        codes, alpha = np.rint(np.clip(X, -levels, levels)).astype(np.int8), np.ones(len(X), np.float32)
    beta = None
    if with_beta:
        squares = (codes.astype(np.int64) ** 2).sum(axis=1).astype(np.float32)
        with np.errstate(over="ignore", under="ignore"):
            beta = -(alpha * alpha) * squares
    return Int8Rows(codes.view(np.uint8), alpha if scaled else None, beta)


def decode(rows: NDArray[np.uint8], alpha: Floats) -> Floats:
    """Give back codes times step."""
    return rows.view(np.int8).astype(np.float32) * alpha[:, None]


def scores_of_dots(
    dots: NDArray[np.int64],
    queries: "Grid",
    bias: Floats,
    alpha: Floats | None,
    beta: Floats | None,
    shift: Floats | None = None,
) -> Floats:
    """Turn exact sums (m, n) into scores, all in float32.

    A score is ((float(dot) * (step * alpha) + shift * (step * float(sum))) + beta) + bias, where the sum is
    that of the query's codes; what is absent is not added.
    """
    codes, step = queries
    factor = step[:, None] if alpha is None else step[:, None] * alpha[None, :]
    score = dots.astype(np.float32) * factor
    if shift is not None:
        score = (
            score + shift[None, :] * (step * codes.sum(axis=1, dtype=np.int64).astype(np.float32))[:, None]
        )
    if beta is not None:
        score = score + beta[None, :]
    return score + bias[:, None]


def scores(
    rows: NDArray[np.uint8],
    queries: Floats,
    bias: Floats,
    alpha: Floats | None = None,
    beta: Floats | None = None,
    shift: Floats | None = None,
    levels: int = LEVELS,
) -> Floats:
    """Score every query, quantised to 2 * levels + 1 integers, against every row."""
    grid = quantise(queries, levels)
    dots = grid.codes.astype(np.int64) @ rows.view(np.int8).astype(np.int64).T
    return scores_of_dots(dots, grid, bias, alpha, beta, shift)
