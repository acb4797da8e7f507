"""The randomisation test against every exchange, and against what chance must give."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.errors import InvalidInput
from lilliput.evaluate import randomisation_test

VALUES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_few_queries_are_counted_exactly(pairs: list[tuple[int, int]]) -> None:
    """Every way of giving the two names, one loop each."""
    first, second = (np.array(side) / 4 for side in zip(*pairs, strict=True))
    differences = first - second
    reached = [
        abs(np.dot(signs, differences)) >= abs(differences.sum()) - 1e-9
        for signs in product((1, -1), repeat=len(pairs))
    ]

    actual = randomisation_test(first, second)

    assert actual.exact
    assert np.mean(reached) == pytest.approx(actual.p_value, abs=1e-12)
    assert differences.mean() == pytest.approx(actual.difference, abs=1e-12)
    assert actual.low <= actual.difference <= actual.high


def test_sampling_comes_near_to_counting() -> None:
    """Queries that do not differ change nothing but the way; 14 that do are drawn as they are counted."""
    rng = np.random.default_rng(5)
    first = rng.random(14)
    second = first - rng.normal(0.05, 0.2, 14)
    counted = randomisation_test(first, second)
    tiny = 1e-15 * np.arange(1, 5)  # differ, and weigh nothing

    drawn = randomisation_test(np.r_[first, tiny], np.r_[second, np.zeros(4)], resamples=40_000)

    assert (True, False) == (counted.exact, drawn.exact)
    assert counted.p_value == pytest.approx(drawn.p_value, abs=4 * 0.5 / np.sqrt(40_000))


def test_equal_systems_rarely_seem_to_differ() -> None:
    """Under no difference the p-value is below 0.1 in about a tenth of all trials."""
    rng = np.random.default_rng(0)

    found = [randomisation_test(*rng.random((2, 40)), resamples=500).p_value for _ in range(300)]

    assert 0.1 == pytest.approx(np.mean(np.array(found) <= 0.1), abs=0.06)


def test_a_clear_difference_is_seen_from_both_sides() -> None:
    """The direction changes the sign and nothing else; a sampled p-value is never 0."""
    rng = np.random.default_rng(1)
    base = rng.random(200)

    up = randomisation_test(base + 0.1, base, resamples=999)
    down = randomisation_test(base, base + 0.1, resamples=999)

    assert (0.001, 0.001) == (up.p_value, down.p_value)
    assert 0.1 == pytest.approx(up.difference)
    assert up.difference == pytest.approx(-down.difference)
    assert up.low > 0 > down.high


def test_the_seed_decides() -> None:
    """Equal seeds give equal answers; no difference at all gives 1."""
    rng = np.random.default_rng(2)
    first, second = rng.random((2, 60))

    assert randomisation_test(first, second, seed=3) == randomisation_test(first, second, seed=3)
    assert 1.0 == randomisation_test(first, first).p_value


def test_bad_input_is_refused() -> None:
    """Each sentence says what came."""
    with pytest.raises(InvalidInput, match=r"\(2,\) and \(1,\)"):
        randomisation_test([1.0, 2.0], [1.0])
    with pytest.raises(InvalidInput, match="resamples=0"):
        randomisation_test([1.0], [2.0], resamples=0)
    with pytest.raises(InvalidInput, match="not finite"):
        randomisation_test([1.0, np.nan], [1.0, 2.0])
    with pytest.raises(InvalidInput, match="level=2"):
        randomisation_test([1.0], [2.0], level=2)
