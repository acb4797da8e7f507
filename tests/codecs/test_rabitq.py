"""RaBitQ against what its papers promise: the nearest grid vector in angle, and estimates without bias."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs.codec import Codec
from lilliput.errors import InvalidSpec
from lilliput.reference.planes import Planes

Floats = NDArray[np.float32]
bits_of_planes = pytest.mark.parametrize("bits", range(2, 8))
every_bits = pytest.mark.parametrize("bits", range(1, 9))


def closest(x: Floats, bits: int) -> float:
    """The largest cosine to x of any grid vector, by trying every step at which a number changes its level."""
    sizes = np.abs(x.astype(np.float64))
    levels = np.arange(1, 2 ** (bits - 1))
    steps = np.unique(np.concatenate([[1e-9], (sizes[:, None] / levels).ravel()[:: max(1, bits - 3)]]))[::-1]
    v = 2 * np.minimum(np.floor(sizes / steps[:, None] + 1e-12), 2 ** (bits - 1) - 1) + 1
    return float(((v @ sizes) / np.linalg.norm(v, axis=1)).max() / np.linalg.norm(sizes))


@bits_of_planes
def test_integers_are_the_nearest_in_angle(bits: int) -> None:
    """A few steps are tried for each row: what that loses of the squared sine to the best is below 2 %."""
    X = np.random.default_rng(bits).standard_normal((40, 60)).astype(np.float32)
    family = Planes(bits)
    found = family.numbers(family.encode(X, False).rows, 60).astype(np.float64)
    cosines = (found * X).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(X, axis=1)

    best = np.array([closest(x, bits) for x in X])

    assert (1 - cosines**2 <= (1 - best**2) * 1.1 + 1e-6).all()
    assert (1 - cosines**2).mean() <= (1 - best**2).mean() * 1.02


@every_bits
def test_estimates_have_no_bias(bits: int) -> None:
    """Over 400 rotations the mean error of an estimate is within four of its standard errors of zero."""
    rng = np.random.default_rng(100 + bits)
    x, others = rng.standard_normal((1, 64)) * np.linspace(3, 0.1, 64), rng.standard_normal((20, 64))
    X = np.concatenate([x, others]).astype(np.float32)
    q = rng.standard_normal(64)

    errors = []
    for seed in range(400):
        codec = Codec(f"rabitq{bits}", metric="ip", seed=seed).fit(X)
        errors.append(float(codec.decode(codec.encode(X[:1]))[0].astype(np.float64) @ q - X[0] @ q))

    assert abs(np.mean(errors)) <= 4 * np.std(errors) / np.sqrt(len(errors)) + 1e-5


def test_more_bits_find_more() -> None:
    """The mean error falls with every bit, by a factor near two."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((500, 96)).astype(np.float32)
    errors = []
    for bits in range(1, 9):
        codec = Codec(f"rabitq{bits}", metric="ip").fit(X)
        errors.append(np.abs((codec.decode(codec.encode(X)) - X) @ X[0]).mean())

    assert all(1.5 < a / b < 3.5 for a, b in zip(errors[:6], errors[1:7], strict=True)), errors
    assert errors[7] < errors[6]


@pytest.mark.parametrize("spec", ["rabitq", "rabitq9", "rabitq0", "rabitq4x2"])
def test_other_bits_are_refused(spec: str) -> None:
    """There are one to eight."""
    with pytest.raises(InvalidSpec, match="rabitq"):
        Codec(spec).fit(np.eye(8))
