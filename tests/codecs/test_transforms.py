"""Transforms against their formulas."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs import registry
from lilliput.codecs.base import Metric, Transform
from lilliput.spec import parse_codec

RNG = np.random.default_rng(0)
X = (RNG.standard_normal((400, 20)) @ RNG.standard_normal((20, 20)) + 3).astype(np.float32)
Q = (RNG.standard_normal((9, 20)) * 4).astype(np.float32)
METRICS: list[Metric] = ["ip", "l2", "cosine"]
SPELLINGS = ["mrl7", "pca7", "pca20", "rotate"]


def fitted(spelling: str, metric: Metric = "l2", x: NDArray[np.float32] = X) -> Transform:
    """One transform, fitted by itself."""
    transforms, _ = registry.build(parse_codec(f"{spelling},f32", registry.names()))
    transforms[0].fit(x, metric, np.random.default_rng(1))
    return transforms[0]


def test_mrl_keeps_the_first_dimensions() -> None:
    """The others come back as zeros."""
    stage = fitted("mrl7")

    y = stage.forward(X)

    assert np.array_equal(X[:, :7], y)
    back = stage.backward(y, 20)
    assert np.array_equal(X[:, :7], back[:, :7])
    assert not back[:, 7:].any()


@pytest.mark.parametrize("metric", METRICS)
def test_pca_gives_the_best_plane(metric: Metric) -> None:
    """No projection of rank 7 is nearer: the rest of the variance is that of the smallest singular values."""
    origin = 0 if metric == "cosine" else X.mean(axis=0, dtype=np.float64)
    singular = np.linalg.svd(X.astype(np.float64) - origin, compute_uv=False)
    expected = (singular[7:] ** 2).sum()
    stage = fitted("pca7", metric)

    back = stage.backward(stage.forward(X), 20)

    np.testing.assert_allclose(((X - back).astype(np.float64) ** 2).sum(), expected, rtol=1e-4)


@pytest.mark.parametrize("rows", [400, 12])
def test_pca_directions_are_orthonormal_ordered_and_signed(rows: int) -> None:
    """With more or fewer rows than dimensions: unit rows at right angles, variance that falls, one sign."""
    stage = fitted("pca10", "l2", X[:rows])
    directions = stage.arrays["directions"].astype(np.float64)

    np.testing.assert_allclose(directions @ directions.T, np.eye(10), atol=1e-6)
    variance = stage.forward(X[:rows]).var(axis=0)
    assert (variance[1:] <= variance[:-1] * (1 + 1e-5)).all()
    assert (directions[np.arange(10), np.abs(directions).argmax(axis=1)] > 0).all()


def test_pca_of_vectors_that_do_not_differ() -> None:
    """Directions of no variance are still orthonormal, and everything lands on the mean."""
    same = np.ones((30, 20), np.float32)
    stage = fitted("pca5", "l2", same)
    directions = stage.arrays["directions"].astype(np.float64)

    np.testing.assert_allclose(directions @ directions.T, np.eye(5), atol=1e-6)
    np.testing.assert_allclose(stage.backward(stage.forward(same), 20), same, atol=1e-6)


@pytest.mark.parametrize("dim", [1, 2, 3, 8, 20, 96, 384])
def test_rotation_is_orthogonal(dim: int) -> None:
    """Rotating the unit vectors gives an orthogonal matrix, and its inverse undoes it."""
    eye = np.eye(dim, dtype=np.float32)
    stage = fitted("rotate", "l2", eye)

    matrix = stage.forward(eye)

    np.testing.assert_allclose(matrix @ matrix.T, eye, atol=1e-5)
    np.testing.assert_allclose(stage.backward(matrix, dim), eye, atol=1e-5)


@pytest.mark.parametrize("dim", [96, 384, 768])
def test_rotation_spreads_a_single_number(dim: int) -> None:
    """A vector along one axis ends with no number more than six times the even share."""
    eye = np.eye(dim, dtype=np.float32)

    rotated = fitted("rotate", "l2", eye).forward(eye)

    assert np.abs(rotated).max() < 6 / dim**0.5


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_scores_through_a_transform_are_those_of_what_comes_back(spelling: str, metric: Metric) -> None:
    """Dot products and distances to mapped rows, with the bias, are those to the rows mapped back."""
    stage = fitted(spelling, metric)
    y = stage.forward(X)
    back = stage.backward(y, 20).astype(np.float64)

    u, bias = stage.query(Q, metric)

    if metric == "l2":
        expected = -((Q[:, None] - back[None]) ** 2).sum(axis=2)
        actual = -((u[:, None].astype(np.float64) - y[None]) ** 2).sum(axis=2) + bias[:, None]
    else:
        expected = Q @ back.T
        actual = u @ y.astype(np.float64).T + bias[:, None]
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_zero_stays_zero_under_cosine(spelling: str) -> None:
    """A row of nothing has no angle, before and after."""
    stage = fitted(spelling, "cosine")

    assert not stage.forward(np.zeros((3, 20), np.float32)).any()
