"""`pow4`: its levels, its exponent, and scores that are those of the decoded vectors."""

import numpy as np
import pytest

from lilliput import _core
from lilliput.codecs.codec import Codec
from lilliput.errors import InvalidSpec

RNG = np.random.default_rng(0)
SCALES = np.linspace(2, 0.1, 25)
X = (RNG.standard_normal((900, 25)) * SCALES + 0.4).astype(np.float32)
PEAKED = (RNG.standard_normal((900, 25)) ** 3 * SCALES).astype(np.float32)


@pytest.mark.parametrize("metric", ["ip", "l2"])
def test_scores_are_those_of_the_decoded_vectors(metric: str) -> None:
    """Up to the query's rounding: half of one of 127 levels, times the numbers of the words."""
    codec = Codec("pow4", metric=metric).fit(X)
    rows, Q = codec.encode_rows(X[:300]), X[300:340]
    decoded = codec.decode_rows(rows).astype(np.float64)
    u, bias = codec.query(Q)
    exact = Q @ decoded.T if metric == "ip" else -np.square(Q[:, None] - decoded).sum(axis=2)
    arrays = codec.state()[1]
    numbers = np.abs((decoded - arrays["0.mean"]) / arrays["0.step"]).sum(axis=1)

    bound = np.abs(u).max(axis=1)[:, None] / 254 * numbers + 1e-3
    for found in (_core.tile(codec.view(rows), u, bias), _core.block(codec.view(rows), u, bias)):
        assert (np.abs(found - exact) <= bound).all()


def test_numbers_become_the_nearest_level() -> None:
    """Of sixteen in each dimension, up to the rounding of a point that lies halfway."""
    codec = Codec("pow4", metric="ip").fit(X)
    arrays = codec.state()[1]
    levels = arrays["0.mean"][:, None] + arrays["0.step"][:, None] * arrays["0.words"]
    nearest = np.abs(X[:, :, None] - levels).min(axis=2)

    error = np.abs(codec.decode(codec.encode(X)) - X)

    assert (error <= nearest + arrays["0.step"]).all()


def test_the_exponent_follows_the_numbers() -> None:
    """Peaked numbers take levels that crowd about the mean; even ones take even levels."""
    even = RNG.uniform(-1, 1, (900, 25)).astype(np.float32)

    words = [Codec("pow4", metric="ip").fit(x).state()[1]["0.words"].astype(int) for x in (PEAKED, even)]

    assert np.diff(words[0]).min() < 5
    assert np.ptp(np.diff(words[1])) <= 1


def test_a_fixed_exponent_is_taken() -> None:
    """Companded by it, the levels lie evenly."""
    words = Codec("pow4(p=0.5)", metric="ip").fit(X).state()[1]["0.words"].astype(float)

    companded = np.sign(words) * np.sqrt(np.abs(words) / 127)

    np.testing.assert_allclose(companded, np.linspace(-1, 1, 16), atol=0.03)  # a word is rounded


def test_peaked_numbers_lose_less_than_on_an_even_grid() -> None:
    """By a fifth of the squared error and more."""
    lost = [
        np.square(codec.decode(codec.encode(PEAKED)) - PEAKED).mean()
        for codec in (Codec(spec, metric="ip").fit(PEAKED) for spec in ("pow4", "int4(scale=dim)"))
    ]

    assert lost[0] < 0.8 * lost[1]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("pow", "has 0 numbers"),
        ("pow8", "asks for 8 bits a dimension; write pow4"),
        ("pow4(p=2)", "gives '2' where a number from 0.1 to 1 was wanted"),
        ("pow4(q=1)", "pow has p"),
    ],
)
def test_what_cannot_be_is_refused(spec: str, message: str) -> None:
    """With what works instead."""
    with pytest.raises(InvalidSpec, match=message):
        Codec(spec).fit(X)
