"""What holds for every codec that is registered, by the registry."""

import contextlib

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.codec import Codec
from lilliput.errors import InvalidInput
from spellings import SPECS, quantisers

RNG = np.random.default_rng(7)
X = (RNG.standard_normal((400, 16)) * np.linspace(3, 0.5, 16) + 0.3).astype(np.float32)
METRICS = ["ip", "l2", "cosine"]
every_codec = pytest.mark.parametrize("spec", SPECS)
every_metric = pytest.mark.parametrize("metric", METRICS)


@every_metric
@every_codec
def test_the_same_seed_gives_the_same_bytes(spec: str, metric: str) -> None:
    """Fitting and encoding depend on nothing but vectors and seed: not on threads, not on the run."""
    one = Codec(spec, metric=metric, seed=3).fit(X)
    two = Codec(spec, metric=metric, seed=3).fit(X)

    assert all(np.array_equal(array, two.state()[1][name]) for name, array in one.state()[1].items())
    assert np.array_equal(one.encode(X, threads=1), two.encode(X, threads=2))


@pytest.mark.parametrize("spec", quantisers(16))
def test_decoded_vectors_are_nearer_than_the_mean(spec: str) -> None:
    """What a quantiser loses of 400 vectors is less than what one vector for all would lose."""
    codec = Codec(spec, metric="ip").fit(X)

    lost = np.square(codec.decode(codec.encode(X)) - X).sum()

    assert lost < 0.9 * np.square(X - X.mean(axis=0)).sum()


@every_metric
@pytest.mark.parametrize("spec", quantisers(16))
def test_any_bytes_are_scored_and_decoded_or_refused(spec: str, metric: str) -> None:
    """Codes made of noise, infinite factors among them, end in numbers or in one of our errors."""
    codec = Codec(spec, metric=metric).fit(X)
    noise = RNG.integers(0, 256, (300, codec.code_size), dtype=np.uint8)

    queries, bias = codec.query(X[:70])
    codes = codec.view(codec.unpack(noise))
    ids, _ = _core.top_k(codes, queries, bias, 10)
    one, _ = _core.top_k(codes, queries[:1], bias[:1], 10)

    assert ((-1 <= ids) & (ids < 300)).all()
    assert ((-1 <= one) & (one < 300)).all()
    with contextlib.suppress(InvalidInput):
        assert np.isfinite(codec.decode(noise)).all()


@every_metric
@every_codec
def test_one_query_finds_what_many_find(spec: str, metric: str) -> None:
    """Whatever path a search takes, its hits are the best of all scores, ties to the smaller row."""
    codec = Codec(spec, metric=metric).fit(X)
    codes, (queries, bias) = codec.view(codec.encode_rows(X)), codec.query(X[:70])
    expected = best(_core.block(codes, queries, bias), 9)
    exact = codec.layout.kind[0] in "bil"  # sums of integers are the same on every path

    many, _ = _core.top_k(codes, queries, bias, 9)
    few = np.concatenate([_core.top_k(codes, queries[i : i + 1], bias[i : i + 1], 9)[0] for i in range(70)])

    assert (np.array_equal if exact else agree)(expected, many)
    assert (np.array_equal if exact else agree)(expected, few)


def best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Row numbers (m, k), best first."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def agree(expected: NDArray[np.int64], actual: NDArray[np.int64]) -> bool:
    """Say whether all but a few neighbours that float sums cannot tell apart are the same."""
    return bool((expected == actual).mean() > 0.99)


@every_metric
@pytest.mark.parametrize("spec", quantisers(16))
def test_one_pass_writes_what_measuring_scaling_and_encoding_write(spec: str, metric: str) -> None:
    """Rows of any length, a row of zeros among them, become the same bytes whichever way they go."""
    rows = np.concatenate([X * np.float32(3), np.zeros_like(X[:1])])
    codec = Codec(spec, metric=metric).fit(X)
    quantiser = codec._fitted().quantiser
    one, two = codec.allocate(len(rows)), codec.allocate(len(rows))
    placed, longest = _core.unit_rows(rows) if metric == "cosine" else (rows, _core.longest(rows))

    quantiser.encode(placed, two)
    found = quantiser.encode_raw(rows, one, unit=metric == "cosine", threads=2)

    assert longest == _core.squared_norms(rows).max()
    assert found in (None, longest)
    assert np.array_equal(codec.encode(rows), codec.pack(two))
    if found is not None:
        assert np.array_equal(codec.pack(one), codec.pack(two))


@every_metric
@every_codec
@pytest.mark.parametrize("size", [1e19, 3e38])
def test_a_row_that_is_too_long_is_named(spec: str, metric: str, size: float) -> None:
    """The number is that of the row among all, whichever pass measures it."""
    codec = Codec(spec, metric=metric).fit(X)
    rows = X.copy()
    rows[211] = size

    with pytest.raises(InvalidInput, match="Row 211 is longer"):
        codec.encode(rows)
