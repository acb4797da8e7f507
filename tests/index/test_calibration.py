"""Recall that an index expects, against recall that is measured with other queries."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.errors import LilliputWarning
from lilliput.index.index import Index
from lilliput.index.watch import DEPTH, Watch

Floats = NDArray[np.float32]
BOUND = 0.045  # three standard errors of a recall near a half, of 400 queries and 1,000

quiet = pytest.mark.filterwarnings("ignore::lilliput.errors.LilliputWarning")


def clustered(rng: np.random.Generator, n: int, dim: int = 32) -> Floats:
    """Draw rows about 50 centres, of falling variance."""
    centres = rng.standard_normal((50, dim)) * np.linspace(2, 0.5, dim)
    return (centres[rng.integers(0, 50, n)] + rng.standard_normal((n, dim))).astype(np.float32)


def recall(index: Index, X: Floats, Q: Floats, k: int, **options: float) -> float:
    """Measure recall@k against the true neighbours of the original vectors."""
    truth = Index("flat", metric=index.metric).fit(X).add(X).search(Q, k, exact=True).ids
    found = index.search(Q, k, **options).ids  # type: ignore[arg-type]
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(truth, found, strict=True)]))


@pytest.mark.parametrize("metric", ["ip", "l2", "cosine"])
def test_expected_recall_is_what_fresh_queries_get(rng: np.random.Generator, metric: str) -> None:
    """For each target, the expectation and the measurement differ by no more than chance."""
    drawn = clustered(rng, 2_400)
    X, Q = drawn[:2_000], drawn[2_000:]
    index = Index("flat | bin | f16", metric=metric).fit(X).add(X)

    candidates = []
    for target in (0.5, 0.8, 0.9, 0.95):
        hits = index.search(Q, 10, recall=target, explain=True)
        candidates.append(hits.explain["candidates"])
        assert hits.expected_recall is not None
        assert hits.expected_recall >= target
        assert abs(hits.expected_recall - recall(index, X, Q, 10, recall=target)) < BOUND

    assert sorted(set(candidates)) == sorted(candidates)
    assert candidates[0] < candidates[-1]


def test_default_target(rng: np.random.Generator) -> None:
    """Without a target it is 0.95."""
    X = clustered(rng, 2_000)
    index = Index("flat | bin | f32").fit(X).add(X)

    chosen, said = (index.search(X[:2], 10, recall=r, explain=True).explain for r in (None, 0.95))

    assert said == chosen


def test_out_of_reach_warns_and_says_what_to_expect(rng: np.random.Generator) -> None:
    """One bit a number cannot give 0.99: the best is given, with a warning that names the number."""
    drawn = clustered(rng, 2_200)
    X, Q = drawn[:2_000], drawn[2_000:]
    index = Index("flat | bin").fit(X).add(X)

    with pytest.warns(LilliputWarning, match="A recall of 0.99 at k=10 is out of reach of 'flat . bin'"):
        hits = index.search(Q, 10, recall=0.99)

    assert hits.expected_recall is not None
    assert hits.expected_recall < 0.8
    assert abs(hits.expected_recall - recall(index, X, Q, 10, recall=0.1)) < 0.05


def test_what_was_not_measured_is_not_expected(rng: np.random.Generator) -> None:
    """Few rows, a fixed effort, or exact search over lossy codes: nothing is claimed."""
    X = clustered(rng, 600)
    index = Index("flat | int8 | f16").fit(X).add(X)

    assert index.search(X[:3], 10).expected_recall is not None
    assert index.search(X[:3], 10, refine=3).expected_recall is None
    assert index.search(X[:3], 10, exact=True).expected_recall is None
    few = Index("flat | int8 | f16").fit(X, queries=X[:10]).add(X)
    assert few.search(X[:3], 10).expected_recall is None
    assert 1.0 == Index("flat").fit(X).add(X[:8]).search(X[:3], 10, exact=True).expected_recall


def test_measured_again_after_a_fifth_has_changed(rng: np.random.Generator) -> None:
    """By additions and by removals, not before."""
    X = clustered(rng, 1_500)
    index = Index("flat | int8").fit(X).add(X[:1_000])
    first = index.calibration
    assert first is not None
    assert 1_000 == first.rows

    assert index.add(X[1_000:1_200]).calibration is first
    second = index.add(X[1_200:1_201]).calibration
    assert second is not None
    assert 1_201 == second.rows
    assert index.remove(np.arange(240)).calibration is second
    third = index.remove(np.arange(240, 242)).calibration
    assert third is not None
    assert 959 == third.rows


@quiet
def test_queries_are_not_their_own_neighbours(rng: np.random.Generator) -> None:
    """Rows that serve as queries are scored without themselves, though copies of them count."""
    X = clustered(rng, 1_000)
    twice = np.vstack([X, X])
    index = Index("flat | bin").fit(X).add(twice)
    calibration = index.calibration
    assert calibration is not None

    nearest = calibration.choose(1, 0.5)

    # The one true neighbour of a row is its copy; bits cannot tell copies from rows that share all signs.
    assert nearest is not None
    found = index.search(X, 2).ids % 1_000
    both = float(np.mean((found == np.arange(1_000)[:, None]).all(axis=1)))
    assert abs(both - nearest.recall) < 0.05


def test_queries_given_at_fit_are_those_measured(rng: np.random.Generator) -> None:
    """Queries from elsewhere set the expectation; rows of the set would have set another."""
    X = clustered(rng, 3_000)
    away = (3 * rng.standard_normal((800, 32))).astype(np.float32)
    index = Index("flat | bin", metric="l2").fit(X, queries=away[:400]).add(X)

    with pytest.warns(LilliputWarning):
        expected = index.search(X[:1], 10).expected_recall

    assert expected is not None
    assert abs(expected - recall(index, X, away[400:], 10, recall=0.1)) < BOUND
    assert abs(expected - recall(index, X, X[:400] + 0.1, 10, recall=0.1)) > 2 * BOUND


def test_new_queries_can_be_measured_where_the_vectors_are_kept(rng: np.random.Generator) -> None:
    """With f32 as the finest codes, `calibrate` takes queries, after removals too."""
    X = clustered(rng, 2_000)
    Q = clustered(rng, 60)
    index = Index("flat | bin | f32").fit(X).add(X).remove(np.arange(0, 300))
    fresh = Index("flat | bin | f32").fit(X, queries=Q).add(X).remove(np.arange(0, 300))

    index.calibrate(Q, ks=(5, 10))
    fresh.calibrate(ks=(5, 10))

    assert index.calibration is not None
    assert fresh.calibration is not None
    assert {5, 10} == {point.k for point in index.calibration.points}
    assert [p.recall for p in index.calibration.points] == pytest.approx(
        [p.recall for p in fresh.calibration.points], abs=1e-9
    )


def test_calibration_is_saved(rng: np.random.Generator, tmp_path: Path) -> None:
    """An opened index expects what the saved one did, and goes on watching."""
    X = clustered(rng, 1_000)
    index = Index("flat | bin | f16").fit(X, queries=X[:50] + 0.1).add(X[:700])
    index.save(tmp_path / "index")

    for mmap in (True, False):
        opened = Index.open(tmp_path / "index", mmap=mmap)
        assert index.calibration == opened.calibration
        assert index.search(X[:9], 10).expected_recall == opened.search(X[:9], 10).expected_recall
    opened.add(X[700:])
    assert opened.calibration == index.add(X[700:]).calibration


def true_neighbours(watch: Watch, X: Floats, alive: NDArray[np.bool_]) -> None:
    """Make sure that a watch knows the true neighbours of its queries, as far as it claims to."""
    scores = watch.queries.astype(np.float64) @ X.astype(np.float64).T
    scores[:, ~alive] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")
    for query in range(len(watch.queries)):
        known = watch.ids[query][watch.ids[query] >= 0]
        mine = order[query][order[query] != watch.selves[query]]
        assert mine[: len(known)].tolist() == known.tolist()
        assert (watch.ids[query][len(known) :] == -1).all()


@pytest.mark.parametrize("own", [True, False])
def test_truth_stays_true_while_rows_come_and_go(rng: np.random.Generator, own: bool) -> None:
    """After removing most neighbours and adding worse ones, no wrong neighbour is claimed."""
    X = rng.standard_normal((3_000, 8)).astype(np.float32)
    Q = X[:40] if own else rng.standard_normal((40, 8)).astype(np.float32)
    alive = np.zeros(3_000, bool)
    watch = Watch.start(Q, own, "ip")
    for start, stop in ((0, 100), (100, 1_000), (1_000, 1_020)):
        watch = watch.with_rows(X[start:stop], np.arange(start, stop), 1)
        alive[start:stop] = True
        true_neighbours(watch, X, alive)
    for start, stop in ((1_020, 1_500), (1_500, 3_000)):
        gone = np.unique(watch.ids[:, :60])
        gone = gone[gone >= 0]
        watch = watch.without(gone)
        alive[gone] = False
        true_neighbours(watch, X, alive)
        assert ((watch.ids >= 0).sum(axis=1) < DEPTH).all()
        watch = watch.with_rows(X[start:stop], np.arange(start, stop), 1)
        alive[start:stop] = True
        true_neighbours(watch, X, alive)


def test_a_large_block_after_a_small_one_is_counted_first(rng: np.random.Generator) -> None:
    """When most rows of a block are better than all before, only the best of them are ever held."""
    X = rng.standard_normal((200, 8)).astype(np.float32)
    better = np.tile(10 * rng.standard_normal((64, 8)), (200, 1)).astype(np.float32)
    watch = Watch.start(rng.standard_normal((900, 8)).astype(np.float32), False, "l2")
    watch = watch.with_rows(X, np.arange(200), 1)

    watch = watch.with_rows(better, np.arange(200, 13_000), 1)

    direct = Watch.start(watch.queries, False, "l2")
    direct = direct.with_rows(np.vstack([better, X]), np.r_[200:13_000, 0:200], 1)
    assert np.array_equal(direct.ids, watch.ids)
