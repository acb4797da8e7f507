"""Matrices that kernels meet, of awkward shapes and values, and calls into every kernel."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput import _core

Floats = NDArray[np.float32]

SCALED = (
    "e4m3",
    "e5m2",
    "i8",
    "i4",
    "b2",
    "b3",
    "b4",
    "b5",
    "b6",
    "b7",
    "b8",
)  # kinds whose rows have a factor each

DIMS = st.one_of(st.integers(1, 130), st.sampled_from([255, 256, 384, 1000]))
ROWS = st.integers(1, 70)
QUERIES = st.integers(1, 70)

HOSTILE = np.array(
    [0.0, -0.0, 1e-45, -1e-45, 1e-40, 1.2e-38, 6e-8, -6e-8, 6.1e-5, 65504.0, -65504.0, 2049.0, 1.0, -1.0],
    np.float32,
)
HUGE = np.array([3.4e38, -3.4e38, 1e30, -1e20, 3.3e38], np.float32)


class Problem(NamedTuple):
    """Rows, queries and biases."""

    X: Floats
    Q: Floats
    bias: Floats


def matrix(rng: np.random.Generator, n: int, d: int, hostile: float = 0.0, huge: bool = False) -> Floats:
    """Draw normal values, a share of them replaced by hostile ones."""
    X = rng.standard_normal((n, d)).astype(np.float32)
    pool = np.concatenate([HOSTILE, HUGE]) if huge else HOSTILE
    return np.where(rng.random((n, d)) < hostile, rng.choice(pool, (n, d)), X)


@st.composite
def problems(draw: st.DrawFn, hostile_queries: bool = True) -> Problem:
    """Draw a problem with a seed, so that failures shrink in shape and not in values."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    d, n, m = draw(DIMS), draw(ROWS), draw(QUERIES)
    share = draw(st.sampled_from([0.0, 0.1, 1.0]))
    X = matrix(rng, n, d, share)
    Q = matrix(rng, m, d, share if hostile_queries else 0.0)
    return Problem(X, Q, matrix(rng, 1, m)[0])


class Encoded(NamedTuple):
    """What `_core.encode` wrote; rows of planes are their signs and what lies below, joined."""

    rows: NDArray[np.uint8]
    alpha: Floats | None
    beta: Floats | None

    def codes(self, kind: str, dim: int) -> _core.Codes:
        """View the rows with their factors."""
        return codes_of(kind, dim, self.rows, self.alpha, self.beta)


def codes_of(
    kind: str,
    dim: int,
    rows: NDArray[np.uint8],
    alpha: Floats | None = None,
    beta: Floats | None = None,
    shift: Floats | None = None,
) -> _core.Codes:
    """View joined rows with their factors."""
    signs, more = np.split(rows, [_core.row_bytes(kind, dim)], axis=1)
    below = np.ascontiguousarray(more) if _core.more_bytes(kind, dim) else None
    return _core.Codes(kind, dim, np.ascontiguousarray(signs), alpha, beta, shift=shift, more=below)


def encode(kind: str, X: Floats, with_beta: bool, isa: str, scaled: bool = True) -> Encoded:
    """Encode into fresh arrays; `scaled` False leaves out the factors of a kind that can have them."""
    n, d = X.shape
    rows, more = (np.full((n, of(kind, d)), 0xEE, np.uint8) for of in (_core.row_bytes, _core.more_bytes))
    alpha = np.full(n, np.nan, np.float32) if scaled and kind in SCALED else None
    beta = np.full(n, np.nan, np.float32) if with_beta else None
    _core.encode(kind, X, rows, alpha, beta, 1, isa, more_out=more if more.size else None)
    return Encoded(np.concatenate([rows, more], axis=1), alpha, beta)


Scorer = Callable[[_core.Codes, Floats, Floats, str], Floats]


def by_block(codes: _core.Codes, Q: Floats, bias: Floats, isa: str) -> Floats:
    """Score with the one-query kernel."""
    return _core.block(codes, Q, bias, 1, isa)


def by_tile(codes: _core.Codes, Q: Floats, bias: Floats, isa: str) -> Floats:
    """Score with the many-queries kernel."""
    return _core.tile(codes, Q, bias, 1, isa)


def by_gather(codes: _core.Codes, Q: Floats, bias: Floats, isa: str) -> Floats:
    """Score rows by number, in an order that is not theirs, and put the scores back in order."""
    order = np.random.default_rng(len(Q)).permutation(codes.n)
    rows = np.ascontiguousarray(np.broadcast_to(order, (len(Q), codes.n)))
    return _core.scores(codes, Q, bias, rows, 1, isa)[:, np.argsort(order)]


SCORERS: list[Scorer] = [by_block, by_tile, by_gather]


def same_bits(expected: Floats | None, actual: Floats | None) -> bool:
    """Whether two float arrays hold the same bytes (so -0 differs from 0), or both are absent."""
    if expected is None or actual is None:
        return expected is actual
    return expected.shape == actual.shape and expected.tobytes() == actual.tobytes()
