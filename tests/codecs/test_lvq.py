"""`lvq`: what its rows stand for, what two levels are, and that it finds more than the grid of its paper."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs.codec import Codec
from lilliput.codecs.int4 import apart, together
from lilliput.errors import InvalidSpec

Floats = NDArray[np.float32]
RNG = np.random.default_rng(0)
X = (RNG.standard_normal((400, 90)) ** 2 + RNG.standard_normal(90)).astype(np.float32)
every_bits = pytest.mark.parametrize("bits", range(1, 9))


@every_bits
def test_rows_keep_their_mean_and_length_about_the_mean_of_all(bits: int) -> None:
    """Whatever the bits, decoding gives a row of the same sum and the same distance from the mean."""
    codec = Codec(f"lvq{bits}", metric="l2").fit(X)
    mean = codec.state()[1]["0.mean"]

    decoded = codec.decode(codec.encode(X))

    np.testing.assert_allclose((X - mean).mean(axis=1), (decoded - mean).mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(X - mean, axis=1), np.linalg.norm(decoded - mean, axis=1), rtol=1e-4
    )


@pytest.mark.parametrize("bits", range(1, 7))
def test_each_row_takes_as_many_levels_as_its_bits_have(bits: int) -> None:
    """They lie evenly."""
    codec = Codec(f"lvq{bits}", metric="ip").fit(X)
    decoded = codec.decode(codec.encode(X)) - codec.state()[1]["0.mean"]

    for row in decoded[:20].astype(np.float64):
        levels = np.unique(np.round(row, 4))
        steps = np.diff(levels)
        least = steps.min()
        assert len(levels) <= 2**bits
        assert np.abs(steps / least - np.rint(steps / least)).max() < 0.02


def least_to_greatest(codec: Codec, bits: int) -> Floats:
    """What the grid of the paper makes of the rows."""
    mean = codec.state()[1]["0.mean"]
    y = X - mean
    low = y.min(axis=1, keepdims=True)
    step = (y.max(axis=1, keepdims=True) - low) / (2**bits - 1)
    rounded: Floats = mean + low + step * np.rint((y - low) / step)
    return rounded


@every_bits
def test_rows_lie_nearer_than_on_the_grid_of_the_paper(bits: int) -> None:
    """The mean squared error is smaller."""
    codec = Codec(f"lvq{bits}", metric="ip").fit(X)

    ours = np.square(codec.decode(codec.encode(X)) - X).mean()
    theirs = np.square(least_to_greatest(codec, bits) - X).mean()

    assert ours < theirs


@pytest.mark.parametrize(("levels", "bits"), [("4x4", 8), ("4x1", 5), ("1x1", 2), ("2x4", 6)])
def test_two_levels_are_one_integer_of_all_their_bits(levels: str, bits: int) -> None:
    """The codes are those of one level with as many bits."""
    two, one = (Codec(f"lvq{each}", metric="l2").fit(X) for each in (levels, bits))

    np.testing.assert_array_equal(one.encode(X), two.encode(X))


@pytest.mark.parametrize("spec", ["lvq", "lvq9", "lvq0", "lvq4x8", "lvq4x0", "lvq2x2x2", "lvq4(a=1)"])
def test_other_bits_are_refused(spec: str) -> None:
    """There are one to eight, on one level or on two."""
    with pytest.raises(InvalidSpec, match="lvq"):
        Codec(spec).fit(X)


@pytest.mark.parametrize("dim", [1, 2, 63, 64, 65, 127, 128, 129, 256, 301])
def test_nibbles_come_apart_as_they_were(dim: int) -> None:
    """All sixteen numbers, in rows of any length."""
    numbers = RNG.integers(-8, 8, (7, dim), dtype=np.int8)

    rows = together(numbers)

    assert (7, (dim + 1) // 2) == rows.shape
    np.testing.assert_array_equal(numbers, apart(rows, dim))
