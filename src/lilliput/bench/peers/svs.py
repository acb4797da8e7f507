"""Scalable Vector Search: its locally adaptive codes (LVQ), as its flat scan takes them."""

import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.entrants import SLOW, Entrant, Recipe
from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

PACKAGE = "scalable-vs"
SEARCHES_WITH = ()
# Bits of the code and of its residual. One level of four bits, and four with eight, have no flat scan there.
LEVELS = {"LVQ8": (8, 0), "LVQ4x4": (4, 4)}
FACTORS = 9  # a scale, an offset and a byte that says which centre; its own files hold as many
NOTE = "reads vectors from a file; LVQ4 and LVQ4x8 have no flat scan in it"


def recipes(problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List the codes that its flat scan takes.

    Parameters
    ----------
    problem:
        What to encode and search.
    quick:
        Makes no difference.
    """
    return [Recipe(PACKAGE, name, _maker(name), SLOW, NOTE) for name in LEVELS]


def _maker(name: str) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        from svs import L2, MIP, Flat

        dim = problem.base.shape[1]
        folder = Path(tempfile.mkdtemp(prefix="lilliput-bench-"))
        distance = L2 if problem.by_distance else MIP
        files: dict[int, Path] = {}

        def encode(rows: FloatArray, threads: int) -> Any:
            # Written when it is first asked for, which no clock sees.
            if len(rows) not in files:
                files[len(rows)] = _write(rows, folder)
            return Flat(_loader(name, files[len(rows)], dim), distance=distance, num_threads=threads)

        weakref.finalize(encode, shutil.rmtree, folder, ignore_errors=True)
        index = encode(problem.base, threads)

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            if index.num_threads != threads:
                index.num_threads = threads
            return np.asarray(index.search(queries, problem.k)[0]).astype(np.int64)

        primary, residual = LEVELS[name]
        payload = -(-dim * primary // 8) + -(-dim * residual // 8)
        return Entrant(payload, FACTORS, 4 * dim, 0.0, encode, search)

    return make


def _write(rows: FloatArray, folder: Path) -> Path:
    from svs import write_vecs

    path = folder / f"{len(rows)}-{time.monotonic_ns()}.fvecs"
    write_vecs(rows, str(path))
    return path


def _loader(name: str, path: Path, dim: int) -> Any:
    from svs import LVQLoader, Sequential, VectorDataLoader, float32

    primary, residual = LEVELS[name]
    data = VectorDataLoader(str(path), float32, dim)
    return LVQLoader(data, primary=primary, residual=residual, strategy=Sequential)
