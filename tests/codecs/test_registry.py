"""A stage is one class and one line; the language, the codec and the files take it from there."""

from pathlib import Path

import numpy as np
import pytest

from lilliput import _core
from lilliput.codecs import registry
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, Shapes, take_numbers
from lilliput.codecs.codec import Codec
from lilliput.codecs.layout import Layout, Rows
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

X = np.random.default_rng(0).standard_normal((100, 10)).astype(np.float32)


class Centred(Quantiser):
    """Rows of float32 about their mean: a stage that the library does not have."""

    learns = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        take_numbers(stage)

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Four bytes a number."""
        return Layout("f32", dim, 4 * dim, alpha=False, beta=metric == "l2")

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """The mean."""
        return {"mean": ("float32", (dim,))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Average the sample."""
        self.arrays = {"mean": sample.mean(axis=0)}

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Subtract the mean."""
        _core.encode("f32", y - self.arrays["mean"], into.rows, None, into.beta, threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Add the mean."""
        x: FloatArray = rows.rows.view(np.float32) + self.arrays["mean"]
        return x

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """As for any affine row."""
        mean = self.arrays["mean"]
        if metric == "l2":
            r = u - mean
            return 2 * r, -(r.astype(np.float64) ** 2).sum(axis=1)
        return u, u.astype(np.float64) @ mean


@pytest.fixture
def centred(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry with one stage more, for one test."""
    monkeypatch.setattr(registry, "_FACTORIES", dict(registry._FACTORIES))
    registry.register("centred", Centred, "quantiser")


@pytest.mark.usefixtures("centred")
@pytest.mark.parametrize("metric", ["ip", "l2"])
def test_a_new_quantiser_is_one_class_and_one_line(metric: str, tmp_path: Path) -> None:
    """It fits, encodes, scores, saves and loads."""
    codec = Codec("pca6,centred", metric=metric).fit(X)
    codec.save(tmp_path / "codec")
    other = Codec.load(tmp_path / "codec")

    rows = other.encode_rows(X)
    queries, bias = other.query(X[:5])
    scores = _core.tile(other.view(rows), queries, bias)

    decoded = codec.decode(codec.encode(X))
    if metric == "ip":
        expected = X[:5] @ decoded.T
    else:
        expected = -((X[:5, None] - decoded[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(scores, expected, atol=1e-4)


@pytest.mark.usefixtures("centred")
def test_a_name_is_taken_once() -> None:
    """A second stage of the same name is refused, and so is what cannot be a name."""
    with pytest.raises(InvalidInput, match="'centred' is registered"):
        registry.register("centred", Centred, "quantiser")
    for name in ("", "Pca", "8bit", "p-q", "a b"):
        with pytest.raises(InvalidInput, match="cannot name a stage"):
            registry.register(name, Centred, "quantiser")


def test_names_are_listed_by_kind() -> None:
    """Every stage is a transform or a quantiser."""
    assert {"mrl", "pca", "rotate"} <= set(registry.names("transform"))
    assert {"bin", "f16", "f32", "int8"} <= set(registry.names("quantiser"))
    assert sorted(registry.names("transform") + registry.names("quantiser")) == registry.names()
