"""The f32 kernels against plain numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import floats
from matrices import SCORERS, Problem, Scorer, encode, problems, same_bits

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)


@isas
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_encode_is_bit_equal(isa: str, problem: Problem, with_beta: bool) -> None:
    """Rows are copied, and beta is minus the norm to the bit."""
    expected = floats.encode(problem.X, "f32", with_beta)

    actual = encode("f32", problem.X, with_beta, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.beta, actual.beta)


@isas
@scorers
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_scores_stay_within_the_tolerance(isa: str, score: Scorer, problem: Problem, with_beta: bool) -> None:
    """Every way to score lies within 4 ulp * sqrt(d) of float64, with beta and without."""
    rows = encode("f32", problem.X, with_beta, "portable")
    expected = floats.scores(rows.rows, "f32", problem.Q, problem.bias, rows.beta)

    actual = score(rows.codes("f32", problem.X.shape[1]), problem.Q, problem.bias, isa)

    assert (np.abs(expected.values - actual) <= expected.tolerance).all()


@isas
@scorers
def test_small_integers_score_exactly(isa: str, score: Scorer) -> None:
    """Where no step rounds, every instruction set gives the same number in whatever order it adds."""
    rng = np.random.default_rng(0)
    X = rng.integers(-8, 9, (67, 203)).astype(np.float32)
    Q = rng.integers(-8, 9, (65, 203)).astype(np.float32)
    expected = Q @ X.T + 3

    codes = encode("f32", X, False, isa).codes("f32", 203)
    actual = score(codes, Q, np.full(65, 3, np.float32), isa)

    np.testing.assert_array_equal(expected, actual)
