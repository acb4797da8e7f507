"""The bf16 kernels against plain numpy, and every bfloat16 there is."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import bf16, floats
from matrices import SCORERS, Problem, Scorer, encode, problems, same_bits

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)

FINITE = np.arange(0x7F80, dtype=np.uint16)


@isas
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_encode_is_bit_equal(isa: str, problem: Problem, with_beta: bool) -> None:
    """Rows round to nearest, ties to even; beta is minus the norm of the decoded row."""
    expected = bf16.encode(problem.X, with_beta)

    actual = encode("bf16", problem.X, with_beta, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.beta, actual.beta)


@isas
def test_every_rounding_boundary_is_right(isa: str) -> None:
    """Each number, each midpoint between two, and the floats beside them round as another library does."""
    values = np.concatenate(
        [(FINITE.astype(np.uint32) << 16) + low for low in (0, 1, 0x7FFF, 0x8000, 0x8001)]
    )
    values = values[values < 0x7F7F8000].astype(np.uint32).view(np.float32)
    X = np.concatenate([values, -values])[:, None]
    expected = X.astype(ml_dtypes.bfloat16).view(np.uint8).reshape(len(X), 2)

    actual = encode("bf16", X, False, isa)

    np.testing.assert_array_equal(expected, actual.rows)
    np.testing.assert_array_equal(expected, bf16.encode(X, False).rows)


@isas
def test_what_would_round_to_infinity_stays_finite(isa: str) -> None:
    """The largest floats become the largest bfloat16, of their sign."""
    X = np.array([[3.4028235e38], [-3.4028235e38], [3.3961775e38]], np.float32)

    actual = encode("bf16", X, False, isa).rows.view(np.uint16)

    np.testing.assert_array_equal([[0x7F7F], [0xFF7F], [0x7F7F]], actual)


@isas
@scorers
def test_every_number_is_read_exactly(isa: str, score: Scorer) -> None:
    """A row of one number against a query of one gives that number."""
    normal = FINITE[FINITE >= 0x80]
    rows = np.concatenate([normal, normal | 0x8000, [0]]).astype(np.uint16).view(np.uint8).reshape(-1, 2)
    expected = bf16.decode(rows).reshape(1, -1)

    actual = score(_core.Codes("bf16", 1, rows), np.ones((1, 1), np.float32), np.zeros(1, np.float32), isa)

    np.testing.assert_array_equal(expected, actual)
    np.testing.assert_array_equal(expected.T, rows.view(ml_dtypes.bfloat16).astype(np.float32))


@isas
@scorers
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_scores_stay_within_the_tolerance(isa: str, score: Scorer, problem: Problem, with_beta: bool) -> None:
    """Every way to score lies within 4 ulp * sqrt(d) of float64, with beta and without."""
    rows = encode("bf16", problem.X, with_beta, "portable")
    expected = floats.score(bf16.decode(rows.rows), problem.Q, problem.bias, None, rows.beta)

    actual = score(rows.codes("bf16", problem.X.shape[1]), problem.Q, problem.bias, isa)

    assert (np.abs(expected.values - actual) <= expected.tolerance).all()
