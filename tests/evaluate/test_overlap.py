"""Rank-biased overlap against the formulas of its paper, place by place."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.errors import InvalidInput
from lilliput.evaluate import rank_biased_overlap

RANKING = st.lists(st.integers(0, 9), min_size=1, max_size=9, unique=True)
PATIENCE = st.floats(0.05, 0.98)

# The two rankings of the paper's first table, letters as numbers, and their agreement at each depth.
LETTERS = ([0, 1, 2, 3, 4, 5, 6], [25, 2, 0, 21, 22, 23, 24])
AGREEMENT = [0, 0, 2 / 3, 2 / 4, 2 / 5, 2 / 6, 2 / 7]


def overlap(first: list[int], second: list[int], depth: int) -> int:
    """How many ids are in the first places of both."""
    return len(set(first[:depth]) & set(second[:depth]))


def slow_extrapolated(first: list[int], second: list[int], p: float) -> float:
    """Equation 32, written out."""
    short, long = sorted((first, second), key=len)
    s, l_ = len(short), len(long)
    at_s, at_l = overlap(short, long, s), overlap(short, long, l_)
    seen = sum(overlap(short, long, d) / d * p**d for d in range(1, l_ + 1))
    beyond = sum(at_s * (d - s) / (s * d) * p**d for d in range(s + 1, l_ + 1))
    return (1 - p) / p * (seen + beyond) + ((at_l - at_s) / l_ + at_s / s) * p**l_


def endless(first: list[int], second: list[int], p: float) -> float:
    """The sum itself, the lists going on with ids that never meet."""
    depths = range(1, 3_000)
    return (1 - p) * sum(overlap(first, second, d) / d * p ** (d - 1) for d in depths)


@given(RANKING, RANKING, PATIENCE)
def test_extrapolated_equals_equation_32(first: list[int], second: list[int], p: float) -> None:
    """Lists of even and uneven length, either of them first."""
    expected = slow_extrapolated(first, second, p)

    assert expected == pytest.approx(rank_biased_overlap([first], [second], p=p)[0], abs=1e-9)
    assert expected == pytest.approx(rank_biased_overlap([second], [first], p=p)[0], abs=1e-9)


@given(RANKING, RANKING, st.floats(0.05, 0.95))
def test_least_is_the_sum_when_nothing_more_agrees(first: list[int], second: list[int], p: float) -> None:
    """The closed form equals three thousand depths."""
    expected = endless(first, second, p)

    (actual,) = rank_biased_overlap([first], [second], p=p, estimate="least")

    assert expected == pytest.approx(actual, abs=1e-9)


@given(RANKING, RANKING, PATIENCE)
def test_no_continuation_undercuts_the_least(first: list[int], second: list[int], p: float) -> None:
    """Longer lists only raise the bound, and the extrapolation stays above it."""
    more = [*first, *(x for x in range(10) if x not in first)]

    (least,) = rank_biased_overlap([first], [second], p=p, estimate="least")

    assert least <= rank_biased_overlap([more], [second], p=p, estimate="least")[0] + 1e-9
    assert least <= rank_biased_overlap([first], [second], p=p)[0] + 1e-9


def test_the_paper_s_example() -> None:
    """The agreements of the first table, weighed and carried on."""
    p = 0.9
    seen = (1 - p) * sum(a * p**d for d, a in enumerate(AGREEMENT))
    expected = seen + AGREEMENT[-1] * p ** len(AGREEMENT)

    (actual,) = rank_biased_overlap([LETTERS[0]], [LETTERS[1]], p=p)

    assert expected == pytest.approx(actual, abs=1e-12)


def test_equal_lists_are_one_and_strangers_nothing() -> None:
    """The ends of the scale; the bound of equal lists is what a reader sees of them."""
    same, other = [[3, 1, 2]], [[7, 8, 9]]
    unseen = 1 - 0.5 * (1 + 0.5 + 0.25) - 3 * (math.log(2) - 0.5 - 0.125 - 1 / 24)

    assert [1.0] == rank_biased_overlap(same, same).tolist()
    assert [0.0] == rank_biased_overlap(same, other).tolist()
    assert 1 - unseen == pytest.approx(rank_biased_overlap(same, same, p=0.5, estimate="least")[0])


def test_empty_places_and_repeats_are_passed_over() -> None:
    """Only distinct ids make a ranking; an empty one agrees with nothing."""
    expected = rank_biased_overlap([[5, 6]], [[6, 5]]).tolist()

    assert expected == rank_biased_overlap([[5, -1, 5, 6]], [[6, 6, 5, -1]]).tolist()
    assert [0.0, 0.0] == rank_biased_overlap([[-1, -1], [1, 2]], [[1, 2], [-1, -1]]).tolist()


def test_bad_input_is_refused() -> None:
    """Each sentence says what came."""
    with pytest.raises(InvalidInput, match=r"\(1, 2\) and \(2, 1\)"):
        rank_biased_overlap([[1, 2]], [[1], [2]])
    with pytest.raises(InvalidInput, match=r"p=1.0"):
        rank_biased_overlap([[1]], [[1]], p=1.0)
    with pytest.raises(InvalidInput, match="'extrapolated' or 'least'"):
        rank_biased_overlap([[1]], [[1]], estimate="most")  # type: ignore[arg-type]
