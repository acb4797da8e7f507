"""Projection, normalisation, rotation, folding and clamping against plain numpy, to the bit."""

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
def test_rows_of_no_numbers_project_to_zeros(isa: str) -> None:
    """A sum of nothing is zero, whatever lay in memory."""
    for number in range(20):
        np.full((600, 3), number, np.float32)  # given back at once
        found = _core.project(np.empty((600, 0), np.float32), np.empty((3, 0), np.float32), None, 1, isa)
        np.testing.assert_array_equal(np.zeros((600, 3), np.float32), found)


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


@settings(max_examples=60, deadline=None)
@given(d=DIMS, share=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_fold_and_its_transpose_are_bit_equal(d: int, share: float, seed: int) -> None:
    """Groups of like and of unlike sizes have the reference's bits, there and back."""
    rng = np.random.default_rng(seed)
    X, signs, order = matrix(rng, 5, d), rng.integers(0, 2, d, np.uint8), rng.permutation(d).astype(np.uint32)
    out_dim = max(1, round(share * d))
    expected = dense.fold(X, order, signs, out_dim)

    actual = _core.fold(X, order, signs, out_dim)

    assert same_bits(expected, actual)
    assert same_bits(dense.unfold(expected, order, signs), _core.unfold(actual, order, signs))


def test_fold_refuses_tables_that_lead_out_of_a_row() -> None:
    """A coordinate too far, one twice, too many groups or none, and tables of another length."""
    X, signs, order = np.ones((2, 4), np.float32), np.zeros(4, np.uint8), np.arange(4, dtype=np.uint32)

    for wrong in ([0, 1, 2, 4], [0, 1, 2, 2]):
        with pytest.raises(ValueError, match="each coordinate once"):
            _core.fold(X, np.array(wrong, np.uint32), signs, 2)
        with pytest.raises(ValueError, match="each coordinate once"):
            _core.unfold(X[:, :2].copy(), np.array(wrong, np.uint32), signs)
    for groups in (0, 5):
        with pytest.raises(ValueError, match="1 to dim groups"):
            _core.fold(X, order, signs, groups)
    with pytest.raises(ValueError, match="must be"):
        _core.fold(X, order[:3], signs, 2)
    with pytest.raises(ValueError, match="must be"):
        _core.unfold(X, order, signs[:3])


@settings(max_examples=30, deadline=None)
@given(problem=problems(), limit=st.floats(0, 4, width=32))
def test_clamp_is_bit_equal(problem: Problem, limit: float) -> None:
    """Numbers beyond the limit become it, on either side."""
    assert same_bits(dense.clamp(problem.X, limit), _core.clamp(problem.X, limit))


def test_a_limit_below_zero_is_refused() -> None:
    """No number lies between one and minus one."""
    with pytest.raises(ValueError, match="from 0"):
        _core.clamp(np.ones((1, 1), np.float32), -1.0)


@pytest.mark.parametrize("bits", [1, 2, 4, 7, 8])
@isas
@settings(max_examples=10, deadline=None)
@given(d=st.integers(1, 60), k=st.integers(0, 32), seed=st.integers(0, 2**32 - 1))
def test_settled_integers_are_bit_equal(isa: str, bits: int, d: int, k: int, seed: int) -> None:
    """Integers and factors have the reference's bits, rows of zeros and of huge numbers among them."""
    rng = np.random.default_rng(seed)
    X = matrix(rng, 35, d)
    X[3] = 0
    X[4] *= np.float32(1e30)
    directions = rng.standard_normal((k, d)).astype(np.float32)
    alpha = (np.abs(X).mean(axis=1) / 2 ** (bits - 1)).astype(np.float32)
    v, factors = dense.settle(X, bits, directions, alpha)

    found = _core.settle(X, bits, directions, alpha, 1, isa)

    assert same_bits(v, found)
    assert same_bits(factors, alpha)


def test_errors_settle_clear_of_directions() -> None:
    """Along them lies less than half of what the nearest levels leave; elsewhere at most half more."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((200, 96)).astype(np.float32)
    basis = np.linalg.qr(rng.standard_normal((96, 96)))[0].T.astype(np.float32)
    alpha = np.full(200, 0.4, np.float32)
    nearest = _core.settle(X, 3, np.zeros((0, 96), np.float32), alpha)
    before = alpha[:, None] * nearest - X
    alpha = np.full(200, 0.4, np.float32)
    after = _core.settle(X, 3, 3 * basis[:8], alpha)
    after = alpha[:, None] * after - X

    assert np.square(after @ basis[:8].T).sum() < 0.5 * np.square(before @ basis[:8].T).sum()
    assert np.square(after @ basis[8:].T).sum() < 1.5 * np.square(before @ basis[8:].T).sum()
