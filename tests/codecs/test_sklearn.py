"""A codec works inside scikit-learn, where that is installed."""

import numpy as np
import pytest

from lilliput.codecs.codec import Codec

sklearn_base = pytest.importorskip("sklearn.base")
sklearn_pipeline = pytest.importorskip("sklearn.pipeline")
sklearn_preprocessing = pytest.importorskip("sklearn.preprocessing")

X = np.random.default_rng(0).standard_normal((100, 8)) * 3 + 1


def test_clone_gives_an_unfitted_twin() -> None:
    """Of a fitted codec too, with the same codes after the same fit."""
    codec = Codec("rotate,bin", metric="l2", seed=4).fit(X)

    twin = sklearn_base.clone(codec)

    assert not twin.__sklearn_is_fitted__()
    assert codec.get_params() == twin.get_params()
    assert np.array_equal(codec.encode(X), twin.fit(X).encode(X))


def test_a_pipeline_ends_in_a_codec() -> None:
    """It transforms there and back."""
    scaler = sklearn_preprocessing.StandardScaler()
    pipeline = sklearn_pipeline.make_pipeline(scaler, Codec("int8", metric="l2"))

    codes = pipeline.fit_transform(X)

    assert np.uint8 == codes.dtype
    assert np.array_equal(codes, pipeline.transform(X))
    np.testing.assert_allclose(pipeline.inverse_transform(codes), X, atol=0.05)
