"""What the contestants search: base vectors, queries, and the exact answers."""

import os
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import Metric
from lilliput.errors import DatasetMissing, InvalidInput
from lilliput.evaluate import exact_neighbours, exact_scores, load, recall_at_k
from lilliput.evaluate.truth import Neighbours
from lilliput.io.arrays import FloatArray
from lilliput.io.source import as_matrix

QUERIES = 1_000
QUICK_ROWS = 10_000
K = 10


@dataclass(frozen=True)
class Problem:
    """One exhaustive search.

    Attributes
    ----------
    name:
        The data set.
    metric:
        "cosine" (both sides have unit length) or "l2".
    base, queries:
        float32 (n, d) and (m, d), C-contiguous.
    k:
        Neighbours wanted.
    """

    name: str
    metric: Metric
    base: FloatArray
    queries: FloatArray
    k: int = K

    @property
    def products(self) -> int:
        """Multiply-adds that scoring every row against every query takes."""
        return len(self.queries) * self.base.size

    @property
    def by_distance(self) -> bool:
        """Whether smaller scores are better; else the dot product ranks."""
        return self.metric == "l2"

    def truth(self) -> Neighbours:
        """Find the exact neighbours."""
        return exact_neighbours(self.base, self.queries, self.k, self.metric, progress=False)

    def recall(self, found: NDArray[np.int64], truth: Neighbours) -> float:
        """Give the mean recall of an answer (m, k), a tie with the k-th counting as right."""
        return float(self.recalls(found, truth).mean())

    def recalls(self, found: NDArray[np.int64], truth: Neighbours) -> NDArray[np.float64]:
        """Give the recall of each query (m,)."""
        scores = exact_scores(self.base, self.queries, found, self.metric)
        return recall_at_k(found, scores, truth.scores, self.k, larger_is_better=not self.by_distance)


def problems(
    data: str | os.PathLike[str] | None = None, *, quick: bool = False
) -> tuple[list[Problem], list[str]]:
    """Gather what to race on.

    Parameters
    ----------
    data:
        A file of vectors: its last rows, up to 1,000, are the queries under cosine. None takes MiniLM
        passages with real queries, and MNIST; a generated set stands in where both are missing.
    quick:
        At most 10,000 rows.

    Returns
    -------
    problems:
        At least one.
    missing:
        A sentence for each set that is not on this machine.

    Raises
    ------
    InvalidInput
        When the file holds too few vectors.
    FileError
        When it cannot be read.
    """
    missing: list[str] = []
    if data is not None:
        found = [_from_file(data)]
    else:
        found = []
        for make in (_passages, _digits):
            try:
                found.append(make())
            except DatasetMissing as error:
                missing.append(str(error))
        if not found:
            found.append(_generated())
    return [_small(problem) if quick else problem for problem in found], missing


def _passages() -> Problem:
    passages, more = load("minilm-passages"), load("limit-small")
    queries = np.concatenate([passages.queries, more.queries])[:QUERIES]
    return Problem("minilm-passages", "cosine", _unit(passages.vectors), _unit(queries))


def _digits() -> Problem:
    digits = load("mnist-784")
    return Problem("mnist-784", "l2", _floats(digits.vectors), _floats(digits.queries[:QUERIES]))


def _generated() -> Problem:
    found = load("clustered-0")
    return Problem("clustered-0", "l2", found.vectors[:60_000], found.queries[:QUERIES])


def _from_file(path: str | os.PathLike[str]) -> Problem:
    rows = _unit(as_matrix(path, name="data"))
    held_out = min(QUERIES, len(rows) // 10)
    if held_out < 1 or len(rows) - held_out < K:
        raise InvalidInput(f"{path} holds {len(rows)} vectors; a race needs at least {K + 1}.")
    return Problem(os.path.basename(path), "cosine", rows[:-held_out], rows[-held_out:])


def _small(problem: Problem) -> Problem:
    # As many queries as ever: peers take other, slower ways with few.
    return replace(problem, base=problem.base[:QUICK_ROWS])


def _floats(rows: NDArray[np.generic]) -> FloatArray:
    return np.ascontiguousarray(rows, dtype=np.float32)


def _unit(rows: NDArray[np.generic]) -> FloatArray:
    return _core.normalize(_floats(rows))
