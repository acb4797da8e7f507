"""USearch: exact search over floats and over bytes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.contestants import Contestant
from lilliput.bench.peers.rounding import to_bytes
from lilliput.bench.problems import Problem


def contestants(problem: Problem, threads: int) -> list[Contestant]:
    """Put up exact search in f32 and in i8.

    Parameters
    ----------
    problem:
        What to search.
    threads:
        For each search.
    """
    from usearch.index import MetricKind

    metric = MetricKind.L2sq if problem.by_distance else MetricKind.IP
    base, queries = to_bytes(problem)
    dim = problem.base.shape[1]
    floats = _search(problem.base, problem.queries, problem.k, metric, threads)
    return [
        Contestant("exact f32", "usearch", "", 4 * dim, False, floats),
        Contestant("exact i8", "usearch", "", dim, False, _search(base, queries, problem.k, metric, threads)),
    ]


def _search(
    base: NDArray[Any], queries: NDArray[Any], k: int, metric: Any, threads: int
) -> Callable[[], NDArray[np.int64]]:
    from usearch.index import search as usearch_search

    def search() -> NDArray[np.int64]:
        found = usearch_search(base, queries, k, metric, exact=True, threads=threads)
        return np.asarray(found.keys).astype(np.int64)

    return search
