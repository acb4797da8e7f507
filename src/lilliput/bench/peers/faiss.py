"""FAISS: exhaustive search over floats, and over its scalar, product and binary codes."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.contestants import Contestant
from lilliput.bench.entrants import SLOW, Entrant, Recipe
from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

FLAT = "IndexFlat"
PACKAGE = "faiss-cpu"
SEARCHES_WITH = ()
TRAINED = 9.0  # the weight of codebooks of 256 words
SCALAR = ("SQfp16", "SQbf16", "SQ8", "SQ6", "SQ4")
QUICK_SCALAR = ("SQbf16", "SQ8", "SQ4")


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


def recipes(problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List scalar, product and binary codes that are scanned whole, in the words of the index factory.

    Parameters
    ----------
    problem:
        What to encode and search.
    quick:
        Of each family some.
    """
    dim = problem.base.shape[1]
    found = [(name, SLOW) for name in (QUICK_SCALAR if quick else SCALAR)]
    eight = [dim // share for share in ((16,) if quick else (4, 8, 16)) if dim % share == 0]
    four = [dim // share for share in ((4,) if quick else (2, 4)) if dim % share == 0]
    # "np": codes are not renumbered for a filter by bits that no scan here uses, which takes minutes.
    found += [(f"PQ{count}x8np", TRAINED) for count in eight]
    found += [(f"PQ{count}x4fs", 1.0) for count in four]
    found += [(f"PQ{count}x4np", SLOW) for count in ([] if quick else four[-1:])]
    found += [("LSHt", 1.0)] if quick else [("LSHt", 1.0), (f"ITQ{dim},LSHt", 1.0)]
    return [Recipe(PACKAGE, name, _maker(name), weight) for name, weight in found]


def _maker(name: str) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        import faiss

        faiss.omp_set_num_threads(threads)
        n, dim = problem.base.shape
        metric = faiss.METRIC_L2 if problem.by_distance else faiss.METRIC_INNER_PRODUCT
        # Binary codes are compared by the bits that differ, whatever the metric of the vectors.
        index = faiss.index_factory(dim, name, faiss.METRIC_L2 if "LSH" in name else metric)
        if hasattr(index, "pq"):
            index.pq.cp.min_points_per_centroid = 1  # it trains on few rows too, without a line for each part
        started = time.perf_counter()
        index.train(problem.base)
        seconds = time.perf_counter() - started
        trained = faiss.serialize_index(index)
        index.add(problem.base)
        payload = _payload(name, index)

        def encode(rows: FloatArray, threads: int) -> object:
            faiss.omp_set_num_threads(threads)
            fresh = faiss.deserialize_index(trained)
            fresh.add(rows)
            return fresh

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            faiss.omp_set_num_threads(threads)
            found: NDArray[np.int64] = index.search(queries, problem.k)[1]
            return found

        shared = faiss.serialize_index(index).nbytes - n * payload
        return Entrant(payload, 0, int(shared), seconds, encode, search)

    return make


def _payload(name: str, index: Any) -> int:
    """Give the bytes of one code; interleaved codes of four bits do not tell it themselves."""
    if name.endswith("x4fs"):
        return -(-int(name.removeprefix("PQ").removesuffix("x4fs")) // 2)
    return int(index.sa_code_size())
