"""NumKong: packed products of bytes; numpy picks the best, as the library leaves that to its caller."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.contestants import Contestant
from lilliput.bench.peers.rounding import to_bytes
from lilliput.bench.problems import Problem

BATCH = 100  # queries whose scores of all rows are in memory together


def contestants(problem: Problem, threads: int) -> list[Contestant]:
    """Put up int8 products; the library computes them on the calling thread, whatever `threads` says.

    Parameters
    ----------
    problem:
        What to search.
    threads:
        Not used.
    """
    import numkong

    base, queries = to_bytes(problem)
    packed = numkong.dots_pack(base)
    multiply = numkong.euclideans_packed if problem.by_distance else numkong.dots_packed
    search = _search(queries, packed, multiply, problem)
    return [Contestant("int8 + numpy", "numkong", "", problem.base.shape[1], True, search)]


def _search(
    queries: NDArray[np.int8], packed: Any, multiply: Callable[..., Any], problem: Problem
) -> Callable[[], NDArray[np.int64]]:
    def search() -> NDArray[np.int64]:
        found = np.empty((len(queries), problem.k), dtype=np.int64)
        for first in range(0, len(queries), BATCH):
            part = slice(first, first + BATCH)
            found[part] = _best(np.asarray(multiply(queries[part], packed)), problem.k, problem.by_distance)
        return found

    return search


def _best(scores: NDArray[Any], k: int, least: bool) -> NDArray[np.int64]:
    """Give the columns of the k best scores of each row, without a copy of the scores."""
    n = scores.shape[1]
    if least:
        best = np.argpartition(scores, k - 1, axis=1)[:, :k]
    else:
        best = np.argpartition(scores, n - k, axis=1)[:, n - k :]
    order = np.argsort(np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order if least else order[:, ::-1], axis=1)
