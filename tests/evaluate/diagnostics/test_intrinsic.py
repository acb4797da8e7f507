"""Estimates of dimension on sets whose dimension is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs.intrinsic import local_dimensions, two_nn
from lilliput.evaluate import diagnose
from lilliput.evaluate.diagnostics.spectrum import (
    cumulative_shares,
    effective_rank,
    participation_ratio,
    principal_variances,
)


def sheet(dim: int, inside: int, rows: int = 4_000, seed: int = 0) -> NDArray[np.float32]:
    """A Gaussian of `dim` dimensions, turned at random into `inside` dimensions and moved away from zero."""
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((inside, dim)))
    return (rng.standard_normal((rows, dim)) @ basis.T + 3).astype(np.float32)


@pytest.mark.parametrize(("dim", "bound"), [(2, 0.1), (5, 0.1), (10, 0.15)])
def test_a_sheet_has_the_dimension_it_was_made_with(dim: int, bound: float) -> None:
    """Both estimates come near to d inside D; they fall short by more as d grows, as their papers say."""
    found = diagnose(sheet(dim, 40), metric="l2", progress=False)

    assert dim == pytest.approx(found["two_nn"].value, rel=bound)
    assert dim == pytest.approx(found["local_dimension"].value, rel=bound)


def test_a_curved_sheet_is_seen_where_a_spectrum_is_not() -> None:
    """A spiral roll is two-dimensional for neighbours, and three-dimensional for its variances."""
    rng = np.random.default_rng(0)
    turn = rng.uniform(6, 14, 4_000)
    roll = np.stack([turn * np.cos(turn), turn * np.sin(turn), rng.uniform(0, 25, 4_000)], axis=1)

    found = diagnose(roll, metric="l2", progress=False)

    assert 2 == pytest.approx(found["two_nn"].value, rel=0.1)
    assert 2 == pytest.approx(found["local_dimension"].value, rel=0.1)
    assert found["participation_ratio"].value > 2.5


def test_a_rotation_of_even_variances_has_full_rank() -> None:
    """d directions of the same variance inside D: both counts give d."""
    variances = principal_variances(sheet(12, 30, rows=20_000))

    assert 12 == pytest.approx(effective_rank(variances), rel=0.01)
    assert 12 == pytest.approx(participation_ratio(variances), rel=0.01)
    assert (30, 1.0) == cumulative_shares(variances)[-1]
    assert [1, 2, 4, 8, 16, 30] == [count for count, _ in cumulative_shares(variances)]


def test_variances_are_those_of_numpy() -> None:
    """By the covariance where dimensions are few, by the products of rows where they are many."""
    rng = np.random.default_rng(1)
    for shape in ((500, 20), (40, 90)):
        X = (rng.standard_normal(shape) * rng.random(shape[1]) + 5).astype(np.float32)
        expected = np.linalg.svd(X - X.mean(axis=0), compute_uv=False) ** 2 / len(X)

        np.testing.assert_allclose(expected, principal_variances(X), rtol=1e-3, atol=1e-9)


def test_ranks_by_hand() -> None:
    """A ball, a line, a point; and two singular values of 3 and 1."""
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))

    assert (5.0, 5.0) == pytest.approx((effective_rank(np.ones(5)), participation_ratio(np.ones(5))))
    assert (1.0, 1.0) == (effective_rank(np.eye(4)[0]), participation_ratio(np.eye(4)[0]))
    assert (0.0, 0.0) == (effective_rank(np.zeros(3)), participation_ratio(np.zeros(3)))
    assert np.exp(entropy) == pytest.approx(effective_rank(np.array([9.0, 1.0])))
    assert 100 / 82 == pytest.approx(participation_ratio(np.array([9.0, 1.0])))


def test_the_local_estimate_is_its_formula() -> None:
    """One over the mean of the logarithms, for each row; rows with an equal are left out."""
    distances = np.array([[1.0, 2.0, 4.0], [0.0, 1.0, 2.0], [3.0, 3.0, 9.0]])
    expected = [2 / (np.log(4) + np.log(2)), 2 / (2 * np.log(3))]

    assert expected == pytest.approx(local_dimensions(distances).tolist())


def test_too_few_rows_say_nothing() -> None:
    """NaN from the estimate, and no finding."""
    ones = np.ones(30)

    assert np.isnan(two_nn(ones[:5], 2 * ones[:5]))
    assert np.isnan(two_nn(0 * ones, ones))
    assert np.isnan(two_nn(ones, ones))
    assert "two_nn" not in [x.key for x in diagnose(np.eye(6), progress=False).findings]
