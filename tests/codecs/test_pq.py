"""Product quantisation as a codec: spelling, bytes, quality against scikit-learn, odd shapes."""

import numpy as np
import pytest

from lilliput import Codec, _core
from lilliput.codecs.registry import variants
from lilliput.errors import InvalidInput, InvalidSpec

RNG = np.random.default_rng(0)
X = (
    RNG.standard_normal((30, 24))[RNG.integers(30, size=2_000)] + 0.3 * RNG.standard_normal((2_000, 24))
).astype(np.float32)


@pytest.mark.parametrize(
    ("spec", "size"), [("pq6", 6), ("pq6x8", 6), ("pq6x4", 3), ("pq5x4", 3), ("pq24", 24)]
)
def test_a_row_takes_the_bytes_that_the_name_says(spec: str, size: int) -> None:
    """M bytes, or half of M rounded up; no factors under any metric."""
    for metric in ("cosine", "ip", "l2"):
        assert size == Codec(spec, metric=metric).fit(X).code_size


def test_dimensions_that_parts_do_not_divide_are_filled_with_zeros() -> None:
    """Seven parts of four dimensions hold 24 numbers; decoding gives 24 back."""
    codec = Codec("pq7", metric="l2").fit(X)

    assert 28 == codec.layout.dim
    assert (2_000, 24) == codec.decode(codec.encode(X)).shape


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("pq", InvalidSpec, "has 0 numbers"),
        ("pq6x5", InvalidSpec, "asks for 5 bits"),
        ("pq0", InvalidSpec, "keeps nothing"),
        ("pq25", InvalidInput, "25 parts .* 24 dimensions; write pq24"),
    ],
)
def test_what_cannot_be_is_refused(spec: str, error: type[Exception], message: str) -> None:
    """The message holds both numbers and a spelling that works."""
    with pytest.raises(error, match=message):
        Codec(spec).fit(X)


@pytest.mark.parametrize("spec", ["pq6", "pq8x4"])
def test_cosines_are_those_of_the_decoded_vectors(spec: str) -> None:
    """Up to the query's rounding, rows short and long: their words tell how long."""
    codec = Codec(spec, metric="cosine").fit(X)
    rows, Q = codec.encode_rows(X[:300]), X[300:340]
    unit = Q / np.linalg.norm(Q, axis=1, keepdims=True)

    found = _core.tile(codec.view(rows), *codec.query(Q))

    np.testing.assert_allclose(found, unit @ codec.decode_rows(rows).T, atol=0.01)


@pytest.mark.parametrize("metric", ["ip", "l2"])
@pytest.mark.parametrize("spec", ["pq6", "pq8x4"])
def test_scores_are_those_of_the_decoded_vectors(spec: str, metric: str) -> None:
    """Up to the query's rounding: half of one of 127 levels, times the numbers of the words."""
    codec = Codec(spec, metric=metric).fit(X)
    rows, Q = codec.encode_rows(X[:300]), X[300:340]
    decoded = codec.decode_rows(rows).astype(np.float64)
    u, bias = codec.query(Q)
    exact = Q @ decoded.T if metric == "ip" else -np.square(Q[:, None] - decoded).sum(axis=2)
    arrays = codec.state()[1]
    step = np.repeat(arrays["0.step"], 24 // len(arrays["0.step"]))
    numbers = np.abs((decoded - arrays["0.mean"]) / step).sum(axis=1)

    found = _core.tile(codec.view(rows), u, bias)

    bound = np.abs(u).max(axis=1)[:, None] / 254 * numbers + 1e-3
    assert (np.abs(found - exact) <= bound).all()


def test_words_are_as_good_as_those_of_scikit_learn() -> None:
    """At equal training the distance to the words is within 2 % of scikit-learn's k-means."""
    # Both end in local optima that depend on random starts; the mean over six parts varies by under 1 %.
    from sklearn.cluster import KMeans

    codec = Codec("pq6x4", metric="l2").fit(X)
    ours = np.square(codec.decode(codec.encode(X)) - X).sum(axis=1).mean()
    theirs = sum(
        KMeans(16, init="random", n_init=1, max_iter=25, random_state=0).fit(X[:, i : i + 4]).inertia_
        / len(X)
        for i in range(0, 24, 4)
    )

    assert ours <= theirs * 1.02


def test_the_same_seed_gives_the_same_words() -> None:
    """Another seed gives others."""
    one, same, other = (Codec("pq6", seed=seed).fit(X).state()[1]["0.words"] for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_variants_fit_and_fall_in_size() -> None:
    """Every spelling that the advisor may try works, most bytes first."""
    sizes = [Codec(spec).fit(X[:300]).code_size for spec in variants("quantiser", 24)["pq"]]

    assert sizes == sorted(sizes, reverse=True)
