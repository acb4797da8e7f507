"""turbovec: two to four bits a number on a rotated, calibrated grid."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.entrants import Entrant, Recipe
from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

PACKAGE = "turbovec"
SEARCHES_WITH = ()
BITS = {4: 4, 3: 4, 2: 2}  # and how many it stores
SAMPLE = 1_024  # rows that it asks for to calibrate
FACTORS = 4
NOTE = "has its own pool of threads, so that one thread is told by processor time"


def recipes(problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List its widths, for vectors that are compared by their angle.

    Parameters
    ----------
    problem:
        What to encode and search.
    quick:
        The widest and the narrowest.
    """
    if problem.by_distance or problem.base.shape[1] % 8:
        return []
    wanted = (max(BITS), min(BITS)) if quick else tuple(BITS)
    return [Recipe(PACKAGE, f"{bits}-bit", _maker(bits), note=NOTE) for bits in wanted]


def _maker(bits: int) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        from turbovec import TurboQuantIndex

        n, dim = problem.base.shape
        chosen = np.random.default_rng(0).permutation(n)[:SAMPLE]
        sample = problem.base[np.sort(chosen)]
        started = time.perf_counter()
        index = TurboQuantIndex(dim, bits)
        index.calibrate(sample)
        seconds = time.perf_counter() - started
        empty = index.to_bytes()
        index.add(problem.base)
        index.prepare()

        def encode(rows: FloatArray, threads: int) -> object:
            fresh = TurboQuantIndex.from_bytes(empty)
            fresh.add(rows)
            return fresh

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            return np.asarray(index.search(queries, problem.k)[1]).astype(np.int64)

        payload = dim * BITS[bits] // 8
        shared = len(index.to_bytes()) - n * (payload + FACTORS)
        return Entrant(payload, FACTORS, shared, seconds, encode, search)

    return make
