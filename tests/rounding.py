"""How far the rounding of queries may move scores, by the kind of codes."""

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.base import Metric
from lilliput.codecs.codec import Codec
from lilliput.codecs.layout import Rows
from lilliput.reference import int4
from lilliput.reference.planes import Planes, query_levels

PLANES = {f"b{bits}": Planes(bits) for bits in range(2, 9)}
# Of a query; those of the other kinds are not rounded.
LEVELS = {"i8": 127, "i4": 127, "bits": 7}


def levels(kind: str, dim: int) -> int:
    """How many integers a number of a query may be, on either side of zero; 0 where it is not rounded."""
    return query_levels(PLANES[kind].bits, dim) if kind in PLANES else LEVELS.get(kind, 0)


def magnitudes(kind: str, rows: Rows, dim: int) -> NDArray[np.float64]:
    """What the numbers of each row add up to, each without its sign."""
    if kind == "bits":
        sums = np.full(len(rows.rows), float(dim))
    else:
        sums = np.abs(_numbers(kind, rows, dim).astype(np.float64)).sum(axis=1)
    scaled = sums if rows.alpha is None else sums * rows.alpha
    return scaled if rows.shift is None else scaled + dim * np.abs(rows.shift)


def _numbers(kind: str, rows: Rows, dim: int) -> NDArray[np.int8]:
    if kind in PLANES:
        assert rows.more is not None
        return PLANES[kind].numbers(np.concatenate([rows.rows, rows.more], axis=1), dim)
    return int4.numbers(rows.rows, dim) if kind == "i4" else rows.rows.view(np.int8)


def slack(codec: Codec, x: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.float64]:
    """Half a step of each prepared query, times what the numbers of each row add up to."""
    kind = codec.layout.kind
    count = levels(kind, codec.layout.dim)
    if not count:
        return np.zeros((len(queries), len(x)))
    step = np.abs(queries).max(axis=1).astype(np.float64) / count
    return 0.501 * step[:, None] * magnitudes(kind, codec.encode_rows(x), codec.layout.dim)[None]


def product_scores(
    queries: NDArray[np.float32], decoded: NDArray[np.float64], metric: Metric
) -> NDArray[np.float64]:
    """Score decoded rows; under cosine by their products with unit queries, whatever their own lengths."""
    if metric == "l2":
        return -np.square(queries[:, None] - decoded).sum(axis=2, dtype=np.float64)
    lengths = np.linalg.norm(queries, axis=1, keepdims=True) if metric == "cosine" else 1.0
    found: NDArray[np.float64] = queries / lengths @ decoded.T
    return found
