"""Infinite feature selection against its formula, worked out slowly."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs.codec import Codec
from lilliput.codecs.infs import REACH, affinities, mean_ranks, ranking, scores_of
from lilliput.errors import CorruptFile

RNG = np.random.default_rng(0)
# Dimensions of rising spread; the last two nearly say the same; small whole numbers, so that many are equal.
X = np.rint(RNG.standard_normal((60, 7)) * np.arange(1, 8)).astype(np.float64)
X[:, 6] = X[:, 5] + np.rint(RNG.standard_normal(60))


def slow_ranks(values: NDArray[np.float64]) -> list[float]:
    """One by one: how many are smaller, and half of the others that are equal."""
    return [float((values < v).sum() + ((values == v).sum() - 1) / 2) for v in values]


def slow_affinity(a: NDArray[np.float64], b: NDArray[np.float64], most: float) -> float:
    """Half of the larger deviation, half of one minus Spearman's coefficient."""
    if a.std() == 0 or b.std() == 0:
        return 0.0
    apart = 1 - abs(np.corrcoef(slow_ranks(a), slow_ranks(b))[0, 1])
    return 0.5 * max(a.std(), b.std()) / most + 0.5 * apart


@pytest.mark.parametrize("constant", [None, 3])
def test_affinities_and_scores_are_those_of_the_formula(constant: int | None) -> None:
    """Each pair by itself, and the sum over paths as the series that it is."""
    rows = X.copy()
    if constant is not None:
        rows[:, constant] = 5
    most = rows.std(axis=0).max()
    affinity = np.array([[slow_affinity(a, b, most) for b in rows.T] for a in rows.T])
    radius = np.abs(np.linalg.eigvals(affinity)).max()
    paths, power = np.zeros_like(affinity), np.eye(7)
    for _ in range(500):
        power = power @ affinity * (REACH / radius)
        paths += power

    np.testing.assert_allclose(affinities(rows), affinity, atol=1e-12)
    np.testing.assert_allclose(scores_of(affinities(rows)), paths.sum(axis=1), rtol=1e-9, atol=1e-12)
    assert ranking(rows).tolist() == np.argsort(-paths.sum(axis=1), kind="stable").tolist()


def test_equal_numbers_share_their_rank() -> None:
    """As counting them one by one gives."""
    for column in X.T:
        assert slow_ranks(column) == mean_ranks(column).tolist()


def test_a_dimension_that_never_changes_comes_last() -> None:
    """It tells nothing, though nothing repeats it."""
    rows = X.copy()
    rows[:, 6] = 1e6

    assert ranking(rows)[-1] == 6


def test_dimensions_that_are_alike_go_by_number() -> None:
    """A copy scores as its original whatever the rounding; and with nothing to tell all do."""
    for places in itertools.permutations(range(3)):
        rows = np.concatenate([X[:, :3][:, places], X[:, :3][:, places]], axis=1)
        order = ranking(rows).tolist()
        assert all(order.index(i) + 1 == order.index(i + 3) for i in range(3))
    assert ranking(np.ones((5, 4))).tolist() == [0, 1, 2, 3]


def test_the_best_dimensions_are_kept_as_they_are() -> None:
    """In the order of their scores; what is left out comes back as zeros."""
    x = X.astype(np.float32)
    codec = Codec("infs3,f32", metric="ip").fit(x)
    kept = ranking(X)[:3]

    decoded = codec.decode(codec.encode(x))

    assert np.array_equal(x[:, kept], codec.encode(x).view(np.float32))
    assert np.array_equal(x[:, kept], decoded[:, kept])
    assert not np.delete(decoded, kept, axis=1).any()


def test_a_saved_stage_is_the_same_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    """Numbers of dimensions are distinct and below their count."""
    codec = Codec("infs3,f32", metric="ip").fit(X)
    codec.save(tmp_path / "codec.safetensors")
    assert np.array_equal(codec.encode(X), Codec.load(tmp_path / "codec.safetensors").encode(X))

    metadata, arrays = codec.state()
    for wrong in ([0, 1, 7], [0, 1, 1]):
        with pytest.raises(CorruptFile, match="keeps no such dimensions"):
            Codec.from_state(metadata, {**arrays, "0.kept": np.array(wrong, dtype=np.uint32)})
