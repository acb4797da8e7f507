"""What is raced on: sets, files, and the judgment of answers."""

from pathlib import Path

import numpy as np
import pytest

from lilliput.bench import problems as module
from lilliput.bench.problems import Problem, problems
from lilliput.errors import DatasetMissing, InvalidInput
from lilliput.evaluate import Dataset


def small(metric: str = "l2") -> Problem:
    """Twenty rows on a line, and one query at its start."""
    base = np.arange(20, dtype=np.float32)[:, None]
    return Problem("line", "cosine" if metric == "cosine" else "l2", base, np.zeros((1, 1), np.float32), k=4)


def test_recall_of_the_truth_is_one() -> None:
    """The exact answer is wholly right."""
    problem = small()
    truth = problem.truth()

    assert [[0, 1, 2, 3]] == truth.ids.tolist()
    assert problem.recall(truth.ids, truth) == 1.0


def test_recall_counts_what_was_missed() -> None:
    """One wrong answer of four costs a quarter."""
    problem = small()

    assert problem.recall(np.array([[0, 1, 2, 9]]), problem.truth()) == 0.75


def test_recall_takes_a_tie_for_right() -> None:
    """Any of two equal rows is an answer."""
    base = np.array([[0.0], [1.0], [1.0]], dtype=np.float32)
    problem = Problem("tie", "l2", base, np.zeros((1, 1), dtype=np.float32), k=2)

    assert problem.recall(np.array([[0, 2]]), problem.truth()) == 1.0


def test_products_are_those_of_every_pair() -> None:
    """Rows times queries times dimensions."""
    problem = Problem("p", "l2", np.zeros((5, 3), np.float32), np.zeros((2, 3), np.float32))

    assert problem.products == 30


def test_a_file_gives_its_last_rows_as_queries(tmp_path: Path) -> None:
    """A tenth of a small file is held out, and all rows get unit length."""
    rows = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)
    np.save(tmp_path / "X.npy", rows)

    (problem,), missing = problems(tmp_path / "X.npy")

    assert missing == []
    assert ((180, 8), (20, 8), "cosine") == (problem.base.shape, problem.queries.shape, problem.metric)
    np.testing.assert_allclose(np.linalg.norm(problem.queries, axis=1), 1, rtol=1e-6)


def test_a_file_of_too_few_vectors_is_refused(tmp_path: Path) -> None:
    """The sentence has both numbers."""
    np.save(tmp_path / "X.npy", np.ones((10, 4), dtype=np.float32))

    with pytest.raises(InvalidInput, match="holds 10 vectors; a race needs at least 11"):
        problems(tmp_path / "X.npy")


def test_a_generated_set_stands_in_for_those_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be raced on is said, and there is a race all the same."""
    rng = np.random.default_rng(0)

    def load(name: str) -> Dataset:
        if name != "clustered-0":
            raise DatasetMissing(f"no {name} here")
        rows = rng.standard_normal((100, 4)).astype(np.float32)
        return Dataset(name, "l2", rows, rows[:7])

    monkeypatch.setattr(module, "load", load)

    found, missing = problems(quick=True)

    assert [("clustered-0", 100, 7)] == [(p.name, len(p.base), len(p.queries)) for p in found]
    assert ["no minilm-passages here", "no mnist-784 here"] == missing
