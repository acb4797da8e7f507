"""What is measured while choosing is what the index will do."""

import numpy as np
import pytest

from lilliput.advisor.candidates import Candidate, candidates
from lilliput.advisor.choose import Trial, best_quality, choose
from lilliput.advisor.measure import Bench, Outcome, measure_fresh, probe, without
from lilliput.advisor.spaces import Spaces
from lilliput.codecs.base import METRICS, Metric
from lilliput.evaluate.datasets import clustered
from lilliput.index.index import Index

DATA = clustered(seed=11, n=1200, d=24, centres=30, queries=150)


@pytest.mark.parametrize("metric", METRICS)
def test_shared_spaces_rank_as_whole_codecs_do(metric: Metric) -> None:
    """What follows a cut or projection, on cut or projected rows, finds what the whole codec finds."""
    rows, queries = DATA.vectors + np.float32(0.3), DATA.queries + np.float32(0.3)
    judge = probe(rows, queries, None, metric, None, 0)
    spaces = Spaces(rows, queries, np.arange(len(rows)), metric, 0, 0)
    bench = Bench(spaces, judge)

    for candidate in candidates(24, metric, len(rows))[:40]:
        shared = bench.measure(candidate).recall.mean()
        whole = measure_fresh(candidate, rows, rows, judge, metric, 0, 0).recall.mean()
        # Rotations differ by their seed; bits of cosine depend a little on how long a cut query is.
        tolerance = 0.06 if "rotate" in candidate.spec else 0.03 if "bin" in candidate.spec else 0.002
        assert shared == pytest.approx(whole, abs=tolerance), candidate.spec


@pytest.mark.parametrize("refine", [None, 3])
def test_a_measurement_is_what_the_index_finds(refine: int | None) -> None:
    """Fitted alike, the index gives the same recall."""
    rows, queries = DATA.vectors, DATA.queries
    candidate = Candidate(("pca8,int8",) if refine is None else ("pca8,int8", "f16"), 0, refine)
    judge = probe(rows, queries, None, "l2", None, 0)
    measured = measure_fresh(candidate, rows, rows, judge, "l2", 0, 0)

    index = Index(candidate.spec, metric="l2").fit(rows).add(rows)
    found = index.search(queries, 10, refine=refine, exact=refine is None).ids
    truth = np.sort(((rows[None] - queries[:, None]).astype(np.float64) ** 2).sum(axis=2), axis=1)[:, 9:10]
    scores = ((rows[found] - queries[:, None]).astype(np.float64) ** 2).sum(axis=2)

    assert (scores <= truth * (1 + 2e-6)).mean(axis=1) == pytest.approx(measured.recall)


def test_a_row_is_searched_for_without_itself() -> None:
    """Its own number never counts, not even where it is not found; its twin does."""
    rows = np.repeat(np.eye(12, dtype=np.float32), 2, axis=0)
    own = np.arange(24)
    judge = probe(rows, rows, own, "ip", None, 0)

    assert np.ones(24).tolist() == judge.truth[:, 0].tolist()
    assert [[1, 2], [4, 5]] == without(np.array([[0, 1, 2], [3, 4, 5]]), np.array([0, 3]), 2).tolist()
    assert [[1, -1]] == without(np.array([[0, 1]]), np.array([0]), 2).tolist()


def trial(name: str, size: float, recall: list[float], speed: float = 1.0) -> Trial:
    """A measured candidate out of the air."""
    return Trial(Candidate((name,), 0), size, Outcome(np.array(recall), None, 1.0, 0.0), speed)


def test_a_difference_within_noise_is_none() -> None:
    """Of two that win in turn the smaller is taken; of two of which one always wins, that one."""
    even = [trial("f32", 4.0, [0.9, 0.5] * 50), trial("int8", 2.0, [0.5, 0.9] * 50)]
    uneven = [trial("f32", 4.0, [0.9, 0.5] * 50), trial("int8", 2.0, [0.8, 0.4] * 50)]

    assert "flat | int8" == choose(even, {}, "4B")[0].candidate.spec
    assert "flat | f32" == choose(uneven, {}, "4B")[0].candidate.spec
    assert 1 == len(best_quality(uneven))


def test_few_queries_do_not_excuse_a_large_loss() -> None:
    """However wide the noise is, a loss of more than a hundredth is one."""
    trials = [trial("f32", 4.0, [1.0, 0.2, 0.9, 0.5]), trial("int8", 2.0, [0.2, 0.9, 0.8, 0.5])]

    assert "flat | f32" == choose(trials, {}, "4B")[0].candidate.spec


def test_of_those_about_as_fast_the_smallest_is_taken() -> None:
    """A tenth of speed is noise of the clock, a fifth is not."""
    high = [0.99] * 100
    trials = [trial("f32", 4.0, high, 100.0), trial("f16", 2.0, high, 95.0), trial("int8", 1.0, high, 80.0)]

    assert "flat | f16" == choose(trials, {"recall@10": 0.9}, "4B")[0].candidate.spec
