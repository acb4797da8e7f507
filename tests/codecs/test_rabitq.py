"""RaBitQ against what its papers promise: the nearest grid vector in angle, and estimates without bias."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput import Index, _core
from lilliput.codecs.base import Metric
from lilliput.codecs.codec import Codec
from lilliput.codecs.planes import query_levels
from lilliput.codecs.rabitq import RaBitQ
from lilliput.errors import InvalidInput, InvalidSpec
from lilliput.reference import planes
from lilliput.reference.planes import Planes
from lilliput.spec import Stage

Floats = NDArray[np.float32]
bits_of_planes = pytest.mark.parametrize("bits", range(2, 9))
every_bits = pytest.mark.parametrize("bits", range(1, 9))


def closest(x: Floats, bits: int) -> float:
    """The largest cosine to x of any grid vector, by trying every step where a number changes level."""
    sizes = np.abs(x.astype(np.float64))
    levels = np.arange(1, 2 ** (bits - 1))
    steps = np.unique(np.concatenate([[1e-9], (sizes[:, None] / levels).ravel()]))[::-1]
    v = 2 * np.minimum(np.floor(sizes / steps[:, None] + 1e-12), 2 ** (bits - 1) - 1) + 1
    return float(((v @ sizes) / np.linalg.norm(v, axis=1)).max() / np.linalg.norm(sizes))


@pytest.mark.parametrize("bits", range(2, 8))
def test_integers_are_nearly_the_nearest_in_angle(bits: int) -> None:
    """Five steps are tried, not all: that adds an eighth at most to the mean squared sine of 60 numbers."""
    X = np.random.default_rng(bits).standard_normal((40, 60)).astype(np.float32)
    family = Planes(bits)
    found = family.numbers(family.encode(X, False).rows, 60).astype(np.float64)
    cosines = (found * X).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(X, axis=1)

    best = np.array([closest(x, bits) for x in X])

    assert (cosines <= best + 1e-6).all()
    assert (1 - cosines**2).mean() <= (1 - best**2).mean() * 1.125


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

    assert all(1.5 < a / b < 3.5 for a, b in pairwise(errors[:7])), errors
    assert errors[7] < errors[6]


@pytest.mark.parametrize("spec", ["rabitq", "rabitq9", "rabitq0", "rabitq4x2"])
def test_other_bits_are_refused(spec: str) -> None:
    """There are one to eight."""
    with pytest.raises(InvalidSpec, match="rabitq"):
        Codec(spec).fit(np.eye(8))


def hard(seed: int, n: int, d: int) -> Floats:
    """Clustered rows with a falling spectrum and a mean that is not zero."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((8, d)) * np.linspace(4, 0.2, d) + 1
    return (centres[rng.integers(0, 8, n)] + rng.standard_normal((n, d))).astype(np.float32)


def true_scores(X: Floats, Q: Floats, metric: str) -> NDArray[np.float64]:
    """Scores (m, n) in float64, larger is better."""
    x, q = X.astype(np.float64), Q.astype(np.float64)
    if metric == "cosine":
        x, q = (y / np.linalg.norm(y, axis=1, keepdims=True) for y in (x, q))
    if metric == "l2":
        return -np.square(q[:, None] - x).sum(axis=2)
    return q @ x.T


@pytest.mark.parametrize("metric", ["ip", "cosine", "l2"])
@every_bits
def test_errors_keep_the_bound(bits: int, metric: str) -> None:
    """At least 99.9 % of 60,000 errors do, and bounds are no wider than six times the usual error."""
    X, Q = hard(bits, 2_000, 96), hard(50 + bits, 30, 96)
    codec = Codec(f"rabitq{bits}", metric=metric).fit(X)
    codes = codec.encode(X)
    found = _core.tile(codec.view(codec.unpack(codes)), *codec.query(Q))

    errors, bounds = np.abs(found - true_scores(X, Q, metric)), codec.bounds(codes, Q)

    assert bounds.shape == (30, 2_000)
    assert (errors <= bounds).mean() >= 0.999
    assert bounds.mean() <= 6 * np.sqrt(np.square(errors).mean())


@bits_of_planes
def test_bounds_know_the_levels_of_queries(bits: int) -> None:
    """At every number of dimensions from which on there are fewer, and one before."""
    for dim in (1, 1032, 1033, 2064, 2065, 16_387, 66_052, 66_053, 200_000):
        assert query_levels(bits, dim) == planes.query_levels(bits, dim)


def test_a_search_says_how_far_scores_may_be_wrong() -> None:
    """`explain` holds what `bounds` gives for the hits, NaN where there are none, None without a bound."""
    X = hard(1, 12, 32)
    index = Index("flat | rabitq3", metric="l2").fit(X).add(X)
    codec = Codec("rabitq3", metric="l2").fit(X)
    every = codec.bounds(codec.encode(X), X[:2])

    hits = index.search(X[:2], k=15, explain=True)

    np.testing.assert_allclose(
        hits.explain["bounds"][:, :12], np.take_along_axis(every, hits.ids[:, :12], 1), rtol=1e-5
    )
    assert np.isnan(hits.explain["bounds"][:, 12:]).all()
    assert index.search(X[0], k=3, explain=True).explain["bounds"].shape == (3,)
    assert Index("flat | int8").fit(X).add(X).search(X[:2], explain=True).explain["bounds"] is None


def test_a_quantiser_without_a_bound_says_so() -> None:
    """The message names one that has it."""
    codec = Codec("int8").fit(np.eye(8))
    with pytest.raises(InvalidInput, match="rabitq"):
        codec.bounds(codec.encode(np.eye(8)), np.eye(8))


@pytest.mark.parametrize("metric", ["ip", "l2"])
@every_bits
def test_rows_about_their_own_centres_score_nearer(bits: int, metric: Metric) -> None:
    """One prepared query serves all centres, only its bias differs; the error is that of shorter vectors."""
    X, Q = hard(20 + bits, 400, 64), hard(40 + bits, 20, 64)
    rng = np.random.default_rng(bits)
    group = np.argmin(np.square(X[:, None] - X[:8]).sum(axis=2), axis=1)
    centres = np.array([X[group == g].mean(axis=0) for g in range(8)])
    quantiser = RaBitQ(Stage("rabitq", (bits,), ()))
    quantiser.fit(X, metric, rng)
    prepared, _ = quantiser.query(Q, metric)
    bias, truth = quantiser.rebase(Q, centres, metric), true_scores(X, Q, metric)

    error = {}
    for name in ("own", "mean"):
        rows = quantiser.layout(64, metric).allocate(len(X))
        quantiser.encode_about(X, rows, centres[group] if name == "own" else None)
        kind = quantiser.layout(64, metric).kind
        codes = _core.Codes(kind, 64, rows.rows, rows.alpha, rows.beta, more=rows.more)
        found = _core.tile(codes, prepared, np.zeros(len(Q), np.float32))
        about = bias[:, group] if name == "own" else quantiser.query(Q, metric)[1][:, None]
        error[name] = np.abs(found + about - truth).mean()

    assert error["own"] < 0.8 * error["mean"]


@pytest.mark.parametrize("metric", ["ip", "cosine", "l2"])
@bits_of_planes
def test_two_stages_find_what_one_finds(bits: int, metric: str) -> None:
    """Rows that signs rule out are none of the best five, and of the last five one in a hundred."""
    X, Q = hard(60 + bits, 3_000, 96), hard(80 + bits, 40, 96)
    codec = Codec(f"rabitq{bits}", metric=metric).fit(X)
    rows, queries, bias = codec.encode_rows(X), *codec.query(Q)
    plain = _core.Codes(codec.layout.kind, 96, rows.rows, rows.alpha, rows.beta, more=rows.more)

    found = 0
    for i in range(len(Q)):
        one = slice(i, i + 1)
        expected, _ = _core.top_k(plain, queries[one], bias[one], 10)
        actual, _ = _core.top_k(codec.view(rows), queries[one], bias[one], 10)
        assert (expected[0, :5] == actual[0, :5]).all()
        found += len(np.intersect1d(expected, actual))

    assert found >= 398


@pytest.mark.parametrize("n", [1, 5, 16, 33, 100, 128, 130, 1_000, 2_047, 2_049])
@pytest.mark.parametrize("bits", [2, 8])
def test_all_of_few_rows_are_found_and_no_others(bits: int, n: int) -> None:
    """A query that asks for as many as there are gets each once, though memory goes on behind them."""
    X = hard(1, 3_000, 96)
    codec = Codec(f"rabitq{bits}", metric="ip").fit(X)
    rows = codec.encode_rows(X).part(0, n)

    found, scores = _core.top_k(codec.view(rows), *codec.query(X[:1]), n)

    assert set(found[0].tolist()) == set(range(n))
    every = _core.block(codec.view(rows), *codec.query(X[:1]))
    np.testing.assert_array_equal(-np.sort(-every, axis=1), scores)


@bits_of_planes
def test_signs_bound_scores(bits: int) -> None:
    """Few rows score more than their signs allow: 6 of 1,000, and more of the noisiest 5 %."""
    X, Q = hard(30 + bits, 1_000, 64), hard(70 + bits, 50, 64)
    quantiser = RaBitQ(Stage("rabitq", (bits,), ()))
    quantiser.fit(X, "ip", np.random.default_rng(0))
    rows = quantiser.layout(64, "ip").allocate(len(X))
    quantiser.encode(X, rows)
    v, (queries, _), gate = quantiser.integers(rows, 64), quantiser.query(Q, "ip"), quantiser.gate()
    assert gate is not None

    lengths = np.linalg.norm(queries, axis=1)[:, None]
    bound = np.maximum(queries @ np.sign(v).T, 0) * gate[0] + gate[1] * lengths

    assert (queries @ v.T <= bound).mean() >= 0.99
    assert ((queries @ v.T).max(axis=1) > 0.15 * bound.max(axis=1)).all()
