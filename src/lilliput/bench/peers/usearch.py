"""USearch: exact search over floats, and over each of its narrower numbers."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.contestants import Contestant
from lilliput.bench.entrants import SLOW, Entrant, Recipe
from lilliput.bench.peers.rounding import grid, on_grid, to_bytes
from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

PACKAGE = "usearch"
SEARCHES_WITH = ()
LARGEST_E4M3 = 448.0
Change = Callable[[FloatArray], NDArray[Any]]


def load() -> ModuleType:
    """Import it. FAISS crashes in its factory when it is loaded second, so that it is loaded first."""
    if find_spec("faiss"):
        import_module("faiss")
    return import_module("usearch.index")


def contestants(problem: Problem, threads: int) -> list[Contestant]:
    """Put up exact search in f32 and in i8.

    Parameters
    ----------
    problem:
        What to search.
    threads:
        For each search.
    """
    kinds = load().MetricKind
    metric = kinds.L2sq if problem.by_distance else kinds.IP
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
    library = load()

    def search() -> NDArray[np.int64]:
        found = library.search(base, queries, k, metric, exact=True, threads=threads)
        return np.asarray(found.keys).astype(np.int64)

    return search


def recipes(problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List its kinds of numbers: cast by itself, on a grid that fits them, and bits about the mean.

    Parameters
    ----------
    problem:
        What to encode and search.
    quick:
        Those of one byte and of one bit.
    """
    names = ["f16", "bf16", "e5m2", "e4m3", "i8, one grid", "b1"]
    if quick:
        names = ["e4m3", "i8, one grid", "b1"]
    if not problem.by_distance:
        names.append("i8")  # its own rounding is for numbers up to 1
    return [Recipe(PACKAGE, name, _maker(name), 1.0 if name == "b1" else SLOW) for name in names]


def _maker(name: str) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        library = load()
        dim = problem.base.shape[1]
        metric = library.MetricKind.L2sq if problem.by_distance else library.MetricKind.IP
        change, shared = _change(name, problem)
        kind = name.partition(",")[0]

        def encode(rows: FloatArray, threads: int) -> Any:
            # The graph is not used by an exact search, so that it is kept as small as it may be.
            index = library.Index(
                ndim=dim,
                metric=library.MetricKind.Hamming if kind == "b1" else metric,
                dtype=kind,
                connectivity=2,
                expansion_add=1,
                expansion_search=1,
            )
            index.add(np.arange(len(rows)), change(rows), threads=threads)
            return index

        index = encode(problem.base, threads)

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            found = index.search(change(queries), problem.k, exact=True, threads=threads)
            return np.asarray(found.keys).astype(np.int64).reshape(len(queries), -1)

        bits = {"f16": 16, "bf16": 16, "b1": 1}.get(kind, 8)
        return Entrant(-(-dim * bits // 8), 0, shared, 0.0, encode, search)

    return make


def _change(name: str, problem: Problem) -> tuple[Change, int]:
    """Give what turns floats into what an index of this kind takes, and the bytes that it needs for that."""
    if name == "b1":
        mean = problem.base.mean(axis=0)
        return (lambda rows: np.packbits(rows > mean, axis=1)), mean.nbytes
    if name == "i8, one grid":
        factor = grid(problem.base, 127)
        return (lambda rows: on_grid(rows, factor)), factor.nbytes
    if name in ("e4m3", "e5m2"):
        factor = grid(problem.base, LARGEST_E4M3)
        return (lambda rows: rows * factor), factor.nbytes
    return (lambda rows: rows), 0
