"""Whitening: what comes out has unit covariance, and shrinkage is Ledoit and Wolf's."""

import numpy as np
import pytest

from lilliput import _core
from lilliput.codecs.base import Metric
from lilliput.codecs.codec import Codec
from lilliput.codecs.whiten import Whiten
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

RNG = np.random.default_rng(0)
X = (RNG.standard_normal((3000, 24)) @ RNG.standard_normal((24, 24)) * 0.2 + 0.5).astype(np.float32)


def fitted(x: FloatArray, metric: Metric = "l2", kept: int | None = None, **options: str) -> Whiten:
    """The stage by itself."""
    stage = Whiten(Stage("whiten", () if kept is None else (kept,), tuple(options.items())))
    stage.fit(x, metric, RNG)
    return stage


@pytest.mark.parametrize("kept", [None, 24, 9])
def test_what_comes_out_has_unit_covariance(kept: int | None) -> None:
    """Without shrinkage, in every direction that is kept."""
    y = fitted(X, kept=kept, shrinkage="0").forward(X).astype(np.float64)

    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.cov(y.T, bias=True), np.eye(kept or 24), atol=1e-4)


def test_shrinkage_draws_variances_to_their_mean() -> None:
    """All the way leaves a turn and one factor: order by distance is that of the original."""
    y = fitted(X, shrinkage="1").forward(X)
    before = np.linalg.norm(X[:50, None] - X[None, :50], axis=2)

    after = np.linalg.norm(y[:50, None] - y[None, :50], axis=2)

    factor = np.sqrt(24 / np.cov(X.T, bias=True).trace())
    np.testing.assert_allclose(after, before * factor, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rows", [20, 60, 3000])
def test_the_default_share_is_that_of_ledoit_and_wolf(rows: int) -> None:
    """As scikit-learn computes it, with fewer rows than dimensions too."""
    covariance = pytest.importorskip("sklearn.covariance")
    expected, share = covariance.ledoit_wolf(X[:rows].astype(np.float64))

    matrix = fitted(X[:rows]).arrays["matrix"].astype(np.float64)

    assert 0 < share < 1
    np.testing.assert_allclose(matrix.T @ matrix, np.linalg.inv(expected), rtol=1e-3, atol=1e-3)


def test_distances_are_those_of_mahalanobis() -> None:
    """Under l2, between rows and queries, through the scan."""
    codec = Codec("whiten(shrinkage=0),f32", metric="l2").fit(X)
    inverse = np.linalg.inv(np.cov(X.T.astype(np.float64), bias=True))
    differences = (X[:20, None] - X[None, 20:60]).astype(np.float64)
    expected = -np.einsum("ijk,kl,ijl->ij", differences, inverse, differences)

    actual = _core.tile(codec.view(codec.encode_rows(X[20:60])), *codec.query(X[:20]))

    np.testing.assert_allclose(actual, expected, rtol=1e-3)


@pytest.mark.parametrize("before", ["", "mrl20,", "rotate,pca18,"])
def test_cosines_are_those_of_the_whitened_vectors(before: str) -> None:
    """Whatever was cut off before, rows and queries are unit vectors there."""
    codec = Codec(f"{before}whiten,f32", metric="cosine").fit(X)
    pipeline = codec._fitted()
    rows, queries = _core.normalize(X[20:60]), _core.normalize(X[:20])
    for stage in pipeline.transforms:
        rows, queries = stage.forward(rows), stage.forward(queries)
    expected = queries @ rows.T

    actual = _core.tile(codec.view(codec.encode_rows(X[20:60])), *codec.query(X[:20]))

    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize("metric", ["ip", "l2", "cosine"])
def test_decoding_gives_the_vectors_back(metric: Metric) -> None:
    """Under cosine the length that was lost is found again: the original was a unit vector."""
    codec = Codec("whiten,f32", metric=metric).fit(X)
    expected = _core.normalize(X) if metric == "cosine" else X

    np.testing.assert_allclose(codec.decode(codec.encode(X)), expected, atol=2e-5)


def test_fewer_directions_give_the_nearest_vectors() -> None:
    """As near as the plane of most variance is."""
    x = X.astype(np.float64)
    singular = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    stage = fitted(X, kept=9)

    back = stage.backward(stage.forward(X), 24)

    np.testing.assert_allclose(((x - back) ** 2).sum(), (singular[9:] ** 2).sum(), rtol=1e-4)


def test_directions_without_variance_count_nothing() -> None:
    """A copy of a dimension adds no noise, and decoding gives it back."""
    x = np.concatenate([X, X[:, :3]], axis=1)
    stage = fitted(x, shrinkage="0")

    y = stage.forward(x)

    assert (np.abs(y).max(axis=0) < 1e-3).sum() == 3
    np.testing.assert_allclose(stage.backward(y, 27), x, atol=1e-4)


@pytest.mark.parametrize("rows", [1, 30])
def test_vectors_that_do_not_differ(rows: int) -> None:
    """There is nothing to divide by, so lengths stay."""
    same = np.full((rows, 5), 0.3, np.float32)
    stage = fitted(same)

    y = stage.forward(np.concatenate([same[:1], same[:1] + np.eye(5, dtype=np.float32)]))

    np.testing.assert_allclose(np.linalg.norm(y, axis=1), [0, 1, 1, 1, 1, 1], atol=1e-5)


def test_a_row_so_far_out_that_scores_overflow_is_refused() -> None:
    """The row is named, in blocks too, and so is the query."""
    codec = Codec("whiten(shrinkage=0),f32", metric="l2").fit(X * np.float32(1e-12))
    far = X.copy()
    far[7] = 1e15

    with pytest.raises(InvalidInput, match="Row 7 is longer than"):
        codec.encode(far)
    with pytest.raises(InvalidInput, match="Query 7 is longer than"):
        codec.query(far)
