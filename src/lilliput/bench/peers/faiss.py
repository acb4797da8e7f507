"""FAISS: exhaustive search over floats, and over 8-bit codes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.contestants import Contestant
from lilliput.bench.problems import Problem

FLAT = "IndexFlat"


def contestants(problem: Problem, threads: int) -> list[Contestant]:
    """Build `IndexFlatIP` or `IndexFlatL2`, and `SQ8`.

    Parameters
    ----------
    problem:
        What to search.
    threads:
        For the whole library.
    """
    import faiss

    faiss.omp_set_num_threads(threads)
    dim = problem.base.shape[1]
    metric = faiss.METRIC_L2 if problem.by_distance else faiss.METRIC_INNER_PRODUCT
    flat = faiss.IndexFlat(dim, metric)
    coarse = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, metric)
    found = []
    for name, index, size in ((FLAT, flat, 4 * dim), ("SQ8", coarse, dim)):
        index.train(problem.base)
        index.add(problem.base)
        found.append(Contestant(name, "faiss", "", size, False, _search(index, problem)))
    return found


def _search(index: Any, problem: Problem) -> Callable[[], NDArray[np.int64]]:
    def search() -> NDArray[np.int64]:
        found: NDArray[np.int64] = index.search(problem.queries, problem.k)[1]
        return found

    return search
