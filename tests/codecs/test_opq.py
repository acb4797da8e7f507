"""Optimised product quantisation as a codec: spelling, bytes, the rotation, what it gains."""

import numpy as np
import pytest
from tests.rounding import product_scores

from lilliput import Codec, _core
from lilliput.codecs.base import Metric
from lilliput.codecs.opq import OptimisedProductQuantiser
from lilliput.codecs.registry import variants
from lilliput.errors import InvalidInput, InvalidSpec

RNG = np.random.default_rng(0)
# Numbers that depend on each other, and a few directions that hold most of the variance.
MIX = RNG.standard_normal((24, 24)) * np.geomspace(3, 0.05, 24)[:, None]
X = (RNG.standard_normal((3_000, 24)) @ MIX + 0.5).astype(np.float32)


def fitted(spec: str, metric: Metric = "l2", x: np.ndarray = X) -> OptimisedProductQuantiser:
    """The last stage of a fitted codec."""
    quantiser = Codec(spec, metric=metric).fit(x)._fitted().quantiser
    assert isinstance(quantiser, OptimisedProductQuantiser)
    return quantiser


@pytest.mark.parametrize(("spec", "size"), [("opq6", 6), ("opq5x4", 3), ("opq4(keep=9)", 4)])
def test_a_row_takes_the_bytes_that_the_name_says(spec: str, size: int) -> None:
    """M bytes, or half of M rounded up; no factors under any metric."""
    for metric in ("cosine", "ip", "l2"):
        assert size == Codec(spec, metric=metric).fit(X).code_size


def test_a_number_of_the_rotation_is_a_byte() -> None:
    """24 directions of 24 numbers, 16 words of 24 numbers, 12 steps and 24 means."""
    codec = Codec("opq12x4", metric="l2").fit(X)

    assert 24 * 24 + 16 * 24 + 4 * 12 + 4 * 24 == codec.overhead_bytes


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("opq", InvalidSpec, "has 0 numbers"),
        ("opq6x5", InvalidSpec, "asks for 5 bits"),
        ("opq25", InvalidInput, "25 parts .* 24 dimensions; write opq24"),
        ("opq6(keep=25)", InvalidInput, "25 .* 24"),
        ("opq6(keep=5)", InvalidInput, "6 parts .* 5"),
        ("opq6(keep=7.5)", InvalidSpec, "7.5"),
        ("opq6(keep=no)", InvalidSpec, "'no'"),
        ("opq6(kept=7)", InvalidSpec, "'kept'"),
    ],
)
def test_what_cannot_be_is_refused(spec: str, error: type[Exception], message: str) -> None:
    """The message holds what came and what was wanted."""
    with pytest.raises(error, match=message):
        Codec(spec).fit(X)


@pytest.mark.parametrize("spec", ["opq6", "opq7", "opq6(keep=17)"])
def test_the_rotation_is_nearly_one(spec: str) -> None:
    """Directions have length one and are orthogonal but for the rounding to bytes."""
    turn = fitted(spec).turn().astype(np.float64)
    live = turn[np.abs(turn).any(axis=1)]

    # A number is rounded by half of 1/127 of the largest of its row at most, and rows have 24 of them: by
    # Cauchy and Schwarz two rows' product moves by 2 * sqrt(24) / 254 at most.
    assert (np.abs(live @ live.T - np.eye(len(live))) <= 2 * np.sqrt(24) / 254).all()
    np.testing.assert_allclose(np.square(live).sum(axis=1), 1, rtol=1e-6)
    assert len(live) == (17 if "keep" in spec else 24)


@pytest.mark.parametrize(("plain", "turned"), [("pq6", "opq6"), ("pq12x4", "opq12x4")])
def test_turning_halves_the_error_where_numbers_depend_on_each_other(plain: str, turned: str) -> None:
    """Directions of much variance are spread over the parts; the rows above lose less than half as much."""
    errors = [
        np.square(codec.decode(codec.encode(X)) - X).sum(axis=1).mean()
        for codec in (Codec(spec, metric="l2").fit(X) for spec in (plain, turned))
    ]

    assert errors[1] < 0.5 * errors[0]


def test_fitting_the_rotation_to_the_words_improves_on_principal_directions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two clusters of unlike shape are no ellipsoid: alternating lowers what is lost by a tenth or more."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((40, 16)) * 2
    x = (centres[rng.integers(40, size=4_000)] + 0.2 * rng.standard_normal((4_000, 16))).astype(np.float32)

    def lost() -> float:
        codec = Codec("opq4x4", metric="l2").fit(x)
        return float(np.square(codec.decode(codec.encode(x)) - x).sum(axis=1).mean())

    alternated = lost()
    monkeypatch.setattr("lilliput.codecs.opq.MOST_TURNS", 0)

    assert alternated < 0.9 * lost()


@pytest.mark.parametrize("metric", ["ip", "cosine", "l2"])
@pytest.mark.parametrize("spec", ["opq6", "opq8x4", "opq7", "opq4(keep=12)"])
def test_scores_are_those_of_the_decoded_vectors(spec: str, metric: Metric) -> None:
    """Up to the rounding of the query to 255 levels, and of the rotation."""
    codec = Codec(spec, metric=metric).fit(X)
    rows, Q = codec.encode_rows(X[:300]), X[300:340]
    decoded = codec.decode_rows(rows).astype(np.float64)
    exact = product_scores(Q, decoded, metric)

    found = _core.tile(codec.view(rows), *codec.query(Q))

    # A row's squared length is that of its words, before they are turned back by a matrix that is orthogonal
    # to within a percent or two.
    assert np.abs(found - exact).max() <= 0.03 * np.abs(exact).max()


def test_rows_that_do_not_vary_are_kept_in_their_mean() -> None:
    """No direction is drawn from nothing: all are zero, and decoding gives the row."""
    x = np.full((50, 6), 3.5, np.float32)
    quantiser = fitted("opq3", "l2", x)
    codec = Codec("opq3", metric="l2").fit(x)

    assert not quantiser.turn().any()
    np.testing.assert_array_equal(x, codec.decode(codec.encode(x)))


def test_fewer_rows_than_dimensions_will_do() -> None:
    """What ten rows do not span has no direction; the rows themselves come back."""
    x = X[:10]
    codec = Codec("opq6", metric="l2").fit(x)

    # Ten rows are ten of 256 words: the roundings to bytes are left.
    assert np.abs(codec.decode(codec.encode(x)) - x).max() < 0.02 * np.abs(x).max()


def test_the_same_seed_gives_the_same_arrays() -> None:
    """Another seed gives other words."""
    one, same, other = (Codec("opq6", seed=seed).fit(X).state()[1] for seed in (1, 1, 2))

    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
    assert (one["0.words"] != other["0.words"]).any()


def test_variants_fit_and_fall_in_size() -> None:
    """Every spelling that the advisor may try works, most bytes first."""
    sizes = [Codec(spec).fit(X[:300]).code_size for spec in variants("quantiser", 24)["opq"]]

    assert sizes == sorted(sizes, reverse=True)
