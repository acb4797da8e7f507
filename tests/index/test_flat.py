"""Exhaustive search against a plain sort of float64 scores of the vectors themselves."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.oracle import Oracle, check_hits
from lilliput.index.index import Index

Doubles = NDArray[np.float64]
METRICS = ["ip", "l2", "cosine"]
SPECS = ["flat", "flat | f16", "flat | int8", "flat | int8 | f16", "flat | bin | f32"]


def plain_scores(X: NDArray[np.float32], Q: NDArray[np.float32], metric: str) -> Doubles:
    """Score in float64, larger is better."""
    X, Q = X.astype(np.float64), Q.astype(np.float64)
    if metric == "l2":
        return -((Q[:, None] - X[None]) ** 2).sum(axis=2)
    if metric == "cosine":
        X, Q = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300) for rows in (X, Q))
    return Q @ X.T


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spec", ["flat", "flat | int8 | f32"])
def test_original_vectors_are_ranked_as_float64_ranks_them(
    rng: np.random.Generator, spec: str, metric: str
) -> None:
    """Exact search over floats finds the float64 neighbours, and their scores to six digits."""
    X, Q = rng.standard_normal((700, 24)).astype(np.float32), rng.standard_normal((9, 24)).astype(np.float32)
    truth = plain_scores(X, Q, metric)
    order = np.argsort(-truth, axis=1, kind="stable")[:, :20]

    hits = Index(spec, metric=metric).fit(X).add(X).search(Q, 20, exact=True)

    assert np.array_equal(order, hits.ids)
    expected = np.abs(np.take_along_axis(truth, order, 1)) if metric == "l2" else np.sort(truth)[:, :-21:-1]
    assert np.allclose(expected, hits.scores, rtol=1e-5, atol=1e-5)
    assert hits.larger_is_better == (metric != "l2")
    assert hits.counts.tolist() == [20] * 9


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("queries", [1, 5, 70])
def test_large_sets_with_many_ties(rng: np.random.Generator, spec: str, metric: str, queries: int) -> None:
    """Where seeds, tiles and threads come in, and most rows come four times under shuffled ids."""
    X = rng.standard_normal((2_500, 40)).astype(np.float32)[rng.integers(0, 2_500, 10_000)]
    ids = rng.permutation(20_000)[:10_000]
    Q = rng.standard_normal((queries, 40)).astype(np.float32)
    oracle = Oracle(spec, metric, X)
    oracle.add(X, ids.tolist())
    index = Index(spec, metric=metric).fit(X, queries=Q[:1]).add(X, ids)
    few = rng.random(10_000) < 0.3

    truth = oracle.scores(Q)
    for wanted in (None, few):
        alone, both = (index.search(Q, 30, exact=True, filter=wanted, threads=n) for n in (1, 2))
        assert np.array_equal(alone.ids, both.ids)
        assert np.array_equal(alone.scores, both.scores)
        for query in range(0, queries, 7):
            allowed = oracle.allowed(wanted)
            check_hits(alone.ids[query], alone.scores[query], truth, query, oracle, 30, allowed)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("rows", [700, 9_000])
def test_batches_answer_as_single_queries_do(
    rng: np.random.Generator, rows: int, spec: str, metric: str
) -> None:
    """A query finds the same rows alone and among many, which a sample of few or many rows begins."""
    X, Q = rng.standard_normal((rows, 33)), rng.standard_normal((40, 33))
    index = Index(spec, metric=metric).fit(X, queries=Q[:1]).add(X)

    together = index.search(Q, 10, exact=True)

    for query in (0, 17, 39):
        alone = index.search(Q[query], 10, exact=True)
        assert alone.ids.shape == alone.scores.shape == (10,)
        assert 10 == alone.counts
        assert np.array_equal(together.ids[query], alone.ids)
        assert np.allclose(together.scores[query], alone.scores, rtol=1e-5, atol=1e-5)
        assert np.allclose(alone.scores, index.scores(Q[query], alone.ids), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("spec", SPECS)
def test_more_results_than_rows(rng: np.random.Generator, spec: str) -> None:
    """What is missing has id −1 and score NaN, and is not counted."""
    X = rng.standard_normal((5, 8))
    index = Index(spec).fit(X).add(X)

    hits = index.search(X, 16_384)

    assert (5, 16_384) == hits.ids.shape
    assert hits.counts.tolist() == [5] * 5
    assert np.array_equal(np.sort(hits.ids[:, :5]), np.tile(np.arange(5), (5, 1)))
    assert (hits.ids[:, 5:] == -1).all()
    assert np.isnan(hits.scores[:, 5:]).all()
    assert len(hits.columns()["id"]) == 25


@pytest.mark.parametrize("spec", SPECS)
def test_empty_indexes_answer_nothing(tmp_path: Path, spec: str) -> None:
    """Before the first add, after the last removal, and opened again."""
    index = Index(spec).fit(np.eye(4))
    emptied = Index(spec).fit(np.eye(4)).add(np.eye(4)).remove([3, 1, 0, 2])
    emptied.save(tmp_path / "empty")
    for one in (index, emptied, Index.open(tmp_path / "empty"), Index.open(tmp_path / "empty", mmap=False)):
        hits = one.search(np.eye(4), 3)
        assert 0 == len(one)
        assert (hits.ids == -1).all()
        assert np.isnan(hits.scores).all()
        assert hits.counts.tolist() == [0] * 4
        assert one.range_search(np.ones(4), -1e30).offsets.tolist() == [0, 0]
        assert one.scores(np.eye(4), []).shape == (4, 0)
        assert np.isnan(one.bytes_per_vector)
    emptied.add(np.eye(4))
    assert emptied.search(np.eye(4), 1, exact=True).ids[:, 0].tolist() == [4, 5, 6, 7]


def test_no_queries_and_no_rows_are_no_error() -> None:
    """Nothing in, nothing out."""
    index = Index("flat | int8 | f16").fit(np.eye(4)).add(np.eye(4)).add(np.empty((0, 4))).remove([])
    index.add(np.empty((0, 4)), np.empty(0, np.int64))

    assert 4 == len(index)
    assert (0, 3) == index.search(np.empty((0, 4)), 3).ids.shape
    assert [0] == index.range_search(np.empty((0, 4)), 0.0).offsets.tolist()
    assert (0, 2) == index.scores(np.empty((0, 4)), [1, 2]).shape
    assert index.search(np.eye(4), 2, filter=[]).counts.tolist() == [0] * 4


@pytest.mark.parametrize("spec", ["flat", "flat | f16", "flat | int8", "flat | int8 | f16"])
def test_zero_vectors_under_cosine(spec: str) -> None:
    """A row of zeros is stored and scores 0; so does every row for a query of zeros."""
    X = np.vstack([np.zeros(3), np.eye(3), -np.eye(3)])
    index = Index(spec).fit(X).add(X)

    assert index.scores(np.ones(3), [0]).tolist() == [0]
    hits = index.search(np.zeros(3), 7, exact=True)
    assert hits.ids.tolist() == list(range(7))
    assert hits.scores.tolist() == [0] * 7
    assert index.search(np.ones(3), 4, exact=True).ids.tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spec", ["flat", "flat | int8", "flat | int8 | f32", "flat | bin | f32"])
def test_long_vectors_have_finite_scores(rng: np.random.Generator, spec: str, metric: str) -> None:
    """Up to the length that is accepted, nothing overflows and everything is found."""
    X = rng.standard_normal((300, 16))
    X *= 4.5e18 / np.linalg.norm(X, axis=1, keepdims=True)
    X = np.vstack([X, -X])
    index = Index(spec, metric=metric).fit(X).add(X)

    hits = index.search(X, 600)

    assert np.isfinite(hits.scores).all()
    assert hits.counts.tolist() == [600] * 600
    if index.exact_scores and metric != "cosine":
        assert np.array_equal(np.arange(600), index.search(X, 1, exact=True).ids[:, 0])


@pytest.mark.parametrize("metric", METRICS)
def test_radius_takes_in_what_reaches_it(rng: np.random.Generator, metric: str) -> None:
    """A radius between two scores parts them; one that nothing reaches gives nothing, any other all."""
    X, q = rng.standard_normal((500, 12)).astype(np.float32), rng.standard_normal(12).astype(np.float32)
    index = Index("flat", metric=metric).fit(X).add(X)
    hits = index.search(q, 500)

    offsets, ids, scores = index.range_search(q, float(hits.scores[99:101].mean()))

    assert [0, 100] == offsets.tolist()
    assert np.array_equal(hits.ids[:100], ids)
    assert np.allclose(hits.scores[:100], scores, rtol=1e-6)
    least, most = (1e300, -1e300) if metric == "l2" else (-1e300, 1e300)
    assert [0, 500] == index.range_search(q, least).offsets.tolist()
    assert [0, 0] == index.range_search(q, most).offsets.tolist()


def test_queries_come_in_every_form(rng: np.random.Generator) -> None:
    """Lists, batches and iterators are many queries; a list of numbers is one."""
    X = rng.standard_normal((6, 4))
    index = Index("flat").fit(X).add(X)

    for many in (X.tolist(), [X[:2], X[2:]], iter([X[:2], X[2:]]), X.astype(np.float32)):
        assert index.search(many, 1).ids.tolist() == [[0], [1], [2], [3], [4], [5]]
    for one in (X[3].tolist(), tuple(X[3]), X[3]):
        assert index.search(one, 1).ids.tolist() == [3]
        assert index.scores(one, [3, 4]).shape == (2,)
    assert index.search([X[3].tolist()], 1).ids.tolist() == [[3]]


def test_explain_says_what_was_done(rng: np.random.Generator) -> None:
    """Rows, candidates and codecs of the search that was made."""
    X = rng.standard_normal((400, 8))
    index = Index("flat|int8|f16").fit(X).add(X)

    said = index.search(X[:2], 5, filter=[np.arange(30), None], refine=2, explain=True, threads=1).explain

    assert sorted(said["rows_scanned"]) == [30, 400]
    assert said["codecs"] == ["int8", "f16"]
    assert said["threads"] == 1
    assert index.search(X[:2], 5, refine=2, explain=True).explain["candidates"] == 10
    assert {} == index.search(X[:2], 5).explain
