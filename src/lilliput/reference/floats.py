"""Rows of float32 and float16, and their scores in float64."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.reference.dense import Floats, norm2


class FloatRows(NamedTuple):
    """Rows as they are stored, and beta where it was asked for: minus the squared norm of what is stored."""

    rows: NDArray[np.uint8]
    beta: Floats | None


class Scores(NamedTuple):
    """The true scores, and what a float32 sum in any order may be away from them."""

    values: NDArray[np.float64]
    tolerance: NDArray[np.float64]


def encode(X: Floats, kind: str, with_beta: bool) -> FloatRows:
    """Store rows as they are (f32), or rounded to the nearest half, ties to even (f16)."""
    stored = X if kind == "f32" else X.astype(np.float16)
    beta = -norm2(stored.astype(np.float32)) if with_beta else None
    return FloatRows(stored.view(np.uint8).reshape(len(X), -1), beta)


def decode(rows: NDArray[np.uint8], kind: str) -> Floats:
    """Give the stored values back."""
    return np.ascontiguousarray(rows).view(np.float32 if kind == "f32" else np.float16).astype(np.float32)


def scores(
    rows: NDArray[np.uint8], kind: str, queries: Floats, bias: Floats, beta: Floats | None = None
) -> Scores:
    """Score every query against every row of f32 or f16."""
    return score(decode(rows, kind), queries, bias, None, beta)


def score(
    rows: Floats, queries: Floats, bias: Floats, alpha: Floats | None = None, beta: Floats | None = None
) -> Scores:
    """Score every query against every decoded row: alpha * dot + beta + bias, all in float64.

    The tolerance is 4 ulp * sqrt(d) of the size of what is added, `alpha * sum |q_i x_i| + |beta| + |bias|`.
    """
    values, wide = rows.astype(np.float64), queries.astype(np.float64)
    if alpha is not None:
        values *= alpha.astype(np.float64)[:, None]
    added = np.zeros(len(values)) if beta is None else beta.astype(np.float64)
    size = np.abs(wide) @ np.abs(values).T + np.abs(added) + np.abs(bias.astype(np.float64))[:, None]
    slack = 4 * 2.0**-23 * np.sqrt(values.shape[1]) * size + 2.0**-149 * (values.shape[1] + 2)
    return Scores(wide @ values.T + added + bias.astype(np.float64)[:, None], slack)
