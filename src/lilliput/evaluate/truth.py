"""Exact nearest neighbours by exhaustive search: the truth that everything else is measured against."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lilliput import _core
from lilliput.codecs.base import METRICS, Metric
from lilliput.errors import InvalidInput
from lilliput.io.source import as_matrix, as_source
from lilliput.limits import LIMITS
from lilliput.progress import ProgressOption, Track

FloatArray = NDArray[np.float32]

GATHERED_FLOATS = 4 * 2**20


class Neighbours(NamedTuple):
    """The k nearest rows of each query, best first.

    Attributes
    ----------
    ids:
        int64 (m, k), row numbers; -1 where there are fewer than k rows.
    scores:
        float32 (m, k); larger is better for ip and cosine, smaller for l2 (squared). NaN where the id is -1.
    """

    ids: NDArray[np.int64]
    scores: FloatArray


def exact_neighbours(
    X: object,
    Q: object,
    k: int,
    metric: Metric,
    *,
    threads: int | None = None,
    progress: ProgressOption = None,
) -> Neighbours:
    """Find the true k nearest rows of each query by looking at all rows.

    Rows come block by block, so that the set may be larger than memory.

    Parameters
    ----------
    X:
        Rows (n, d): an array, a path, an iterator of batches, or a source.
    Q:
        Queries (m, d).
    k:
        Neighbours a query; more than n is no error.
    metric:
        "ip", "l2" (squared) or "cosine".
    threads:
        None takes as many as the process may use.
    progress:
        None, False or a callable told ``(rows done, rows)``.

    Returns
    -------
    Neighbours
        Ties go to the smaller row number.

    Raises
    ------
    InvalidInput
        k below 1 or above the limit, an unknown metric, or rows and queries that do not fit each other.
    Cancelled
        The progress callback returned False.

    Examples
    --------
    >>> from lilliput.evaluate import exact_neighbours
    >>> exact_neighbours([[0.0], [3.0], [1.0]], [[0.9]], 2, "l2").ids.tolist()
    [[2, 0]]
    """
    _check_metric(metric)
    if not 1 <= k <= LIMITS.max_k:
        raise InvalidInput(f"k={k} was given; it must be from 1 to {LIMITS.max_k}.")
    source = as_source(X, name="X")
    queries, bias = _prepared(as_matrix(Q, name="Q", dim=source.dim), metric)
    best = Neighbours(
        np.full((len(queries), k), -1, dtype=np.int64), np.full((len(queries), k), np.nan, dtype=np.float32)
    )
    with Track(progress, source.rows or 0, "finding exact neighbours") as step:
        seen = 0
        for block in source.batches():
            codes = _codes(block, metric)
            ids, scores = _core.top_k(codes, queries, bias, min(k, len(block)), threads=threads or 0)
            best = _merge(best, np.where(ids >= 0, ids + seen, -1), scores)
            seen += len(block)
            step(seen)
    return Neighbours(best.ids, _public(best.scores, metric))


def exact_scores(X: object, Q: object, ids: ArrayLike, metric: Metric) -> FloatArray:
    """Score given rows against each query, without rounding that matters.

    What a lossy index returns is judged by the scores of the original vectors, not by its own.

    Parameters
    ----------
    X:
        Rows (n, d), an array or memmap; only the rows asked for are read.
    Q:
        Queries (m, d).
    ids:
        int64 (m, r), row numbers; -1 gives NaN.
    metric:
        "ip", "l2" or "cosine".

    Returns
    -------
    float32 (m, r)

    Raises
    ------
    InvalidInput
        An id that is no row, or shapes that do not agree.

    Examples
    --------
    >>> from lilliput.evaluate import exact_scores
    >>> exact_scores([[0.0], [3.0], [1.0]], [[1.0]], [[0, 1]], "l2").tolist()
    [[1.0, 4.0]]
    """
    _check_metric(metric)
    rows = X if isinstance(X, np.ndarray) else as_matrix(X, name="X")
    queries = as_matrix(Q, name="Q", dim=rows.shape[1]).astype(np.float64)
    wanted = np.asarray(ids, dtype=np.int64)
    if wanted.ndim != 2 or len(wanted) != len(queries):
        raise InvalidInput(
            f"ids of shape {wanted.shape} were given for {len(queries)} queries; wanted (m, r)."
        )
    if wanted.size and (wanted.max() >= len(rows) or wanted.min() < -1):
        raise InvalidInput(
            f"ids from {wanted.min()} to {wanted.max()} were given; X has rows 0 to {len(rows) - 1}."
        )
    result = np.empty(wanted.shape, dtype=np.float32)
    size = max(1, GATHERED_FLOATS // max(1, wanted.shape[1] * rows.shape[1]))
    for start in range(0, len(queries), size):
        part = slice(start, start + size)
        # An id of -1 is scored as row 0 and overwritten below; an empty X has no row to score.
        gathered = rows[np.maximum(wanted[part], 0)] if len(rows) else np.zeros((*wanted[part].shape, 1))
        result[part] = _pair_scores(gathered.astype(np.float64), queries[part], metric)
    result[wanted < 0] = np.nan
    return result


def _pair_scores(
    rows: NDArray[np.float64], queries: NDArray[np.float64], metric: Metric
) -> NDArray[np.float64]:
    if metric == "l2":
        difference = rows - queries[:, None, :]
        squares: NDArray[np.float64] = np.einsum("mrd,mrd->mr", difference, difference)
        return squares
    products: NDArray[np.float64] = np.einsum("mrd,md->mr", rows, queries)
    if metric == "cosine":
        lengths = np.linalg.norm(rows, axis=2) * np.linalg.norm(queries, axis=1)[:, None]
        products = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return products


def _check_metric(metric: str) -> None:
    if metric not in METRICS:
        raise InvalidInput(f"metric={metric!r} was given; it is 'ip', 'l2' or 'cosine'.")


def _prepared(queries: FloatArray, metric: Metric) -> tuple[FloatArray, FloatArray]:
    """Turn queries and metric into what the kernels score: a dot product and a bias."""
    if metric == "cosine":
        queries = _core.normalize(queries)
    if metric == "l2":
        return 2 * queries, -np.einsum("md,md->m", queries, queries)
    return queries, np.zeros(len(queries), dtype=np.float32)


def _codes(block: FloatArray, metric: Metric) -> _core.Codes:
    if metric == "cosine":
        block = _core.normalize(block)
    beta = -np.einsum("nd,nd->n", block, block) if metric == "l2" else None
    rows = np.ascontiguousarray(block).view(np.uint8).reshape(len(block), 4 * block.shape[1])
    return _core.Codes("f32", block.shape[1], rows, None, beta)


def _merge(best: Neighbours, ids: NDArray[np.int64], scores: FloatArray) -> Neighbours:
    """Keep the k best of both; the stable sort leaves earlier rows first among equals."""
    k = best.ids.shape[1]
    both_ids = np.concatenate([best.ids, ids], axis=1)
    both_scores = np.concatenate([best.scores, scores], axis=1)
    order = np.argsort(-both_scores, axis=1, kind="stable")[:, :k]  # NaN sorts last
    return Neighbours(
        np.take_along_axis(both_ids, order, axis=1), np.take_along_axis(both_scores, order, axis=1)
    )


def _public(scores: FloatArray, metric: Metric) -> FloatArray:
    return np.maximum(-scores, np.float32(0)) if metric == "l2" else scores
