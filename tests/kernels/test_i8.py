"""The int8 kernels on bytes that no encoder writes, and at the largest dimension."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import int8
from matrices import SCORERS, Problem, Scorer, problems

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)


@isas
@scorers
@settings(max_examples=30, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_any_bytes_score_alike(isa: str, score: Scorer, problem: Problem, seed: int) -> None:
    """Bytes that no encoder writes (-128) are summed exactly too; alpha may be absent."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(np.array([0x80, 0x7F, 0x81, 0xFF, 0], np.uint8), problem.X.shape)
    expected = int8.scores(rows, problem.Q, problem.bias)

    actual = score(_core.Codes("i8", rows.shape[1], rows), problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)


@isas
@scorers
def test_the_largest_dimension_does_not_overflow(isa: str, score: Scorer) -> None:
    """65,536 products of 127 * 128 stay exact."""
    rows = np.full((3, 65_536), 0x80, np.uint8)
    rows[1] = 0x7F
    Q = np.ones((2, 65_536), np.float32)
    expected = int8.scores(rows, Q, np.zeros(2, np.float32))

    actual = score(_core.Codes("i8", 65_536, rows), Q, np.zeros(2, np.float32), isa)

    np.testing.assert_array_equal(expected, actual)
