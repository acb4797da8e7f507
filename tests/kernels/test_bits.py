"""The kernels of sign bits against plain numpy, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import bits
from matrices import SCORERS, Problem, Scorer, encode, problems

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)


@isas
@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_encode_is_bit_equal(isa: str, problem: Problem) -> None:
    """A bit is set where x > 0 (never for a zero of either sign), and bits past the end are clear."""
    expected = bits.encode(problem.X)

    actual = encode("bits", problem.X, False, isa)

    np.testing.assert_array_equal(expected, actual.rows)


@isas
@scorers
@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_scores_are_bit_equal(isa: str, score: Scorer, problem: Problem) -> None:
    """Every way to score gives the one formula's float32."""
    rows = bits.encode(problem.X)
    expected = bits.scores(rows, problem.Q, problem.bias)

    actual = score(_core.Codes("bits", problem.X.shape[1], rows), problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)


@isas
@scorers
@settings(max_examples=30, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_bits_past_the_end_do_not_count(isa: str, score: Scorer, problem: Problem, seed: int) -> None:
    """What lies in the last byte beyond the dimension changes no score."""
    dim = problem.X.shape[1]
    rows = np.random.default_rng(seed).integers(0, 256, (len(problem.X), (dim + 7) // 8), np.uint8)
    expected = bits.scores(rows, problem.Q, problem.bias)

    actual = score(_core.Codes("bits", dim, rows), problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)


@isas
@scorers
def test_the_largest_dimension_does_not_overflow(isa: str, score: Scorer) -> None:
    """65,536 equal elements, all bits set or none, stay exact."""
    rows = np.zeros((3, 8_192), np.uint8)
    rows[1] = 0xFF
    Q = np.full((17, 65_536), -2.5, np.float32)
    Q[3] = 1.0
    expected = bits.scores(rows, Q, np.zeros(17, np.float32))

    actual = score(_core.Codes("bits", 65_536, rows), Q, np.zeros(17, np.float32), isa)

    np.testing.assert_array_equal(expected, actual)
