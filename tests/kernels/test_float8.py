"""The kernels of one-byte floats against plain numpy and another library, code by code."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput import _core
from lilliput.reference import float8, floats
from matrices import SCORERS, Problem, Scorer, encode, matrix, problems, same_bits

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)
kinds = pytest.mark.parametrize("kind", ["e4m3", "e5m2"])

DTYPES = {"e4m3": ml_dtypes.float8_e4m3fn, "e5m2": ml_dtypes.float8_e5m2}


def finite(kind: str) -> NDArray[np.uint8]:
    """Every code that an encoder may write."""
    codes = np.arange(256, dtype=np.uint8)
    return codes[np.isfinite(codes.view(DTYPES[kind]).astype(np.float32))]


def boundaries(kind: str) -> NDArray[np.float32]:
    """Each value, each midpoint between two, and the floats on either side, of both signs."""
    values = np.sort(finite(kind)[finite(kind) < 0x80].view(DTYPES[kind]).astype(np.float32))
    middles = (values[:-1] + values[1:]) / 2
    near = [values, middles, np.nextafter(middles, np.float32(0)), np.nextafter(middles, np.float32(1e9))]
    return np.concatenate([*near, *(-part for part in near)]).astype(np.float32)


def plain(X: NDArray[np.float32], kind: str, isa: str) -> NDArray[np.uint8]:
    """Encode without a factor."""
    rows = np.empty(X.shape, np.uint8)
    _core.encode(kind, X, rows, None, None, 1, isa)
    return rows


@isas
@kinds
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_encode_is_bit_equal(isa: str, kind: str, problem: Problem, with_beta: bool) -> None:
    """Codes, alpha and beta are those of the reference."""
    expected = float8.encode(problem.X, kind, with_beta)

    actual = encode(kind, problem.X, with_beta, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.alpha, actual.alpha)
    assert same_bits(expected.beta, actual.beta)


@isas
@kinds
def test_rows_of_any_size_encode_alike(isa: str, kind: str) -> None:
    """Rows of zeros, of subnormals only and of the largest floats give the reference's codes and factors."""
    rng = np.random.default_rng(1)
    X = np.concatenate([np.zeros((2, 37), np.float32), matrix(rng, 50, 37, 0.9, huge=True)])
    X = np.concatenate([X, matrix(rng, 20, 37) * np.float32(1e-38), matrix(rng, 20, 37) * np.float32(1e-44)])
    expected = float8.encode(X, kind, False)

    actual = encode(kind, X, False, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.alpha, actual.alpha)


@isas
@kinds
def test_every_rounding_boundary_is_right(isa: str, kind: str) -> None:
    """Without a factor, rounding is that of another library at every boundary, and so is the reference's."""
    X = boundaries(kind)[:, None]
    expected = X.astype(DTYPES[kind]).view(np.uint8)

    np.testing.assert_array_equal(expected, plain(X, kind, isa))
    np.testing.assert_array_equal(expected, float8.encode(X, kind, False, scaled=False).rows)


@isas
@kinds
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_floats_round_as_elsewhere(isa: str, kind: str, seed: int) -> None:
    """Floats of every exponent within the format's range, as bits come."""
    bits = np.random.default_rng(seed).integers(0, 2**32, 4_000, np.uint32).view(np.float32)
    X = bits[np.abs(bits) <= float8.FORMATS[kind].largest][:, None]
    expected = X.astype(DTYPES[kind]).view(np.uint8)

    np.testing.assert_array_equal(expected, plain(X, kind, isa))


@isas
@kinds
def test_what_is_too_large_becomes_the_largest(isa: str, kind: str) -> None:
    """Of its sign, and never infinity or NaN."""
    X = np.array([[1e6], [-1e6], [3.4e38], [-3.4e38]], np.float32)
    largest = int(finite(kind)[finite(kind) < 0x80].max())

    actual = plain(X, kind, isa)

    np.testing.assert_array_equal([[largest], [largest | 0x80]] * 2, actual)


@isas
@scorers
@kinds
def test_every_code_is_read_exactly(isa: str, score: Scorer, kind: str) -> None:
    """A row of one number, and a long row of it, against a query of one gives what it stands for."""
    codes = finite(kind)
    expected = codes.view(DTYPES[kind]).astype(np.float32)
    np.testing.assert_array_equal(expected, float8.decode(codes, kind))

    for dim in (1, 64, 80):
        rows = np.zeros((len(codes), dim), np.uint8)
        rows[:, dim // 2] = codes
        query, bias = np.ones((1, dim), np.float32), np.zeros(1, np.float32)
        actual = score(_core.Codes(kind, dim, rows), query, bias, isa)

        np.testing.assert_array_equal(expected, actual[0])


@isas
@scorers
@kinds
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_scores_stay_within_the_tolerance(
    isa: str, score: Scorer, kind: str, problem: Problem, with_beta: bool
) -> None:
    """Every way to score lies within 4 ulp * sqrt(d) of float64, with beta and without."""
    rows = encode(kind, problem.X, with_beta, "portable")
    values = float8.decode(rows.rows, kind)
    expected = floats.score(values, problem.Q, problem.bias, rows.alpha, rows.beta)

    actual = score(rows.codes(kind, problem.X.shape[1]), problem.Q, problem.bias, isa)

    assert (np.abs(expected.values - actual) <= expected.tolerance).all()
