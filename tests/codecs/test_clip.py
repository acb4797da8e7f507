"""The limit on numbers: where it lies, and what it is good for."""

import numpy as np
import pytest

from lilliput import _core
from lilliput.codecs.base import Metric
from lilliput.codecs.clip import Clip
from lilliput.codecs.codec import Codec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2000, 64)).astype(np.float32)


def limit(x: FloatArray, **options: str) -> float:
    """The limit that is found."""
    stage = Clip(Stage("clip", (), tuple(options.items())))
    stage.fit(x, "ip", RNG)
    return float(stage.arrays["limit"][0])


def with_outliers() -> FloatArray:
    """Three dimensions that outweigh all others, in every row."""
    x = X.copy()
    x[:, [5, 40]] += 60
    x[:, 17] *= 50
    return x


def test_the_limit_is_that_of_the_typical_dimension() -> None:
    """z root mean squares, whatever a few dimensions hold."""
    typical = float(np.median(np.sqrt(np.square(X, dtype=np.float64).mean(axis=0))))

    assert limit(X) == pytest.approx(5 * typical)
    assert limit(X, z="2.5") == pytest.approx(2.5 * typical)
    assert limit(with_outliers()) == pytest.approx(5 * typical, rel=0.01)


def test_a_quantile_is_that_of_all_magnitudes() -> None:
    """Nine of ten numbers are no larger."""
    assert limit(X, quantile="0.9") == pytest.approx(np.quantile(np.abs(X), 0.9))


@pytest.mark.parametrize("options", [{}, {"quantile": "0.5"}])
def test_nothing_is_clipped_where_the_typical_number_is_zero(options: dict[str, str]) -> None:
    """A limit of zero would leave nothing."""
    sparse = np.zeros((30, 8), np.float32)
    sparse[:, 3] = 7

    assert limit(sparse, **options) == np.finfo(np.float32).max


def test_rows_and_queries_are_held() -> None:
    """On either side."""
    codec = Codec("clip(z=1),f32", metric="ip").fit(X)
    bound = codec._fitted().arrays["0.limit"][0]

    assert np.array_equal(np.clip(X, -bound, bound), codec.decode(codec.encode(X)))
    assert np.array_equal(np.clip(X[:5], -bound, bound), codec.query(X[:5])[0])


def recall(spec: str, metric: Metric) -> float:
    """Mean recall of the ten nearest by the numbers as they were before some were made to outweigh all."""
    meant, found = distances(X[:100], X[100:]), with_outliers()
    codec = Codec(spec, metric=metric).fit(found[100:])
    scores = _core.tile(codec.view(codec.encode_rows(found[100:])), *codec.query(found[:100]))
    pairs = zip(meant.argsort(axis=1)[:, :10], (-scores).argsort(axis=1)[:, :10], strict=True)
    return float(np.mean([len({*true} & {*got}) / 10 for true, got in pairs]))


def distances(q: FloatArray, x: FloatArray) -> FloatArray:
    """Squared distances."""
    found: FloatArray = ((q[:, None] - x[None]) ** 2).sum(axis=2)
    return found


@pytest.mark.parametrize("quantiser", ["f32", "int8"])
@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_outliers_do_not_drown_the_other_dimensions(metric: Metric, quantiser: str) -> None:
    """Neighbours by what the vectors mean are found behind the limit and lost without it."""
    assert recall(quantiser, metric) < 0.1
    assert recall(f"clip,{quantiser}", metric) > 0.25


def test_vectors_without_outliers_pass_as_they_are() -> None:
    """Five times the typical number is beyond what a normal distribution gives in a hundred thousand."""
    codec = Codec("clip,f32", metric="l2").fit(X)

    assert np.mean(codec.decode(codec.encode(X)) != X) < 1e-5
