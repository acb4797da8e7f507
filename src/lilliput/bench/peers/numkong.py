"""NumKong: packed products of narrow numbers; numpy picks the best, as the library leaves that to callers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.contestants import Contestant
from lilliput.bench.entrants import Entrant, Recipe
from lilliput.bench.peers.rounding import grid, on_grid, to_bytes
from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

PACKAGE = "numkong"
SEARCHES_WITH = ()
# Bytes a number and the largest one; None where floats are cast as they are.
KINDS: dict[str, tuple[int, float | None]] = {
    "f16": (2, None),
    "bf16": (2, None),
    "e5m2": (1, 57344.0),
    "e4m3": (1, 448.0),
    "e3m2": (1, 28.0),
    "e2m3": (1, 7.5),
    "i8": (1, 127.0),
}
QUICK_KINDS = ("bf16", "e4m3", "i8")
NOTE = (
    "one grid for all; floats of 16 and 8 bits are packed wider in memory, their codes are counted; "
    "computes on the calling thread, and numpy picks the best"
)

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


def recipes(problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List the kinds of numbers that have packed products.

    Parameters
    ----------
    problem:
        What to encode and search.
    quick:
        One kind of each width.
    """
    return [Recipe(PACKAGE, kind, _maker(kind), note=NOTE) for kind in (QUICK_KINDS if quick else KINDS)]


def _maker(kind: str) -> Callable[[Problem, int], Entrant]:
    def make(problem: Problem, threads: int) -> Entrant:
        import numkong

        width, largest = KINDS[kind]
        factor = np.float32(1) if largest is None else grid(problem.base, largest)
        multiply = numkong.euclideans_packed if problem.by_distance else numkong.dots_packed

        def cast(rows: FloatArray) -> Any:
            return on_grid(rows, factor) if kind == "i8" else numkong.astype(rows * factor, kind)

        packed = numkong.dots_pack(cast(problem.base))

        def encode(rows: FloatArray, threads: int) -> object:
            return numkong.dots_pack(cast(rows))

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            return np.concatenate(
                [
                    _best(
                        np.asarray(multiply(cast(queries[first : first + BATCH]), packed)),
                        problem.k,
                        problem.by_distance,
                    )
                    for first in range(0, len(queries), BATCH)
                ]
            )

        shared = 0 if largest is None else factor.nbytes
        return Entrant(width * problem.base.shape[1], 0, shared, 0.0, encode, search)

    return make
