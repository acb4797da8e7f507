"""Transforms against their formulas."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs import registry
from lilliput.codecs.base import Metric, Transform
from lilliput.codecs.pca import PCA
from lilliput.spec import parse_codec

RNG = np.random.default_rng(0)
X = (RNG.standard_normal((400, 20)) @ RNG.standard_normal((20, 20)) + 3).astype(np.float32)
Q = (RNG.standard_normal((9, 20)) * 4).astype(np.float32)
METRICS: list[Metric] = ["ip", "l2", "cosine"]
# Every stage that is registered, in all spellings that it says are worth trying, and some more.
REGISTERED = [spelling for found in registry.variants("transform", 20).values() for spelling in found]
SPELLINGS = sorted({*REGISTERED, "mrl7", "pca7", "pca20", "jl7", "jl20", "fft7", "fft7(keep=energy)"})


def keeps_scores(spelling: str) -> bool:
    """Whether scores are those of what comes back."""
    return made(spelling).keeps_scores


def made(spelling: str) -> Transform:
    """One transform, not fitted."""
    return registry.build(parse_codec(f"{spelling},f32", registry.names()))[0][0]


def fitted(spelling: str, metric: Metric = "l2", x: NDArray[np.float32] = X) -> Transform:
    """One transform, fitted by itself."""
    stage = made(spelling)
    stage.fit(x, metric, np.random.default_rng(1))
    return stage


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
    assert isinstance(stage, PCA)
    directions = stage.directions(20).astype(np.float64)

    np.testing.assert_allclose(directions @ directions.T, np.eye(10), atol=1e-6)
    variance = stage.forward(X[:rows]).var(axis=0)
    assert (variance[1:] <= variance[:-1] * (1 + 1e-5)).all()
    assert (directions[np.arange(10), np.abs(directions).argmax(axis=1)] > 0).all()


def test_pca_of_vectors_that_do_not_differ() -> None:
    """Directions of no variance are still orthonormal, and everything lands on the mean."""
    same = np.ones((30, 20), np.float32)
    stage = fitted("pca5", "l2", same)
    assert isinstance(stage, PCA)
    directions = stage.directions(20).astype(np.float64)

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
def test_a_stage_does_what_it_says(spelling: str, metric: Metric) -> None:
    """Arrays of the announced shapes, rows of the announced width, the same from arrays that were saved."""
    stage = fitted(spelling, metric)
    saved = {name: (str(array.dtype), array.shape) for name, array in stage.arrays.items()}
    other = made(spelling)
    other.restore(stage.arrays, 20, metric)

    y = stage.forward(X)

    assert stage.shapes(20, metric) == saved
    assert np.float32 == y.dtype
    assert (400, stage.out_dim(20)) == y.shape
    assert stage.backward(y, 20).shape == X.shape
    assert np.array_equal(y, other.forward(X))
    assert np.array_equal(stage.backward(y, 20), other.backward(y, 20))
    assert (stage.out_dim(20) < 20) == (stage.role == "shorten") or spelling in ("pca20", "jl20")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spelling", [*filter(keeps_scores, SPELLINGS)])
def test_scores_through_a_transform_are_those_of_what_comes_back(spelling: str, metric: Metric) -> None:
    """Dot products and distances to mapped rows, with the bias, are those to the rows mapped back."""
    if metric == "l2" and spelling.startswith("leanvec"):
        pytest.skip("its scores know how long the part is that decoding lacks; test_leanvec has the formula")
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


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spelling", [spelling for spelling in SPELLINGS if not keeps_scores(spelling)])
def test_queries_move_as_rows_do(spelling: str, metric: Metric) -> None:
    """A stage that leads to another space maps queries alike, and takes nothing from scores there."""
    stage = fitted(spelling, metric)

    u, bias = stage.query(Q, metric)

    assert np.array_equal(stage.forward(Q), u)
    assert not bias.any()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_zero_stays_zero_under_cosine(spelling: str) -> None:
    """A row of nothing has no angle, before and after."""
    stage = fitted(spelling, "cosine")

    assert not stage.forward(np.zeros((3, 20), np.float32)).any()
