"""RaBitQ-Library: codes of one to nine bits about the mean of all rows, or about sixteen centres."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.entrants import Entrant, Recipe
from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

PACKAGE = "rabitqlib"
SEARCHES_WITH = ()
BITS = tuple(range(1, 10))
QUICK_BITS = (1, 4)
CENTRES = 16
WITH_CENTRES = (1, 2, 3, 4, 5)  # bits that gain by more than one centre
SAMPLE = 10_000  # rows that centres are looked for among
FEWEST_NUMBERS = 64  # a vector, that its rotation takes
# Beside its code a row has three floats for a bit, and two more for the others; with centres, its number too.
FIRST_FACTORS, MORE_FACTORS, NUMBER = 12, 8, 4
WEIGHT = 2.0
NOTE = "every cluster is probed and no floats are kept, so that its estimates alone rank"


def recipes(problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List its widths about one centre, and the narrow ones about more.

    Parameters
    ----------
    problem:
        What to encode and search.
    quick:
        Two widths about one centre.
    """
    if problem.base.shape[1] < FEWEST_NUMBERS:
        return []
    wanted = [(bits, 1) for bits in (QUICK_BITS if quick else BITS)]
    if not quick and len(problem.base) > SAMPLE:
        wanted += [(bits, CENTRES) for bits in WITH_CENTRES]
    return [
        Recipe(PACKAGE, _name(bits, centres), _maker(bits, centres), WEIGHT, NOTE) for bits, centres in wanted
    ]


def _name(bits: int, centres: int) -> str:
    return f"IVF{centres}, {bits}-bit"


def _maker(bits: int, centres: int) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        from rabitqlib import IvfIndex

        n, dim = problem.base.shape
        started = time.perf_counter()
        centroids = problem.base.mean(axis=0, keepdims=True)
        if centres > 1:
            centroids = _centroids(problem.base, centres, threads)
        seconds = time.perf_counter() - started

        def encode(rows: FloatArray, threads: int) -> Any:
            # Unit vectors rank alike by distance and by product, and its estimates of distances err less.
            index = IvfIndex(dim, len(rows), centres, bits, "l2")
            index.build(rows, centroids, _nearest(rows, centroids), num_threads=threads)
            return index

        index = encode(problem.base, threads)

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            found = index.search(queries, problem.k, centres, num_threads=threads)[0]
            return np.asarray(found).astype(np.int64)

        payload = -(-dim * bits // 8)
        factors = FIRST_FACTORS + (MORE_FACTORS if bits > 1 else 0) + (NUMBER if centres > 1 else 0)
        # Its file numbers the rows of a single cluster too, which are in order.
        written = _written(index) - (NUMBER * n if centres == 1 else 0)
        return Entrant(payload, factors, max(0, written - n * (payload + factors)), seconds, encode, search)

    return make


def _centroids(base: FloatArray, centres: int, threads: int) -> FloatArray:
    from rabitqlib import RaBitQKMeans

    chosen = np.sort(np.random.default_rng(0).permutation(len(base))[:SAMPLE])
    clusters = RaBitQKMeans(base.shape[1], centres, num_threads=threads, seed=0)
    clusters.train(np.ascontiguousarray(base[chosen]))
    found: FloatArray = clusters.centroids
    return found


def _nearest(rows: FloatArray, centroids: FloatArray) -> NDArray[np.uint32]:
    scores = rows @ centroids.T - (centroids * centroids).sum(axis=1) / 2
    nearest: NDArray[np.uint32] = scores.argmax(axis=1).astype(np.uint32)
    return nearest


def _written(index: Any) -> int:
    """Give the bytes of the file that it saves."""
    handle, name = tempfile.mkstemp(prefix="lilliput-bench-")
    os.close(handle)
    try:
        index.save(name)
        return Path(name).stat().st_size
    finally:
        os.unlink(name)
