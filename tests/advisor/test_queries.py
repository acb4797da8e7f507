"""Queries that choose and queries that measure have nothing in common, and rows are sampled fairly."""

from itertools import pairwise

import numpy as np
import pytest

from lilliput.advisor.queries import given_queries, held_out_rows, read_grades
from lilliput.advisor.rows import Base, base_rows
from lilliput.errors import InvalidInput, WrongType
from lilliput.io.source import as_source

NONE = np.empty(0, dtype=np.int64)


def numbered(n: int) -> np.ndarray:
    """Rows that hold their own number."""
    return np.arange(n, dtype=np.float32)[:, None] * np.ones((1, 3), dtype=np.float32)


@pytest.mark.parametrize("n", [20, 57, 1_000, 30_000])
def test_rows_that_choose_measure_and_fit_are_disjoint(n: int) -> None:
    """Each row plays one part, and most are left to fit on."""
    base = Base(numbered(n), np.arange(n), n)
    split = held_out_rows(base, np.random.default_rng(0))

    assert split.own is not None
    assert split.learning is None
    parts = [*split.own, split.fit]
    assert list(range(n)) == np.sort(np.concatenate(parts)).tolist()
    assert len(split.fit) >= 0.6 * n
    assert split.own[0].tolist() == split.choosing[:, 0].tolist()
    assert split.own[1].tolist() == split.measuring[:, 0].tolist() == split.numbers.tolist()


@pytest.mark.parametrize("m", [4, 5, 999, 12_000])
def test_given_queries_either_choose_or_measure(m: int) -> None:
    """Both halves have some, no query is in both, and a seed repeats the split."""
    base = Base(numbered(10), np.arange(10), 10)
    split, again = (given_queries(base, numbered(m), None, np.random.default_rng(1)) for _ in range(2))
    first, second = set(split.choosing[:, 0]), set(split.measuring[:, 0])

    assert not first & second
    assert min(len(first), len(second)) >= 2
    assert split.choosing.tolist() == again.choosing.tolist()
    assert split.learning is not None
    assert first <= set(split.learning[:, 0])
    assert not second & set(split.learning[:, 0])


def test_judged_queries_are_split_evenly() -> None:
    """Where few are judged, half of them are on either side, with their own judgments."""
    base = Base(numbered(50), np.arange(50), 50)
    grades = [{query: 1.0} if query < 6 else {} for query in range(40)]
    split = given_queries(base, numbered(40), grades, np.random.default_rng(2))

    assert split.grades is not None
    for queries, judged in zip((split.choosing, split.measuring), split.grades, strict=True):
        assert 3 == sum(map(bool, judged))
        for query, found in zip(queries[:, 0], judged, strict=True):
            assert grades[int(query)] == found


def test_a_small_source_is_taken_whole() -> None:
    """No copy, no sampling."""
    X = numbered(30)
    base = base_rows(as_source(X), 30, NONE, np.random.default_rng(0))

    assert np.shares_memory(X, base.rows)
    assert not base.sampled


def test_a_large_source_is_sampled_with_what_was_judged() -> None:
    """Sampled rows carry their numbers, in order; judged ones are there."""
    wanted = np.array([0, 17, 999])
    base = base_rows(as_source(iter(np.array_split(numbered(1000), 9))), 50, wanted, np.random.default_rng(0))

    assert base.sampled
    assert 1000 == base.total
    assert 50 <= len(base.rows) <= 53
    assert base.numbers.tolist() == base.rows[:, 0].tolist()
    assert all(a < b for a, b in pairwise(base.numbers.tolist()))
    assert set(wanted.tolist()) <= set(base.numbers.tolist())


def test_every_row_is_as_likely_to_be_sampled() -> None:
    """Over many draws the mean number sampled is that of all numbers, within four standard errors."""
    X = numbered(400)
    means = [
        base_rows(as_source(iter([X])), 40, NONE, np.random.default_rng(seed)).numbers.mean()
        for seed in range(200)
    ]
    error = 400 / np.sqrt(12) / np.sqrt(40 * 200)

    assert abs(np.mean(means) - 199.5) < 4 * error


def test_judgments_follow_their_rows_into_a_sample() -> None:
    """Row numbers of the whole become places in the sample."""
    base = Base(numbered(3), np.array([5, 8, 11]), 20)
    split = given_queries(
        base, numbered(4), [{8: 2.0}, {5: 1.0}, {11: 1.0}, {8: 1.0}], np.random.default_rng(0)
    )

    assert split.grades is not None
    assert {0, 1, 2} == {row for part in split.grades for judged in part for row in judged}


@pytest.mark.parametrize(
    ("qrels", "error"),
    [
        ([{0: 1.0}], InvalidInput),
        ({9: {0: 1.0}}, InvalidInput),
        ([{0: 0.0}] * 6, InvalidInput),
        ([{0: "good"}] * 6, InvalidInput),
        ([[0, 1]] * 6, WrongType),
        (7, WrongType),
    ],
)
def test_judgments_that_fit_no_queries_are_refused(qrels: object, error: type[Exception]) -> None:
    """Another number of queries, no relevant row, no numbers, no mappings."""
    with pytest.raises(error, match="qrels"):
        read_grades(qrels, numbered(6))


def test_judgments_of_rows_that_there_are_not_are_refused() -> None:
    """The message has the row."""
    base = Base(numbered(3), np.arange(3), 3)

    with pytest.raises(InvalidInput, match="row 3"):
        given_queries(base, numbered(4), [{3: 1.0}] * 4, np.random.default_rng(0))
