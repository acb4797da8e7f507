"""The int8 kernels against plain numpy: encodes and scores to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import int8
from matrices import SCORERS, Problem, Scorer, encode, matrix, problems, same_bits

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)


@isas
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_encode_is_bit_equal(isa: str, problem: Problem, with_beta: bool) -> None:
    """Codes, alpha and beta are those of the reference."""
    expected = int8.encode(problem.X, with_beta)

    actual = encode("i8", problem.X, with_beta, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.alpha, actual.alpha)
    assert same_bits(expected.beta, actual.beta)


@isas
def test_rows_of_any_size_encode_alike(isa: str) -> None:
    """Rows of zeros, of subnormals only and of the largest floats give the reference's bits."""
    rng = np.random.default_rng(1)
    X = np.concatenate([np.zeros((2, 37), np.float32), matrix(rng, 50, 37, 0.9, huge=True)])
    X = np.concatenate([X, matrix(rng, 20, 37) * np.float32(1e-38), matrix(rng, 20, 37) * np.float32(1e-44)])
    expected = int8.encode(X, True)

    actual = encode("i8", X, True, isa)

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
    expected = int8.encode(X, with_beta, scaled=False)

    actual = encode("i8", X, with_beta, isa, scaled=False)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.beta, actual.beta)


@isas
@scorers
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_scores_are_bit_equal(isa: str, score: Scorer, problem: Problem, with_beta: bool) -> None:
    """Every way to score gives the one formula's float32, with beta and without."""
    rows = int8.encode(problem.X, with_beta)
    expected = int8.scores(rows.rows, problem.Q, problem.bias, rows.alpha, rows.beta)

    codes = _core.Codes("i8", problem.X.shape[1], rows.rows, rows.alpha, rows.beta)
    actual = score(codes, problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)


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
