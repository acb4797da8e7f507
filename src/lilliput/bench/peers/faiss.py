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
LEARNT_SLOWLY = 25.0  # and of those that are learnt again and again
SCALAR = ("SQfp16", "SQbf16", "SQ8", "SQ6", "SQ4")
QUICK_SCALAR = ("SQbf16", "SQ8", "SQ4")
FEWEST_ROWS = 5_000  # below, matrices and words of floats take more than they save
MOST_TURNED = 512  # dimensions, beyond which turning them round after round takes minutes
MOST_SUMMED = 8_000_000  # numbers of all vectors, beyond which sums of words take minutes to search
OPQ_ROUNDS = 25  # of the 50 that it takes on its own
# From so many rows on distances are a matrix product. Some wait for 128,000, which costs OPQ minutes.
PRODUCT_ROWS = 20
# The library asks for 39 rows a word at least and takes up to 256; slow ones get that least.
SAMPLES = {256: 10_000, 16: 4_096}
NOTES = {
    "OPQ": f"learns from {SAMPLES[256]:,} rows in {OPQ_ROUNDS} rounds, as twice as many take minutes",
    "RQ": f"learns from {SAMPLES[16]:,} rows; steps of 256 words of floats take more than they save",
    "PCA": "ranks by distance, as subtracting the mean spoils its products",
}
NOTES["LSQ"] = NOTES["RQ"]


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
    rows, dim = problem.base.shape
    names = [*_scalar(quick), *_product(dim, quick), *_binary(dim, quick)]
    if not quick:
        names += _estimated(dim, rows >= FEWEST_ROWS)
        if rows >= FEWEST_ROWS:
            names += [*_learnt(rows, dim), *_shortened(dim)]
    return [Recipe(PACKAGE, name, _maker(name), _weight(name), _note(name)) for name in names]


def _scalar(quick: bool) -> tuple[str, ...]:
    return QUICK_SCALAR if quick else SCALAR


def _product(dim: int, quick: bool) -> list[str]:
    # "np": codes are not renumbered for a filter by bits that no scan here uses, which takes minutes.
    eight = [f"PQ{dim // share}x8np" for share in ((16,) if quick else (4, 8, 16)) if dim % share == 0]
    four = [f"PQ{dim // share}x4fs" for share in ((4,) if quick else (2, 4, 8)) if dim % share == 0]
    exact = [] if quick or dim % 4 else [f"PQ{dim // 4}x4np"]
    return eight + four + exact


def _binary(dim: int, quick: bool) -> list[str]:
    return ["LSHt"] if quick or dim > MOST_TURNED else ["LSHt", f"ITQ{dim},LSHt"]


def _estimated(dim: int, rotated: bool) -> list[str]:
    """Name RaBitQ, and EDEN with the levels of a normal distribution; behind a rotation, too."""
    found = [f"RaBitQ{bits}" for bits in (1, 2, 4)] + [f"EDEN{bits}" for bits in (1, 2, 4, 8)]
    if rotated:
        found += [f"RR{dim},RaBitQ{bits}" for bits in (1, 2, 5, 8)]
        found += [f"RR{dim},EDEN{bits}" for bits in (1, 2, 4, 8)]
    return found


def _learnt(rows: int, dim: int) -> list[str]:
    if dim % 16:
        return []
    narrow, wide = dim // 16, dim // 8
    found = [f"OPQ{narrow}_{dim // 2},PQ{narrow}x8np", f"OPQ{wide},PQ{wide}x8np"]
    return found + ([f"RQ{narrow}x4", f"LSQ{narrow}x4"] if rows * dim <= MOST_SUMMED else [])


def _shortened(dim: int) -> list[str]:
    if dim % 16:
        return []
    half, quarter = dim // 2, dim // 4
    return [
        f"PCA{half},SQ8", f"PCA{quarter},SQ8", f"PCA{half},SQ4", f"PCA{half},PQ{dim // 8}x8np",
        f"PCA{quarter},PQ{dim // 16}x8np", f"PCAR{half},RaBitQ1", f"PCAR{half},EDEN2",
    ]  # fmt: skip


def _weight(name: str) -> float:
    if name.startswith(("OPQ", "RQ", "LSQ")):
        return LEARNT_SLOWLY
    if "x8" in name:
        return TRAINED
    return 1.0 if name.endswith(("fs", "LSHt")) else SLOW


def _note(name: str) -> str:
    return next((note for start, note in NOTES.items() if name.startswith(start)), "")


def _sample(name: str, base: FloatArray) -> FloatArray:
    """Give the rows to learn from: all, or of those that take long about as few as the library asks for."""
    if not name.startswith(("OPQ", "RQ", "LSQ")):
        return base
    most = SAMPLES[16 if name.endswith("x4") else 256]
    return np.ascontiguousarray(base[np.sort(np.random.default_rng(0).permutation(len(base))[:most])])


def _maker(name: str) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        import faiss

        faiss.omp_set_num_threads(threads)
        n, dim = problem.base.shape
        # Of unit vectors distances rank as products do, and codes keep them better: they know lengths.
        # Binary codes are compared by the bits that differ, whatever the metric of the vectors.
        by_product = problem.metric == "ip" and "LSH" not in name
        metric = faiss.METRIC_INNER_PRODUCT if by_product else faiss.METRIC_L2
        index = faiss.index_factory(dim, name, metric)
        _set_up(index)
        sample = _sample(name, problem.base)
        seconds = _train(index, sample)
        trained = faiss.serialize_index(index)
        index.add(problem.base)
        code = int(index.sa_code_size()) if not name.endswith("fs") else _packed(name)
        factors = _factors(name)

        def encode(rows: FloatArray, threads: int) -> object:
            faiss.omp_set_num_threads(threads)
            fresh = faiss.deserialize_index(trained)
            fresh.add(rows)
            return fresh

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            faiss.omp_set_num_threads(threads)
            found: NDArray[np.int64] = index.search(queries, problem.k)[1]
            return found

        shared = faiss.serialize_index(index).nbytes - n * code
        return Entrant(code - factors, factors, int(shared), seconds, encode, search)

    return make


def _train(index: Any, sample: FloatArray) -> float:
    """Learn, and give the seconds that it took."""
    import faiss

    usual = faiss.cvar.distance_compute_blas_threshold
    faiss.cvar.distance_compute_blas_threshold = PRODUCT_ROWS
    try:
        started = time.perf_counter()
        index.train(sample)
        return time.perf_counter() - started
    finally:
        faiss.cvar.distance_compute_blas_threshold = usual


def _set_up(index: Any) -> None:
    """Have it train on few rows too, without a line for each part, and bound what takes minutes."""
    import faiss

    inner = index
    if isinstance(index, faiss.IndexPreTransform):
        inner = faiss.downcast_index(index.index)
        first = faiss.downcast_VectorTransform(index.chain.at(0))
        if isinstance(first, faiss.OPQMatrix):
            first.niter = OPQ_ROUNDS
    if hasattr(inner, "pq"):
        inner.pq.cp.min_points_per_centroid = 1


def _packed(name: str) -> int:
    """Give the bytes of one interleaved code of four bits, which does not tell it itself."""
    return -(-int(name.removeprefix("PQ").removesuffix("x4fs")) // 2)


def _factors(name: str) -> int:
    """Give what of a code is no number of a vector: a length, a factor; three more for more bits."""
    last = name.split(",")[-1]
    if last.startswith("EDEN"):
        return 8
    if last.startswith("RaBitQ"):
        return 8 if last.endswith("1") else 20
    return 0
