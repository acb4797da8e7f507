"""The random projection: orthonormal, one entry a column after the rotation, and even to all directions."""

import numpy as np
import pytest

from lilliput.codecs.codec import Codec
from lilliput.codecs.jl import RandomProjection
from lilliput.errors import CorruptFile
from lilliput.reference import dense
from lilliput.spec import Stage


def fitted(kept: int, dim: int, seed: int = 0) -> RandomProjection:
    """The stage by itself."""
    stage = RandomProjection(Stage("jl", (kept,)))
    stage.fit(np.empty((0, dim), np.float32), "l2", np.random.default_rng(seed))
    return stage


@pytest.mark.parametrize(
    ("kept", "dim"), [(1, 1), (1, 20), (7, 20), (13, 20), (20, 20), (96, 384), (100, 300)]
)
def test_the_rows_of_the_map_are_orthonormal(kept: int, dim: int) -> None:
    """Mapping the unit vectors gives its transpose, and backward is that."""
    stage = fitted(kept, dim)
    eye = np.eye(dim, dtype=np.float32)

    columns = stage.forward(eye)

    np.testing.assert_allclose(columns.T @ columns, np.eye(kept), atol=1e-5)
    np.testing.assert_allclose(columns.T, stage.backward(np.eye(kept, dtype=np.float32), dim), atol=1e-6)


def test_it_is_the_reference_to_the_bit() -> None:
    """Rotation, then the fold."""
    stage = fitted(9, 50)
    x = np.random.default_rng(1).standard_normal((40, 50)).astype(np.float32)
    signs = stage.arrays["signs"]

    expected = dense.fold(dense.rotate(x, signs[:-1]), stage.arrays["order"], signs[-1], 9)

    assert np.array_equal(expected, stage.forward(x))


def test_squared_distances_shrink_to_their_share() -> None:
    """Over 200 seeds the mean is D of d, for vectors along one axis as for spread ones."""
    x = np.eye(64, dtype=np.float32)[:2]
    x[1] = np.random.default_rng(2).standard_normal(64)
    x[1] /= np.linalg.norm(x[1])

    squares = [np.square(fitted(16, 64, seed).forward(x)).sum(axis=1) for seed in range(200)]

    np.testing.assert_allclose(np.mean(squares, axis=0), 16 / 64, rtol=0.05)
    assert np.max(squares) < 3 * 16 / 64


def test_distances_are_kept_as_theory_says() -> None:
    """At 128 of 512 dimensions all 1,225 distances between 50 points are within a third of the mean ratio."""
    x = np.random.default_rng(3).standard_normal((50, 512)).astype(np.float32)
    y = fitted(128, 512).forward(x)
    pairs = np.triu_indices(50, 1)

    ratios = np.linalg.norm(y[pairs[0]] - y[pairs[1]], axis=1) / np.linalg.norm(
        x[pairs[0]] - x[pairs[1]], axis=1
    )

    assert np.abs(ratios / 0.5 - 1).max() < 1 / 3


def test_a_table_that_sums_a_number_twice_is_refused() -> None:
    """From a file: out of range, or another number left out."""
    metadata, arrays = Codec("jl4,f32").fit(np.eye(8)).state()
    for wrong in (8, arrays["0.order"][1]):
        order = arrays["0.order"].copy()
        order[0] = wrong
        with pytest.raises(CorruptFile, match="jl4 does not sum each number once"):
            Codec.from_state(metadata, {**arrays, "0.order": order})
