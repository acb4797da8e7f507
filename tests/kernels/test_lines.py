"""Rows on affine grids of their own against plain numpy, to the bit, and against grids of the full range."""

import numpy as np
import pytest
from hypothesis import given, settings

from lilliput import _core
from lilliput.codecs.layout import Rows
from lilliput.codecs.planes import odd_integers, odd_kind
from lilliput.reference import lines
from matrices import Floats, Problem, matrix, problems, same_bits

isas = pytest.mark.parametrize("isa", _core.isas())
every_bits = pytest.mark.parametrize("bits", range(1, 9))


@isas
@every_bits
@settings(max_examples=25, deadline=None)
@given(problem=problems())
def test_lines_are_bit_equal(isa: str, bits: int, problem: Problem) -> None:
    """Integers, alpha, shift and beta are those of the reference."""
    expected = lines.lines(problem.X, bits)

    actual = _core.lines(problem.X, bits, 1, isa)

    assert all(same_bits(a, b) for a, b in zip(expected, actual, strict=True))


@isas
@every_bits
def test_rows_of_any_size_come_out_alike(isa: str, bits: int) -> None:
    """Rows of zeros, of one number, of subnormals and of the largest floats give the reference's bits."""
    rng = np.random.default_rng(1)
    X = np.concatenate([np.zeros((2, 37), np.float32), matrix(rng, 50, 37, 0.9, huge=True)])
    X = np.concatenate([X, matrix(rng, 20, 37) * np.float32(1e-38), matrix(rng, 20, 37) * np.float32(1e-44)])
    X = np.concatenate([X, np.full((1, 37), 3.5, np.float32)])
    expected = lines.lines(X, bits)

    actual = _core.lines(X, bits, 1, isa)

    assert all(same_bits(a, b) for a, b in zip(expected, actual, strict=True))


@every_bits
def test_threads_change_nothing(bits: int) -> None:
    """More rows than one task takes give the same bits on one thread and on two."""
    X = matrix(np.random.default_rng(2), 700, 20)

    one, two = _core.lines(X, bits, 1), _core.lines(X, bits, 2)

    assert all(same_bits(a, b) for a, b in zip(one, two, strict=True))


@isas
@every_bits
@pytest.mark.parametrize("unit", [False, True])
def test_lines_are_written_in_the_pass_that_finds_them(isa: str, bits: int, unit: bool) -> None:
    """Scaling, moving, rounding and writing apart give the same rows and factors, on any threads."""
    rng = np.random.default_rng(3)
    X, origin = matrix(rng, 600, 83), matrix(rng, 1, 83)[0]
    X[5] = 0
    expected = _core.lines((_core.normalize(X) if unit else X) - origin, bits, 1, isa)
    integers, factors = expected[0], [np.empty(600, np.float32) for _ in range(3)]
    kind = "i8" if bits == 8 else odd_kind(bits)
    rows, more = (np.empty((600, of(kind, 83)), np.uint8) for of in (_core.row_bytes, _core.more_bytes))
    below = more if more.size else None

    longest = _core.encode_lines(kind, bits, X, rows, *factors, unit, origin, 2, isa, below)

    assert longest == _core.longest(X)
    if bits == 8:
        alpha, shift = expected[1], expected[2]
        expected = (integers, 2 * alpha, shift + alpha, expected[3])
        assert np.array_equal(rows.view(np.int8), (integers - 1) / 2)
    else:
        assert np.array_equal(odd_integers(Rows(rows, None, None, more=below), 83, bits), integers)
    assert all(same_bits(a, b) for a, b in zip(expected[1:], factors, strict=True))


def least_to_greatest(X: Floats, bits: int) -> Floats:
    """Round to the grid of the paper."""
    low, levels = X.min(axis=1, keepdims=True), 2**bits - 1
    step = (X.max(axis=1, keepdims=True) - low) / levels
    rounded: Floats = low + step * np.rint((X - low) / step)
    return rounded


@every_bits
@pytest.mark.parametrize("skewed", [False, True])
def test_rows_keep_mean_and_length_and_lie_nearer_than_on_the_full_range(bits: int, skewed: bool) -> None:
    """The sine of the mean-free angle to a row is below that of the grid from least to greatest."""
    X = np.random.default_rng(bits).standard_normal((60, 200)).astype(np.float32)
    X = X**2 if skewed else X + np.float32(0.1)
    v, alpha, shift, beta = _core.lines(X, bits)
    rows = shift[:, None] + alpha[:, None] * v

    def sines(Y: Floats) -> Floats:
        a, b = (Z - Z.mean(axis=1, keepdims=True) for Z in (X, Y))
        return 1 - (a * b).sum(axis=1) ** 2 / (a * a).sum(axis=1) / (b * b).sum(axis=1)

    np.testing.assert_allclose(X.mean(axis=1), rows.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(np.square(X).sum(axis=1), np.square(rows).sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(-np.square(X).sum(axis=1), beta, rtol=1e-5)
    assert np.abs(v).max() <= 2**bits - 1
    assert (v % 2 == 1).all()
    assert sines(rows).mean() < sines(least_to_greatest(X, bits)).mean()
