"""The kernels of rows on an integer grid against plain numpy: encodes and scores to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput import _core
from lilliput.reference import bits, int4, int8
from lilliput.reference.planes import Planes
from matrices import SCORERS, Problem, Scorer, codes_of, encode, matrix, problems, same_bits

REFERENCES = {"i8": int8, "i4": int4} | {f"b{count}": Planes(count) for count in range(2, 9)}

isas = pytest.mark.parametrize("isa", _core.isas())
kinds = pytest.mark.parametrize("kind", REFERENCES)
scorers = pytest.mark.parametrize("score", SCORERS)


@isas
@kinds
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_encode_is_bit_equal(kind: str, isa: str, problem: Problem, with_beta: bool) -> None:
    """Codes, alpha and beta are those of the reference."""
    expected = REFERENCES[kind].encode(problem.X, with_beta)

    actual = encode(kind, problem.X, with_beta, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.alpha, actual.alpha)
    assert same_bits(expected.beta, actual.beta)


@isas
@kinds
def test_rows_of_any_size_encode_alike(kind: str, isa: str) -> None:
    """Rows of zeros, of subnormals only and of the largest floats give the reference's bits."""
    rng = np.random.default_rng(1)
    X = np.concatenate([np.zeros((2, 37), np.float32), matrix(rng, 50, 37, 0.9, huge=True)])
    X = np.concatenate([X, matrix(rng, 20, 37) * np.float32(1e-38), matrix(rng, 20, 37) * np.float32(1e-44)])
    expected = REFERENCES[kind].encode(X, True)

    actual = encode(kind, X, True, isa)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.alpha, actual.alpha)
    assert same_bits(expected.beta, actual.beta)


@isas
@kinds
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans(), scale=st.sampled_from([1.0, 60.0, 1e30]))
def test_rows_without_a_factor_are_rounded_and_held(
    kind: str, isa: str, problem: Problem, with_beta: bool, scale: float
) -> None:
    """The step is one for every row, and what lies beyond the levels, however far, is the last of them."""
    X = problem.X * np.float32(scale)
    expected = REFERENCES[kind].encode(X, with_beta, scaled=False)

    actual = encode(kind, X, with_beta, isa, scaled=False)

    np.testing.assert_array_equal(expected.rows, actual.rows)
    assert same_bits(expected.beta, actual.beta)


@isas
@pytest.mark.parametrize("kind", [*REFERENCES, "bits"])
@scorers
@settings(max_examples=30, deadline=None)
@given(problem=problems(), with_beta=st.booleans(), size=st.sampled_from([1.0, 1e6]))
def test_shifted_scores_are_bit_equal(
    kind: str, isa: str, score: Scorer, problem: Problem, with_beta: bool, size: float
) -> None:
    """So is the product of a row's shift with the sum of the query."""
    n, d = problem.X.shape
    rng = np.random.default_rng(n)
    rows = encode(kind, problem.X, False, isa).rows
    alpha, shift, beta = matrix(rng, 3, n) * np.array([[1], [size], [size]], np.float32)
    factors = (np.abs(alpha), beta if with_beta else None)
    reference = bits if kind == "bits" else REFERENCES[kind]
    expected = reference.scores(rows, problem.Q, problem.bias, *factors, shift)

    codes = codes_of(kind, d, rows, *factors, shift)
    actual = score(codes, problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)


@isas
@pytest.mark.parametrize("kind", [*REFERENCES, "bits"])
def test_the_best_of_shifted_rows_are_found(kind: str, isa: str) -> None:
    """By the fused tile and by one query, when the shift outweighs everything else."""
    rng = np.random.default_rng(4)
    X, Q, bias = matrix(rng, 9_000, 70), matrix(rng, 70, 70), matrix(rng, 1, 70)[0]
    rows = encode(kind, X, False, isa).rows
    alpha, shift, beta = np.abs(matrix(rng, 3, len(X))) * np.array([[1], [50], [10]], np.float32)
    codes = codes_of(kind, 70, rows, alpha, beta, shift)
    every = _core.block(codes, Q, bias, 1, isa)
    expected = -np.sort(-every, axis=1)[:, :10]

    for some in (slice(None), slice(0, 1)):
        _, found = _core.top_k(codes, Q[some], bias[some], 10, threads=1, isa=isa)
        np.testing.assert_array_equal(expected[some], found)


@isas
@kinds
@scorers
@settings(max_examples=40, deadline=None)
@given(problem=problems(), with_beta=st.booleans())
def test_scores_are_bit_equal(kind: str, isa: str, score: Scorer, problem: Problem, with_beta: bool) -> None:
    """Every way to score gives the one formula's float32, with beta and without."""
    rows = REFERENCES[kind].encode(problem.X, with_beta)
    expected = REFERENCES[kind].scores(rows.rows, problem.Q, problem.bias, rows.alpha, rows.beta)

    codes = codes_of(kind, problem.X.shape[1], rows.rows, rows.alpha, rows.beta)
    actual = score(codes, problem.Q, problem.bias, isa)

    np.testing.assert_array_equal(expected, actual)
