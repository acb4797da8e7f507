"""Projection, normalisation and rotation against plain numpy, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import dense
from matrices import DIMS, Problem, matrix, problems, same_bits

isas = pytest.mark.parametrize("isa", _core.isas())


@isas
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_offset=st.booleans())
def test_project_is_bit_equal(isa: str, problem: Problem, with_offset: bool) -> None:
    """The queries serve as the matrix, a row as the offset; sums run in the reference's order."""
    offset = problem.X[0].copy() if with_offset else None
    expected = dense.project(problem.X, problem.Q, offset)

    actual = _core.project(problem.X, problem.Q, offset, 1, isa)

    assert same_bits(expected, actual)


@isas
def test_long_rows_project_alike(isa: str) -> None:
    """Rows longer than one chunk of the kernel carry their sums on."""
    rng = np.random.default_rng(2)
    X, matrix_, offset = matrix(rng, 9, 1_300), matrix(rng, 37, 1_300), matrix(rng, 1, 1_300)[0]
    expected = dense.project(X, matrix_, offset)

    actual = _core.project(X, matrix_, offset, 1, isa)

    assert same_bits(expected, actual)


@isas
@settings(max_examples=30, deadline=None)
@given(problem=problems())
def test_norms_and_normalized_rows_are_bit_equal(isa: str, problem: Problem) -> None:
    """Norms and normalised rows have the reference's bits."""
    X = problem.X
    expected = dense.norm2(X), dense.normalize(X)

    actual = _core.squared_norms(X, 1, isa), _core.normalize(X, 1, isa)

    assert same_bits(expected[0], actual[0])
    assert same_bits(expected[1], actual[1])


@isas
def test_rows_without_a_length_become_zeros(isa: str) -> None:
    """A zero row stays zero, and so does one whose squares underflow; every other row gets length 1."""
    X = np.array([[0, 0, 0], [1e-30, -1e-30, 0], [3, 0, 4]], np.float32)
    expected = np.array([[0, 0, 0], [0, 0, 0], [0.6, 0, 0.8]], np.float32)

    actual = _core.normalize(X, 1, isa)

    np.testing.assert_allclose(expected, actual, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(d=DIMS, rounds=st.integers(0, 5), inverse=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_rotate_is_bit_equal(d: int, rounds: int, inverse: bool, seed: int) -> None:
    """Both directions have the reference's bits."""
    rng = np.random.default_rng(seed)
    X, signs = matrix(rng, 5, d), rng.integers(0, 2, (rounds, d), np.uint8)
    expected = dense.rotate(X, signs, inverse)

    actual = _core.rotate(X, signs, inverse)

    assert same_bits(expected, actual)


@settings(max_examples=30, deadline=None)
@given(d=DIMS, seed=st.integers(0, 2**32 - 1))
def test_rotation_is_orthogonal(d: int, seed: int) -> None:
    """Dot products survive a rotation, and the inverse gives the rows back."""
    rng = np.random.default_rng(seed)
    X, signs = matrix(rng, 6, d), rng.integers(0, 2, (4, d), np.uint8)

    Y = _core.rotate(X, signs)

    np.testing.assert_allclose(X @ X.T, Y @ Y.T, atol=1e-4 * d, rtol=1e-4)
    np.testing.assert_allclose(X, _core.rotate(Y, signs, True), atol=1e-4)
