"""Shorteners that find out how many dimensions to keep, against counting."""

from pathlib import Path

import numpy as np
import pytest

from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.codec import Codec
from lilliput.codecs.directions import stored, straightened
from lilliput.codecs.nearness import Nearness
from lilliput.codecs.pca import PCA
from lilliput.errors import InvalidInput
from lilliput.index.index import Index
from lilliput.spec import Stage

RNG = np.random.default_rng(0)
DIM = 20
X = (RNG.standard_normal((500, DIM)) * np.linspace(2, 0.1, DIM) + 0.5).astype(np.float32)


def kept(codec: Codec) -> int:
    """How many numbers are left."""
    return codec.layout.dim


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("share", [0.3, 0.9, 0.99, 1.0])
def test_keep_leaves_the_fewest_directions_of_a_share(metric: Metric, share: float) -> None:
    """By the singular values, about the mean unless the metric is cosine."""
    x = X.astype(np.float64)
    x = x / np.linalg.norm(x, axis=1, keepdims=True) if metric == "cosine" else x - x.mean(axis=0)
    held = (np.linalg.svd(x, compute_uv=False) ** 2).cumsum()
    expected = int(np.argmax(held >= share * held[-1] * (1 - 1e-6))) + 1

    codec = Codec(f"pca(keep={share}),int8", metric=metric).fit(X)

    assert kept(codec) == expected
    assert codec.spec == f"pca{expected},int8"


def test_keep_counts_dimensions_of_a_prefix_by_their_variance() -> None:
    """The first numbers of `mrl`, the best of `infs`."""
    held = X.var(axis=0, dtype=np.float64).cumsum()
    expected = int(np.argmax(held >= 0.8 * held[-1])) + 1

    assert kept(Codec("mrl(keep=0.8),f32", metric="l2").fit(X)) == expected
    assert Codec("infs(keep=0.8),f32", metric="l2").fit(X).spec.startswith("infs")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", ["pca", "mrl", "infs"])
def test_loss_leaves_enough_to_find_neighbours(metric: Metric, name: str) -> None:
    """Recall@10 among the sample is above the aim with as many, and below with one dimension fewer."""
    codec = Codec(f"{name}(loss=0.1),f32", metric=metric).fit(X)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True) if metric == "cosine" else X
    near = Nearness(unit, unit, metric, np.arange(len(X)))

    def recall(count: int) -> float:
        made = Codec(f"{name}{count},f32", metric=metric).fit(X)
        rows = made.encode(X)[:, : 4 * count].copy().view(np.float32)
        queries = made._fitted().transforms[0].query(unit, metric)[0]
        return float(near.recall(rows, queries).mean())

    assert recall(kept(codec)) >= 0.9 > recall(kept(codec) - 1)


def test_no_loss_keeps_every_dimension_that_matters() -> None:
    """Of ten that are copies of others and ten that are not, pca keeps ten."""
    x = np.concatenate([X[:, :10], X[:, :10]], axis=1)

    assert kept(Codec("pca(loss=0),f32", metric="l2").fit(x)) <= 10


@pytest.mark.parametrize("sheet", [1, 2, 3])
def test_auto_keeps_what_a_sheet_needs(sheet: int) -> None:
    """Twice the dimension of a curved sheet and one; TwoNN tells the small ones of 2,000 rows to a half."""
    t = RNG.random((2000, sheet))
    x = np.concatenate([np.cos(t @ RNG.standard_normal((sheet, DIM)) * 2), t], axis=1).astype(np.float32)

    for name in ("pca", "mrl"):
        assert kept(Codec(f"{name}(dim=auto),f32", metric="l2").fit(x)) == 2 * sheet + 1


def test_what_was_found_stays(tmp_path: Path) -> None:
    """Files, indexes and later stages know the number; parameters are as they were passed."""
    codec = Codec("pca(keep=0.9),rotate,int8", metric="l2").fit(X)
    codec.save(tmp_path / "codec.safetensors")
    index = Index("flat | pca(keep=0.9),int8 | f16").fit(X).add(X)
    index.save(tmp_path / "index")

    assert codec.get_params()["spec"] == "pca(keep=0.9),rotate,int8"
    assert Codec.load(tmp_path / "codec.safetensors").spec == codec.spec == f"pca{kept(codec)},rotate,int8"
    assert np.array_equal(codec.encode(X), Codec.load(tmp_path / "codec.safetensors").encode(X))
    assert "keep" not in index.spec
    assert Index.open(tmp_path / "index").spec == index.spec
    assert Codec(codec.spec, metric="l2").fit(X).encode(X).tolist() == codec.encode(X).tolist()


def test_stages_behind_meet_the_number_when_it_is_known() -> None:
    """They are checked again: a stage that wants more than was left says so."""
    with pytest.raises(InvalidInput, match="mrl15 keeps 15 dimensions and its vectors have"):
        Codec("pca(keep=0.5),mrl15,int8", metric="l2").fit(X)


def test_fewer_rows_than_dimensions_give_as_many_directions_as_rows() -> None:
    """All of the variance is in them."""
    assert kept(Codec("pca(keep=1),f32", metric="cosine").fit(X[:7])) == 7


@pytest.mark.parametrize(("dim", "count"), [(20, 7), (96, 96), (384, 192)])
def test_stored_directions_are_straight_when_they_are_applied(dim: int, count: int) -> None:
    """At right angles as float32 has it, near to what they were, and the first do not hang on the rest."""
    directions = np.linalg.qr(RNG.standard_normal((dim, dim)))[0][:count]
    halves = stored(directions)

    rows = straightened(halves)

    assert halves.dtype == np.float16
    np.testing.assert_allclose(rows.astype(np.float64) @ rows.T, np.eye(count), atol=3e-6)
    np.testing.assert_allclose(np.abs(rows), np.abs(directions), atol=2e-3)
    assert np.array_equal(rows[: count // 2], straightened(halves[: count // 2]))


def test_directions_of_an_old_file_are_applied_as_they_are() -> None:
    """Version 0.1.0 kept float32; such codecs encode the same bytes, and are saved as they were."""
    codec = Codec("pca6,f32", metric="l2").fit(X)
    metadata, arrays = codec.state()
    directions = np.linalg.qr(RNG.standard_normal((DIM, DIM)))[0][:6].astype(np.float32)

    old = Codec.from_state(metadata, {**arrays, "0.directions": directions})

    stage = PCA(Stage("pca", (6,)))
    stage.restore({"directions": directions, "mean": arrays["0.mean"]}, DIM, "l2")
    assert np.array_equal(stage.directions(DIM), directions)
    assert np.array_equal(old.state()[1]["0.directions"], directions)
    assert old.overhead_bytes == 4 * 6 * DIM + 4 * DIM
