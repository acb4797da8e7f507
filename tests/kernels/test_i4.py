"""The int4 kernels on nibbles that no encoder writes, and at the largest dimension."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import int4
from lilliput.reference.int8 import quantise
from matrices import SCORERS, Problem, Scorer, problems

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)


@isas
@scorers
@settings(max_examples=30, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_any_bytes_score_alike(isa: str, score: Scorer, problem: Problem, seed: int) -> None:
    """Nibbles that no encoder writes (-8) are summed exactly too, and one past the end does not count."""
    dim = problem.X.shape[1]
    rows = np.random.default_rng(seed).integers(0, 256, (len(problem.X), (dim + 1) // 2), np.uint8)
    expected = int4.scores(rows, problem.Q, problem.bias)

    actual = score(_core.Codes("i4", dim, rows), problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)


@isas
@scorers
def test_the_largest_dimension_does_not_overflow(isa: str, score: Scorer) -> None:
    """65,536 products of 127 * 8 stay exact."""
    rows = np.full((3, 32_768), 0x00, np.uint8)
    rows[1] = 0xFF
    Q = np.ones((2, 65_536), np.float32)
    expected = int4.scores(rows, Q, np.zeros(2, np.float32))

    actual = score(_core.Codes("i4", 65_536, rows), Q, np.zeros(2, np.float32), isa)

    np.testing.assert_array_equal(expected, actual)


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_nibbles_come_apart_again(problem: Problem) -> None:
    """What the reference packs it unpacks: the levels of each row, in order."""
    levels = quantise(problem.X, 7).codes

    rows = int4.encode(problem.X, False).rows

    assert rows.shape[1] == _core.row_bytes("i4", problem.X.shape[1])
    np.testing.assert_array_equal(levels, int4.numbers(rows, problem.X.shape[1]))
