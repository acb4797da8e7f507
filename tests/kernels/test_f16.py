"""The f16 kernels against plain numpy, and every half there is."""

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
    """Rows round to the nearest half, ties to even; beta is minus the norm of the decoded row."""
    expected = floats.encode(problem.X, "f16", with_beta)

    actual = encode("f16", problem.X, with_beta, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.beta, actual.beta)


@isas
def test_every_rounding_boundary_is_right(isa: str) -> None:
    """Each half, each midpoint between two halves, and the floats on either side round as they should."""
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    middles = (halves[:-1] + halves[1:]) / 2
    values = np.concatenate(
        [halves, middles, np.nextafter(middles, 0), np.nextafter(middles, np.float32(1e9))]
    )
    X = np.concatenate([values, -values])[:, None].astype(np.float32)
    expected = X.astype(np.float16).view(np.uint8).reshape(len(X), 2)

    actual = encode("f16", X, False, isa)

    np.testing.assert_array_equal(expected, actual.rows)


@isas
@scorers
def test_every_half_is_read_exactly(isa: str, score: Scorer) -> None:
    """A row of one half against a query of one gives that half, subnormal ones too."""
    halves = np.arange(0x10000, dtype=np.uint32).astype(np.uint16)
    rows = halves[np.isfinite(halves.view(np.float16))].view(np.uint8).reshape(-1, 2)
    expected = rows.view(np.float16).astype(np.float32).reshape(1, -1)

    codes = _core.Codes("f16", 1, rows)
    actual = score(codes, np.ones((1, 1), np.float32), np.zeros(1, np.float32), isa)

    np.testing.assert_array_equal(expected, actual)


@isas
@scorers
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_scores_stay_within_the_tolerance(isa: str, score: Scorer, problem: Problem, with_beta: bool) -> None:
    """Every way to score lies within 4 ulp * sqrt(d) of float64, with beta and without."""
    rows = encode("f16", problem.X, with_beta, "portable")
    expected = floats.scores(rows.rows, "f16", problem.Q, problem.bias, rows.beta)

    actual = score(rows.codes("f16", problem.X.shape[1]), problem.Q, problem.bias, isa)

    assert (np.abs(expected.values - actual) <= expected.tolerance).all()
