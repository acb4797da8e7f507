"""Neighbours without oneself, hubs, isotropy and moments against slow loops."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.evaluate.diagnostics.dimensions import excess_kurtosis, outlier_dimensions
from lilliput.evaluate.diagnostics.hubness import histogram, neighbour_counts, skewness
from lilliput.evaluate.diagnostics.isotropy import mean_cosine, partition_isotropy
from lilliput.evaluate.diagnostics.neighbours import distances, nearest_others


def units(rows: int, dim: int, lean: float = 0.0) -> NDArray[np.float32]:
    """Unit vectors, all pushed along the first axis by `lean`."""
    X = np.random.default_rng(0).standard_normal((rows, dim))
    X[:, 0] += lean * np.sqrt(dim)
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_nearest_others_are_a_sort_without_the_row(metric: str) -> None:
    """The row itself is left out wherever it would stand, under ip too."""
    X = np.random.default_rng(3).standard_normal((60, 5)).astype(np.float32)
    Y = X / np.linalg.norm(X, axis=1, keepdims=True) if metric == "cosine" else X
    scores = -((Y[:, None] - Y[None]) ** 2).sum(axis=2) if metric == "l2" else Y @ Y.T
    np.fill_diagonal(scores, -np.inf)
    which = np.array([3, 7, 59])
    expected = np.argsort(-scores[which], axis=1)[:, :6]

    actual = nearest_others(X, which, 6, metric)  # type: ignore[arg-type]

    np.testing.assert_array_equal(expected, actual)


def test_more_equals_than_neighbours() -> None:
    """Among many equal rows each has k others, and itself is none of them."""
    X = np.ones((30, 3), dtype=np.float32)

    actual = nearest_others(X, np.arange(30), 4, "l2")

    assert (30, 4) == actual.shape
    assert not (actual == np.arange(30)[:, None]).any()
    assert [0.0] * 4 == distances(X, X[:1], actual[:1])[0].tolist()


def test_mean_cosine_is_the_mean_over_pairs() -> None:
    """All pairs of different rows, one by one."""
    X = units(50, 6, lean=0.5)
    pairs = [float(X[a] @ X[b]) for a in range(50) for b in range(50) if a != b]

    assert np.mean(pairs) == pytest.approx(mean_cosine(X), abs=1e-6)


def test_isotropy_falls_as_vectors_lean() -> None:
    """Near 1 for a ball, less for a cone, and at the end what one direction alone gives."""
    ball, cone = partition_isotropy(units(4_000, 64)), partition_isotropy(units(4_000, 64, lean=1.0))
    line = partition_isotropy(np.tile(np.eye(1, 64, dtype=np.float32), (100, 1)))

    assert ball > 0.98
    assert 0.98 > cone > line
    assert np.exp(-2) == pytest.approx(line, rel=1e-5)


def test_isotropy_with_more_dimensions_than_rows() -> None:
    """The directions that rows span are found from the products of rows."""
    X = units(20, 300)
    directions = np.linalg.svd(X)[2][:20]
    sums = np.exp(np.concatenate([directions, -directions]) @ X.T).mean(axis=1)

    assert sums.min() / sums.max() == pytest.approx(partition_isotropy(X), rel=1e-4)


def test_counts_and_skewness_by_hand() -> None:
    """Nobody is -1; the third moment of a spread that leans."""
    assert [2, 1, 0, 1] == neighbour_counts(np.array([[1, 0], [0, 3], [-1, -1]]), 4).tolist()
    assert 0.0 == skewness(np.array([3, 3, 3]))
    assert 1.5 == pytest.approx(skewness(np.array([0, 0, 0, 0, 5])))


def test_the_histogram_holds_every_row() -> None:
    """As many rows as were counted, in at most 32 bins of whole numbers."""
    for most in (0, 1, 9, 31, 32, 900):
        counts = np.arange(most + 1)
        found = histogram(counts)

        assert most + 1 == sum(found["counts"])
        assert len(found["counts"]) <= 32
        assert len(found["edges"]) == len(found["counts"]) + 1


def test_kurtosis_is_that_of_the_moments() -> None:
    """A coin has -2, an even spread -1.2, a bell 0, a Laplace 3; what never changes is left out."""
    rng = np.random.default_rng(0)
    X = np.stack(
        [
            rng.choice([-1.0, 1.0], 200_000),
            rng.random(200_000) + 4,
            rng.standard_normal(200_000),
            np.full(200_000, 7.0),
            rng.laplace(size=200_000),
        ],
        axis=1,
    ).astype(np.float32)

    assert [-2.0, -1.2, 0.0, 3.0] == pytest.approx(excess_kurtosis(X).tolist(), abs=0.3)


def test_outlier_dimensions_are_those_planted() -> None:
    """The largest first; falling sizes alone make no outlier, and neither does a set of equals."""
    sizes = 1 + np.random.default_rng(0).random(100)
    sizes[[17, 4]] = 40.0, 60.0

    assert [4, 17] == outlier_dimensions(sizes**2).tolist()
    assert [] == outlier_dimensions(1 / np.arange(1, 101) ** 0.3).tolist()
    assert [] == outlier_dimensions(np.ones(50)).tolist()
