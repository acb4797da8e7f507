"""sentence-transformers: `quantize_embeddings`, searched by its own recipes and without their re-scoring."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.entrants import SLOW, Entrant, Recipe
from lilliput.bench.peers.usearch import load as load_usearch
from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

PACKAGE = "sentence-transformers"
SEARCHES_WITH = ("faiss-cpu", "usearch")
RECIPES = {"int8": "usearch", "uint8": "faiss", "ubinary": "faiss"}  # the library that each searches with
DECODED = ("int8", "ubinary")
BATCH = 100  # queries whose scores of all rows are in memory together
RECIPE_NOTE = "its recipe compares codes with codes; the Python objects that it answers with are timed too"
DECODED_NOTE = "every row scored as its re-scoring would: the float query with the decoded row, by numpy"


def recipes(problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List its precisions, for vectors that are compared by their angle.

    Parameters
    ----------
    problem:
        What to encode and search.
    quick:
        Makes no difference.
    """
    if problem.by_distance:
        return []
    found = [
        Recipe(PACKAGE, f"{precision}, {library}", _maker(precision, library), SLOW, RECIPE_NOTE)
        for precision, library in RECIPES.items()
    ]
    return found + [
        Recipe(PACKAGE, f"{precision}, decoded", _maker(precision, "numpy"), note=DECODED_NOTE)
        for precision in DECODED
    ]


def _maker(precision: str, library: str) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        from sentence_transformers import quantize_embeddings

        dim = problem.base.shape[1]
        started = time.perf_counter()
        ranges = None
        if precision.endswith("int8"):
            ranges = np.vstack([problem.base.min(axis=0), problem.base.max(axis=0)])
        seconds = time.perf_counter() - started

        def encode(rows: FloatArray, threads: int) -> NDArray[Any]:
            found: NDArray[Any] = quantize_embeddings(rows, precision=precision, ranges=ranges)
            return found

        codes = encode(problem.base, threads)
        if library == "numpy":
            search = _by_numpy(_decoded(codes, ranges, dim), problem.k)
        else:
            search = _by_recipe(codes, precision, library, encode, problem.k)
        payload = codes.shape[1]
        return Entrant(payload, 0, 0 if ranges is None else ranges.nbytes, seconds, encode, search)

    return make


def _by_recipe(
    codes: NDArray[Any],
    precision: str,
    library: str,
    encode: Callable[[FloatArray, int], NDArray[Any]],
    k: int,
) -> Callable[[FloatArray, int], NDArray[np.int64]]:
    from sentence_transformers.util import quantization

    recipe = getattr(quantization, f"semantic_search_{library}")
    index = _index(codes, precision)

    def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
        import faiss

        faiss.omp_set_num_threads(threads)
        asked = encode(queries, threads)
        answers, _ = recipe(asked, corpus_index=index, corpus_precision=precision, top_k=k, rescore=False)
        return np.array([[hit["corpus_id"] for hit in hits] for hits in answers], dtype=np.int64)

    return search


def _index(codes: NDArray[Any], precision: str) -> Any:
    """Build the index that its recipe would, but for a graph that an exact search does not use."""
    import faiss

    width = codes.shape[1]
    if precision == "int8":
        index = load_usearch().Index(
            ndim=width, metric="ip", dtype="i8", connectivity=2, expansion_add=1, expansion_search=1
        )
        index.add(np.arange(len(codes)), codes)
        return index
    flat = faiss.IndexBinaryFlat(8 * width) if precision == "ubinary" else faiss.IndexFlatIP(width)
    flat.add(codes)
    return flat


def _decoded(codes: NDArray[Any], ranges: FloatArray | None, dim: int) -> FloatArray:
    if ranges is None:
        bits: FloatArray = np.unpackbits(codes, axis=1, count=dim).astype(np.float32)
        return bits
    steps = (ranges[1] - ranges[0]) / 255
    decoded: FloatArray = (codes.astype(np.float32) + 128) * steps + ranges[0]
    return decoded


def _by_numpy(rows: FloatArray, k: int) -> Callable[[FloatArray, int], NDArray[np.int64]]:
    def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
        found = np.empty((len(queries), k), dtype=np.int64)
        for first in range(0, len(queries), BATCH):
            scores = queries[first : first + BATCH] @ rows.T
            best = np.argpartition(scores, -k, axis=1)[:, -k:]
            order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
            found[first : first + BATCH] = np.take_along_axis(best, order, axis=1)
        return found

    return search
