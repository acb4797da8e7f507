"""LeanVec: directions that keep the scores between rows and queries that lie elsewhere."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.codec import Codec
from lilliput.codecs.lean import Fold, best_share, error, frank_wolfe, leading, mixed
from lilliput.codecs.leanvec import LeanVec
from lilliput.codecs.nearness import Nearness
from lilliput.codecs.pca import PCA
from lilliput.errors import CorruptFile
from lilliput.index.index import Index
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

RNG = np.random.default_rng(0)
DIM, KEPT = 24, 6
# Rows vary most where queries hardly do, and the other way round.
X = (RNG.standard_normal((900, DIM)) * np.geomspace(3, 0.3, DIM) + 0.3).astype(np.float32)
Q = (RNG.standard_normal((240, DIM)) * np.geomspace(0.05, 3, DIM)).astype(np.float32)
FRESH = (RNG.standard_normal((200, DIM)) * np.geomspace(0.05, 3, DIM)).astype(np.float32)
ROWS, ASKED = (x.T.astype(np.float64) @ x for x in (X, Q))


def fitted(metric: Metric, method: str = "", queries: FloatArray | None = Q, kept: int = KEPT) -> LeanVec:
    """The stage by itself; under cosine it gets unit vectors, as in a codec."""
    stage = LeanVec(Stage("leanvec", (kept,), (("method", method),) if method else ()))
    unit = _core.normalize if metric == "cosine" else np.asarray
    asked = None if queries is None else unit(queries)
    stage.fit_asked(unit(X), asked, metric, np.random.default_rng(1))
    return stage


def recall(spec: str, metric: Metric, queries: FloatArray | None) -> float:
    """What a codec finds for queries that it did not learn from."""
    codec = Codec(spec, metric=metric).fit(X, queries=queries)
    found = _core.top_k(codec.view(codec.encode_rows(X)), *codec.query(FRESH), 10)[0]
    unit = _core.normalize if metric == "cosine" else np.asarray
    scores = unit(FRESH).astype(np.float64) @ unit(X).T
    if metric == "l2":
        scores = -((FRESH[:, None].astype(np.float64) - X[None]) ** 2).sum(axis=2)
    truth = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, truth, strict=True)]))


def test_the_error_is_that_of_every_score() -> None:
    """The trace over second moments is the sum over pairs."""
    a, b = RNG.standard_normal((2, KEPT, DIM))
    expected = np.square((Q @ a.T) @ (X @ b.T).T - Q.astype(np.float64) @ X.T).sum()

    assert error(a, b, ASKED, ROWS) == pytest.approx(expected, rel=1e-5)


def test_without_queries_directions_are_those_of_pca() -> None:
    """The best plane by the singular values: the same bits, and the same loss."""
    for metric in METRICS:
        pca = PCA(Stage("pca", (KEPT - (metric == "l2"),)))
        pca.fit(_core.normalize(X) if metric == "cosine" else X, metric, RNG)

        stage = fitted(metric, queries=None)

        assert np.array_equal(pca.arrays["directions"], stage.arrays["directions"])
        assert stage.method == "id"


def test_queries_within_few_dimensions_lose_nothing() -> None:
    """Of queries in a subspace of six dimensions six directions keep nearly every score, and PCA's do not."""
    basis = np.linalg.qr(RNG.standard_normal((DIM, KEPT)))[0].T
    queries = (RNG.standard_normal((100, KEPT)) @ basis).astype(np.float32)
    expected = queries.astype(np.float64) @ X.T

    def share_lost(method: str) -> float:
        stage = fitted("ip", method, queries)
        u, bias = stage.query(queries, "ip")
        scores = u @ stage.forward(X).astype(np.float64).T + bias[:, None]
        return float(np.square(scores - expected).sum() / np.square(expected).sum())

    assert max(share_lost("es"), share_lost("fw")) < 0.01
    assert share_lost("id") > 0.1


def test_frank_wolfe_never_loses_and_stays_in_the_ball() -> None:
    """From the singular vectors on, errors fall and spectral norms stay at most 1, at every step."""
    start = leading(ROWS)[:KEPT]

    for steps in (1, 2, 5, 60):
        a, b, errors = frank_wolfe(ASKED, ROWS, start, steps)
        assert np.linalg.norm(a, 2) <= 1 + 1e-9 >= np.linalg.norm(b, 2)
        assert errors == sorted(errors, reverse=True)
        assert errors[-1] == pytest.approx(error(a, b, ASKED, ROWS))
    assert errors[-1] < 0.9 * errors[0]


@pytest.mark.parametrize("method", ["es", "fw"])
def test_scores_with_the_queries_learnt_from_are_nearer_than_those_of_pca(method: str) -> None:
    """The error on the training queries is below that of the singular vectors."""
    plain, learnt = fitted("cosine", "id"), fitted("cosine", method)
    rows, queries = _core.normalize(X), _core.normalize(Q)
    exact = queries.astype(np.float64) @ rows.T

    errors = [
        np.square(stage.query(queries, "cosine")[0] @ stage.forward(rows).T - exact).sum()
        for stage in (plain, learnt)
    ]

    assert errors[1] < 0.7 * errors[0]


def test_the_share_of_queries_is_that_of_least_error_on_those_held_out() -> None:
    """As trying them all gives; and a hundred queries of another kind do not overrule it."""
    held = FRESH.T.astype(np.float64) @ FRESH
    shares = (0.0, 0.2, 0.5, 0.8)
    tried = [leading(mixed(share, ASKED, ROWS))[:KEPT] for share in shares]
    losses = [error(p, p, held, ROWS) for p in tried]

    assert best_share([Fold(ASKED, held)], ROWS, [KEPT], shares) == shares[int(np.argmin(losses))]
    noise = RNG.standard_normal((3, DIM))
    assert best_share([Fold(noise.T @ noise, ROWS)], ROWS, [KEPT], shares) == 0.0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("method", ["", "es", "fw"])
def test_more_is_found_where_queries_lie_elsewhere(metric: Metric, method: str) -> None:
    """Of queries not learnt from, by a wide margin, alone and before a quantiser."""
    spelt = f"leanvec{KEPT}" + (f"(method={method})" if method else "")

    assert recall(f"{spelt},f32", metric, Q) > recall(f"pca{KEPT},f32", metric, None) + 0.1
    assert recall(f"{spelt},int8", metric, Q) > recall(f"pca{KEPT},int8", metric, None) + 0.1


def test_the_method_is_chosen_by_what_is_found() -> None:
    """Queries elsewhere ask for the mixture; where they have no say, or are few, rows alone do."""
    assert fitted("cosine").method == "es"
    assert fitted("cosine", queries=np.zeros_like(Q)).method == "id"
    assert fitted("cosine", queries=Q[:29]).method == "id"


@pytest.mark.parametrize("method", ["id", "es", "fw"])
def test_l2_scores_know_the_length_that_no_direction_sees(method: str) -> None:
    """Minus the squared distance to the original row, but for the product of what was cut off."""
    stage = fitted("l2", method)
    a, b = (matrix.astype(np.float64) for matrix in stage._projections())
    mean = stage.arrays["mean"].astype(np.float64)
    expected = 2 * ((FRESH - mean) @ a.T) @ ((X - mean) @ b.T).T
    expected -= np.square(FRESH - mean).sum(axis=1)[:, None] + np.square(X - mean).sum(axis=1)

    codec = Codec(f"leanvec{KEPT}(method={method}),f32", metric="l2").fit(X, queries=Q)
    y, (u, bias) = stage.forward(X), stage.query(FRESH, "l2")

    actual = -((u[:, None].astype(np.float64) - y[None]) ** 2).sum(axis=2) + bias[:, None]
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-3)
    assert np.abs(y[:, -1].mean()) < 0.02
    assert codec.layout.dim == KEPT


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("method", ["", "id", "es", "fw"])
def test_a_saved_codec_is_the_same(metric: Metric, method: str, tmp_path: Path) -> None:
    """Codes, queries and decoded vectors are to the bit, also where the method was chosen."""
    spelt = f"leanvec{KEPT}" + (f"(method={method})" if method else "")
    codec = Codec(f"{spelt},int8", metric=metric).fit(X, queries=Q)
    codec.save(tmp_path / "codec.safetensors")

    other = Codec.load(tmp_path / "codec.safetensors")

    assert other.spec == codec.spec == f"{spelt},int8"
    assert np.array_equal(codec.encode(X), other.encode(X))
    assert all(np.array_equal(a, b) for a, b in zip(codec.query(Q), other.query(Q), strict=True))
    assert np.array_equal(codec.decode(codec.encode(X)), other.decode(codec.encode(X)))
    assert codec.overhead_bytes == other.overhead_bytes
    arrays = dict(codec.state()[1])
    name = next(name for name, array in arrays.items() if array.dtype == np.float16)
    for wrong in (
        {name: arrays[name][:-1]},
        {"0.other": arrays[name]},
        {name: arrays[name] * np.float16("nan")},
    ):
        with pytest.raises(CorruptFile):
            Codec.from_state(codec.state()[0], arrays | wrong)


def test_fitting_again_gives_the_same_bytes() -> None:
    """The same vectors, queries and seed; another seed may split queries another way."""
    for method in ("", "(method=fw)"):
        first, second = (Codec(f"leanvec{KEPT}{method},int8", seed=3).fit(X, queries=Q) for _ in range(2))
        assert np.array_equal(first.encode(X), second.encode(X))


@pytest.mark.parametrize("metric", ["ip", "cosine"])
def test_a_smaller_one_is_the_first_part_of_a_larger_one(metric: Metric) -> None:
    """To the bit, whatever the method chosen."""
    large, small = fitted(metric, kept=12), fitted(metric)

    assert np.array_equal(large.forward(X)[:, :KEPT], small.forward(X))


def test_decoding_gives_what_queries_see() -> None:
    """Products with decoded rows are the scores."""
    stage = fitted("ip", "fw")
    u, bias = stage.query(FRESH, "ip")
    y = stage.forward(X)

    actual = u @ y.T + bias[:, None]

    np.testing.assert_allclose(actual, FRESH @ stage.backward(y, DIM).T, rtol=1e-3, atol=1e-3)


def test_queries_pass_the_stages_before() -> None:
    """What leanvec learns behind a stage is what it learns from queries that passed it."""
    codec = Codec(f"mrl20,leanvec{KEPT},f32", metric="ip").fit(X, queries=Q)
    alone = LeanVec(Stage("leanvec", (KEPT,)))
    alone.fit_asked(X[:, :20].copy(), Q[:, :20].copy(), "ip", np.random.default_rng((0, 1)))

    assert np.array_equal(alone.arrays["mixed"], codec.state()[1]["1.mixed"])


def test_an_index_learns_from_queries_that_it_does_not_measure_with(tmp_path: Path) -> None:
    """Half of them are kept; and the folder opens again and finds the same."""
    index = Index(f"flat | leanvec{KEPT},int8").fit(X, queries=Q).add(X)
    kept = index._watch
    assert kept is not None
    index.save(tmp_path / "index")

    assert len(kept.queries) == 120
    assert "0.mixed" in index._readable().stores[0].codec.state()[1]
    assert np.array_equal(
        index.search(FRESH, exact=True).ids, Index.open(tmp_path / "index").search(FRESH, exact=True).ids
    )
    plain = Index("flat | int8").fit(X, queries=Q)._watch
    assert plain is not None
    assert len(plain.queries) == 240


def brute(rows: FloatArray, queries: FloatArray, own: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """The ten rows of largest product, one by one."""
    scores = queries.astype(np.float64) @ rows.T
    if own is not None:
        scores[np.arange(len(own)), own] = -np.inf
    return np.argsort(-scores, axis=1, kind="stable")[:, :10]


@pytest.mark.parametrize("own", [None, np.arange(0, 100, 2)])
def test_nearness_counts_what_brute_force_counts(own: NDArray[np.int64] | None) -> None:
    """With queries of their own, and with rows that do not find themselves."""
    queries = FRESH[:50] if own is None else X[own]
    y, u = X[:, ::2].copy(), queries[:, ::2].copy()
    truth, found = brute(X, queries, own), brute(y, u, own)
    expected = [len(set(a) & set(b)) / 10 for a, b in zip(truth, found, strict=True)]

    assert np.allclose(expected, Nearness(X, queries, "ip", own).recall(y, u))


def test_nearness_takes_a_tie_for_right() -> None:
    """Any ten of equal rows are the ten nearest; and a single row has no neighbours to lose."""
    same = np.ones((30, 4), dtype=np.float32)

    assert (Nearness(same, same[:3], "l2", np.arange(3)).recall(same, same[:3]) == 1).all()
    assert (Nearness(same[:1], same[:1], "l2", np.arange(1)).recall(same[:1], same[:1]) == 1).all()
