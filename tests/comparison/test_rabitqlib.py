"""RaBitQ's codes against those of its authors' library, in the same bits."""

import numpy as np
import pytest

from lilliput.bench.own_codecs import answers
from lilliput.bench.peers import rabitqlib
from lilliput.bench.problems import Problem

pytest.importorskip("rabitqlib", reason="rabitqlib is not installed; the extra `test` has it")

DIM, ROWS, QUERIES, ROTATIONS = 96, 6_000, 1_000, 4


@pytest.fixture(scope="module")
def clustered() -> Problem:
    """Vectors in sixty clusters, some dimensions wider than others; queries are others of the same kind."""
    rng = np.random.default_rng(0)
    centres, spread = rng.standard_normal((60, DIM)), 1 / np.sqrt(1 + np.arange(DIM) / 8)
    n = ROWS + QUERIES
    rows = (centres[rng.integers(0, 60, n)] + rng.standard_normal((n, DIM))) * spread
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return Problem("clustered", "cosine", rows[:ROWS], rows[ROWS:])


@pytest.mark.parametrize("bits", range(1, 9))
def test_as_many_neighbours_are_found(clustered: Problem, bits: int) -> None:
    """Recall is at most 0.01 lower, over four rotations of each: one alone moves it by some 0.005."""
    (recipe,) = [each for each in rabitqlib.recipes(clustered) if each.name == f"IVF1, {bits}-bit"]
    truth = clustered.truth()

    ours = [
        clustered.recall(answers(f"rabitq{bits}", clustered, seed=seed), truth) for seed in range(ROTATIONS)
    ]
    # It draws another rotation each time.
    theirs = [
        clustered.recall(recipe.make(clustered, 1).search(clustered.queries, 1), truth)
        for _ in range(ROTATIONS)
    ]

    assert np.mean(ours) >= np.mean(theirs) - 0.01
