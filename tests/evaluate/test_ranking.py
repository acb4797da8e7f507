"""Metrics against values worked out by hand and slow loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.errors import InvalidInput
from lilliput.evaluate import (
    exact_neighbours,
    exact_scores,
    hit_rate_at_k,
    judged_recall_at_k,
    map_at_k,
    mrr_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
)

GRADES = st.dictionaries(st.integers(0, 12), st.integers(-1, 4).map(float), max_size=8)
RUNS = st.lists(st.integers(0, 12), min_size=1, max_size=10, unique=True)


def slow_ndcg(run: list[int], judged: dict[int, float], k: int) -> float:
    """The formula, place by place."""
    gained = sum(max(judged.get(doc, 0), 0) / math.log2(place + 2) for place, doc in enumerate(run[:k]))
    best = sorted((max(grade, 0) for grade in judged.values()), reverse=True)[:k]
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(best))
    return gained / ideal if ideal else 0.0


@given(RUNS, GRADES, st.integers(1, 12))
def test_ndcg_equals_its_formula(run: list[int], judged: dict[int, float], k: int) -> None:
    """Linear gains equal the loop to rounding."""
    expected = slow_ndcg(run, judged, k)

    (actual,) = ndcg_at_k([run], [judged], k)

    assert expected == pytest.approx(actual, abs=1e-12)


@given(RUNS, GRADES, st.integers(1, 12))
def test_exponential_gains_are_linear_gains_of_other_grades(
    run: list[int], judged: dict[int, float], k: int
) -> None:
    """The gain 2 ** grade - 1 is a linear gain of that grade."""
    others = {doc: 2 ** max(grade, 0) - 1 for doc, grade in judged.items()}
    expected = slow_ndcg(run, others, k)

    (actual,) = ndcg_at_k([run], [judged], k, gains="exp")

    assert expected == pytest.approx(actual, abs=1e-12)


def test_ndcg_by_hand() -> None:
    """Grades 0, 3, 2 found and 3, 2, 1 to be had."""
    expected = (3 / math.log2(3) + 2 / 2) / (3 + 2 / math.log2(3) + 1 / 2)

    (actual,) = ndcg_at_k([[9, 1, 2]], [{1: 3.0, 2: 2.0, 3: 1.0}], 3)

    assert expected == pytest.approx(actual, abs=1e-12)


@given(RUNS, GRADES, st.integers(1, 12))
def test_mrr_is_one_over_the_first_relevant_place(run: list[int], judged: dict[int, float], k: int) -> None:
    """The loop and the array agree."""
    expected = next((1 / place for place, doc in enumerate(run[:k], 1) if judged.get(doc, 0) > 0), 0.0)

    (actual,) = mrr_at_k([run], [judged], k)

    assert expected == actual


@given(RUNS, GRADES, st.integers(1, 12))
def test_hits_are_the_share_of_relevant_ids_found(run: list[int], judged: dict[int, float], k: int) -> None:
    """The sets and the array agree."""
    relevant = {doc for doc, grade in judged.items() if grade > 0}
    expected = len(relevant & set(run[:k])) / len(relevant) if relevant else 0.0

    (actual,) = judged_recall_at_k([run], [judged], k)

    assert expected == actual


@given(RUNS, GRADES, st.integers(1, 12))
def test_average_precision_equals_its_loop(run: list[int], judged: dict[int, float], k: int) -> None:
    """The precision at each relevant place, summed and divided by what is relevant."""
    relevant = {doc for doc, grade in judged.items() if grade > 0}
    hits = [place for place, doc in enumerate(run[:k], 1) if doc in relevant]
    expected = sum(found / place for found, place in enumerate(hits, 1)) / max(1, len(relevant))

    (actual,) = map_at_k([run], [judged], k)

    assert expected == pytest.approx(actual, abs=1e-12)


@given(RUNS, GRADES, st.integers(1, 12))
def test_precision_and_hit_rate_count_hits(run: list[int], judged: dict[int, float], k: int) -> None:
    """Hits over k places; and whether there is one."""
    hits = sum(judged.get(doc, 0) > 0 for doc in run[:k])

    assert [hits / k] == precision_at_k([run], [judged], k).tolist()
    assert [float(hits > 0)] == hit_rate_at_k([run], [judged], k).tolist()


def test_empty_places_and_repeats_gain_nothing() -> None:
    """An id counts once, at its first place; -1 never does."""
    judged = [{1: 1.0, 2: 1.0, -1: 1.0}]

    assert ndcg_at_k([[1, 2]], [{1: 1.0, 2: 1.0}], 9) == pytest.approx([1.0])
    assert [0.5] == judged_recall_at_k([[1, 1, -1]], [{1: 1.0, 2: 1.0}], 3).tolist()
    assert [0.5] == mrr_at_k([[-1, 1]], judged, 3).tolist()
    assert [1 / 3] == precision_at_k([[1, 1, -1]], judged, 3).tolist()
    assert [0.5] == map_at_k([[1, 1, -1]], [{1: 1.0, 2: 1.0}], 3).tolist()
    assert [0.0] == hit_rate_at_k([[-1, 5]], judged, 3).tolist()


def test_recall_by_hand() -> None:
    """Three of four found; the order does not matter."""
    truth = [[0.9, 0.8, 0.7, 0.6]]

    actual = recall_at_k([[3, 8, 1, 2]], [[0.6, 0.1, 0.8, 0.7]], truth, 4, larger_is_better=True)

    assert [0.75] == actual.tolist()


@pytest.mark.parametrize("larger", [True, False])
def test_recall_counts_any_choice_among_equals(larger: bool) -> None:
    """Ids that tie with the k-th true neighbour are true, whichever are taken."""
    sign = 1.0 if larger else -1.0
    truth = [[sign * 0.9, sign * 0.5]]

    tied = recall_at_k([[0, 7]], [[sign * 0.9, sign * 0.5]], truth, 2, larger_is_better=larger)
    two_tied = recall_at_k([[6, 7]], [[sign * 0.5, sign * 0.5]], truth, 2, larger_is_better=larger)
    worse = recall_at_k([[0, 8]], [[sign * 0.9, sign * 0.49]], truth, 2, larger_is_better=larger)

    assert [1.0] == tied.tolist()
    assert [1.0] == two_tied.tolist()
    assert [0.5] == worse.tolist()


def test_recall_counts_an_id_once() -> None:
    """Returning the best row k times is no way to full recall."""
    actual = recall_at_k([[4, 4, -1]], [[0.9, 0.9, np.nan]], [[0.9, 0.8, 0.7]], 3, larger_is_better=True)

    assert [1 / 3] == actual.tolist()


def test_recall_divides_by_the_neighbours_there_are() -> None:
    """With two rows in all, both found is full recall at 5; none there is none found."""
    truth = [[0.9, 0.8, np.nan, np.nan, np.nan], [np.nan] * 5]
    found = [[1, 0, -1, -1, -1], [-1] * 5]

    actual = recall_at_k(found, truth, truth, 5, larger_is_better=True)

    assert [1.0, 0.0] == actual.tolist()


@pytest.mark.parametrize("metric", ["ip", "l2", "cosine"])
def test_the_truth_has_full_recall(metric: str) -> None:
    """Exact neighbours, rescored, are all counted: rounding stays within the tolerance."""
    rng = np.random.default_rng(0)
    X, Q = rng.standard_normal((2, 500, 64)).astype(np.float32)
    truth = exact_neighbours(X, Q, 10, metric, progress=False)  # type: ignore[arg-type]
    scores = exact_scores(X, Q, truth.ids, metric)  # type: ignore[arg-type]

    actual = recall_at_k(truth.ids, scores, truth.scores, 10, larger_is_better=metric != "l2")

    assert 1.0 == actual.min()


def test_shapes_that_disagree_are_refused() -> None:
    """Each sentence says what came."""
    with pytest.raises(InvalidInput, match=r"\(1, 2\)"):
        recall_at_k([[1, 2]], [[0.1]], [[0.1, 0.2]], 2, larger_is_better=True)
    with pytest.raises(InvalidInput, match="holds 1 neighbours"):
        recall_at_k([[1, 2]], [[0.1, 0.2]], [[0.1]], 2, larger_is_better=True)
    with pytest.raises(InvalidInput, match="2 queries"):
        ndcg_at_k([[1, 2]], [{}, {}], 2)
    with pytest.raises(InvalidInput, match="k=0"):
        mrr_at_k([[1, 2]], [{}], 0)
    with pytest.raises(InvalidInput, match="'linear' or 'exp'"):
        ndcg_at_k([[1, 2]], [{}], 1, gains="log")  # type: ignore[arg-type]
