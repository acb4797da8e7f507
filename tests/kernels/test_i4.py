"""The int4 kernels against plain numpy: encodes and scores to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import int4
from lilliput.reference.int8 import quantise
from matrices import SCORERS, Problem, Scorer, encode, matrix, problems, same_bits

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)


@isas
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_encode_is_bit_equal(isa: str, problem: Problem, with_beta: bool) -> None:
    """Codes, alpha and beta are those of the reference."""
    expected = int4.encode(problem.X, with_beta)

    actual = encode("i4", problem.X, with_beta, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.alpha, actual.alpha)
    assert same_bits(expected.beta, actual.beta)


@isas
def test_rows_of_any_size_encode_alike(isa: str) -> None:
    """Rows of zeros, of subnormals only and of the largest floats give the reference's bits."""
    rng = np.random.default_rng(1)
    X = np.concatenate([np.zeros((2, 37), np.float32), matrix(rng, 50, 37, 0.9, huge=True)])
    X = np.concatenate([X, matrix(rng, 20, 37) * np.float32(1e-38), matrix(rng, 20, 37) * np.float32(1e-44)])
    expected = int4.encode(X, True)

    actual = encode("i4", X, True, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.alpha, actual.alpha)
    assert same_bits(expected.beta, actual.beta)


@isas
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans(), scale=st.sampled_from([1.0, 60.0, 1e30]))
def test_rows_without_a_factor_are_rounded_and_held(
    isa: str, problem: Problem, with_beta: bool, scale: float
) -> None:
    """The step is one for every row, and what lies beyond the levels, however far, is the last of them."""
    X = problem.X * np.float32(scale)
    expected = int4.encode(X, with_beta, scaled=False)

    actual = encode("i4", X, with_beta, isa, scaled=False)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.beta, actual.beta)


@isas
@scorers
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_scores_are_bit_equal(isa: str, score: Scorer, problem: Problem, with_beta: bool) -> None:
    """Every way to score gives the one formula's float32, with beta and without."""
    rows = int4.encode(problem.X, with_beta)
    expected = int4.scores(rows.rows, problem.Q, problem.bias, rows.alpha, rows.beta)

    codes = _core.Codes("i4", problem.X.shape[1], rows.rows, rows.alpha, rows.beta)
    actual = score(codes, problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)


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
