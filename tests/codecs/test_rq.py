"""Residual quantisation as a codec: spelling, bytes, the beam, lengths, what it gains."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.rounding import product_scores

from lilliput import Codec, _core
from lilliput.codecs.base import Metric
from lilliput.codecs.registry import variants
from lilliput.errors import CorruptFile, InvalidInput, InvalidSpec

RNG = np.random.default_rng(0)
X = (
    RNG.standard_normal((200, 24))[RNG.integers(200, size=3_000)] + 0.3 * RNG.standard_normal((3_000, 24))
).astype(np.float32)


def lost(codec: Codec, x: NDArray[np.float32]) -> float:
    """The mean squared distance of rows to what decoding gives."""
    return float(np.square(codec.decode(codec.encode(x)) - x).sum(axis=1).mean())


@pytest.mark.parametrize(
    ("spec", "metric", "size"),
    [("rq6", "ip", 6), ("rq6", "l2", 7), ("rq6x4", "ip", 3), ("rq7x4", "cosine", 5), ("rq30x4", "l2", 16)],
)
def test_a_row_takes_a_byte_or_half_a_word_and_one_for_its_length(
    spec: str, metric: Metric, size: int
) -> None:
    """Under ip lengths do not count."""
    assert size == Codec(spec, metric=metric).fit(X).code_size


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("rq", InvalidSpec, "has 0 numbers"),
        ("rq6x5", InvalidSpec, "asks for 5 bits"),
        ("rq6000", InvalidInput, "sums 6000 words .* write rq"),
    ],
)
def test_what_cannot_be_is_refused(spec: str, error: type[Exception], message: str) -> None:
    """The message holds both numbers and a spelling that works."""
    with pytest.raises(error, match=message):
        Codec(spec).fit(X)


@pytest.mark.parametrize("metric", ["ip", "cosine", "l2"])
@pytest.mark.parametrize("spec", ["rq5", "rq9x4"])
def test_scores_are_those_of_the_decoded_vectors(spec: str, metric: Metric) -> None:
    """Up to the rounding of the query to 255 levels, and of squared lengths to 256."""
    codec = Codec(spec, metric=metric).fit(X)
    rows, Q = codec.encode_rows(X[:300]), X[300:340]
    decoded = codec.decode_rows(rows).astype(np.float64)
    exact = product_scores(Q, decoded, metric)

    found = _core.tile(codec.view(rows), *codec.query(Q))

    assert np.abs(found - exact).max() <= 0.02 * np.abs(exact).max()


def test_sums_lose_less_than_parts_of_as_many_bytes() -> None:
    """200 centres are one word of 256 and a rest: rows lose half of what product codes lose, or less."""
    assert lost(Codec("rq4", metric="ip").fit(X), X) < 0.5 * lost(Codec("pq4", metric="ip").fit(X), X)


def test_words_fitted_again_lose_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows choose the words of all levels together, and words move to them: a twentieth or more is gained."""
    fitted_again = lost(Codec("rq8x4", metric="ip").fit(X), X)
    monkeypatch.setattr("lilliput.codecs.rq.REFITS", 0)

    assert fitted_again < 0.95 * lost(Codec("rq8x4", metric="ip").fit(X), X)


def test_a_wider_beam_finds_nearer_sums() -> None:
    """With one sum kept the search is greedy; with eight no row in a hundred ends further off."""
    codec = Codec("rq8x4", metric="ip").fit(X)
    arrays = codec.state()[1]
    book = _core.Codebook(arrays["0.words"], summed=True)
    y = X - arrays["0.mean"]

    def distances(beam: int) -> NDArray[np.float64]:
        numbers, squares = _core.encode_sums(book, float(arrays["0.step"][0]), y, beam)
        sums = sum(arrays["0.words"][level].astype(np.int64)[numbers[:, level]] for level in range(8))
        np.testing.assert_array_equal(squares, np.square(sums).sum(axis=1))
        return np.square(sums * float(arrays["0.step"][0]) - y).sum(axis=1)

    greedy, wide = distances(1), distances(8)

    assert (wide <= greedy * 1.001).mean() >= 0.95
    assert wide.mean() < 0.95 * greedy.mean()


def test_the_same_seed_gives_the_same_words() -> None:
    """Another seed gives others."""
    one, same, other = (Codec("rq3", seed=seed).fit(X).state()[1]["0.words"] for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("spec", ["rq3", "pq3", "opq3"])
def test_lengths_that_cannot_be_are_found_in_files(spec: str) -> None:
    """Squared lengths are positive, and the smaller comes first."""
    metadata, arrays = Codec(spec, metric="cosine").fit(X).state()
    for lengths in ([0, 1], [2, 1], [-1, -1]):
        with pytest.raises(CorruptFile, match="squared lengths"):
            Codec.from_state(metadata, arrays | {"0.lengths": np.array(lengths, np.float32)})


def test_variants_fit_and_fall_in_size() -> None:
    """Every spelling that the advisor may try works, most bytes first."""
    sizes = [Codec(spec).fit(X[:300]).code_size for spec in variants("quantiser", 24)["rq"]]

    assert sizes == sorted(sizes, reverse=True)
