"""What is measured while choosing is what the index will do."""

import numpy as np
import pytest

from lilliput.advisor.aim import Aim, Trial
from lilliput.advisor.budget import Budget
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.choose import best_quality, choose, in_order, survivors
from lilliput.advisor.grid import Grid
from lilliput.advisor.measure import Outcome, Probe, measure, without
from lilliput.advisor.spaces import Spaces, encoded
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.codec import Codec
from lilliput.evaluate.datasets import clustered
from lilliput.index.index import Index

DATA = clustered(seed=11, n=1200, d=24, centres=30, queries=150)
LIMIT = Budget("4B", 4.0)


def recall(candidate: Candidate, probe: Probe) -> np.ndarray:
    """What whole codecs find, fitted on all rows."""
    coded = [
        encoded(Codec(text, metric=probe.metric), probe.rows, probe.rows, 0) for text in candidate.codecs
    ]
    return measure(candidate, coded, probe, alone=False)[0].values["recall@10"]


@pytest.mark.parametrize("metric", METRICS)
def test_shared_spaces_rank_as_whole_codecs_do(metric: Metric) -> None:
    """What follows a first stage, on rows that passed it, finds what the whole codec finds."""
    rows, queries = DATA.vectors + np.float32(0.3), DATA.queries + np.float32(0.3)
    probe = Probe(rows, queries, None, None, metric, 0)
    tried = Grid(24, metric, len(rows), judged=True).singles(Budget("a budget", 60.0), ladder=False)
    spaces = Spaces(rows, np.arange(len(rows)), metric, 0, 0, [c.codecs[0] for c in tried])

    for candidate in tried:
        shared = measure(candidate, [spaces.coded(candidate.codecs[0])], probe, alone=False)[0]
        # Stages behind the first draw other numbers; bits of cosine depend on how long a cut query is.
        tolerance = 0.06 if candidate.length > 2 else 0.03
        assert shared.values["recall@10"].mean() == pytest.approx(
            recall(candidate, probe).mean(), abs=tolerance
        ), candidate.spec


@pytest.mark.parametrize("metric", METRICS)
def test_shared_spaces_learn_from_queries(metric: Metric) -> None:
    """Codes behind a shared leanvec are those of the whole codec, learnt from the same queries."""
    rows = DATA.vectors + np.float32(0.3)
    asked = (np.random.default_rng(0).standard_normal((200, 24)) * np.geomspace(3, 0.1, 24)).astype(
        np.float32
    )
    texts = ["leanvec6,f32", "leanvec12,f32", "leanvec6,int8"]
    spaces = Spaces(rows, np.arange(len(rows)), metric, 0, 0, texts, asked)
    probe = Probe(rows, asked, None, None, metric, 0)

    for text in texts:
        whole = encoded(Codec(text, metric=metric), rows, rows, 0, asked)
        expected, actual = (
            measure(Candidate((text,)), [coded], probe, alone=False)[1]
            for coded in (whole, spaces.coded(text))
        )
        assert "0.mixed" in whole.store.codec.state()[1]
        assert (expected == actual).mean() > 0.99


@pytest.mark.parametrize("refine", [None, 3])
def test_a_measurement_is_what_the_index_finds(refine: int | None) -> None:
    """Fitted alike, the index gives the same recall."""
    rows, queries = DATA.vectors, DATA.queries
    candidate = Candidate(("pca8,int8",) if refine is None else ("pca8,int8", "f16"), refine)
    measured = recall(candidate, Probe(rows, queries, None, None, "l2", 0))

    index = Index(candidate.spec, metric="l2").fit(rows).add(rows)
    found = index.search(queries, 10, refine=refine, exact=refine is None).ids
    truth = np.sort(((rows[None] - queries[:, None]).astype(np.float64) ** 2).sum(axis=2), axis=1)[:, 9:10]
    scores = ((rows[found] - queries[:, None]).astype(np.float64) ** 2).sum(axis=2)

    assert (scores <= truth * (1 + 2e-6)).mean(axis=1) == pytest.approx(measured)


def test_fewer_rows_and_other_depths_are_measured_too() -> None:
    """Parts of the rows, and recall of 1 and of 30 results: exact codes find everything everywhere."""
    parts = (np.arange(0, 1200, 4), np.arange(0, 1200, 2))
    own = np.arange(50) * 4
    probe = Probe(DATA.vectors, DATA.vectors[own], own, None, "l2", 0, (1, 10, 30), parts)
    coded = [encoded(Codec("f32", metric="l2"), probe.rows, probe.rows, 0)]

    outcome, found = measure(Candidate(("f32",)), coded, probe, alone=True)

    assert {"recall@1", "recall@10", "recall@30"} == set(outcome.values)
    assert [300, 600] == [count for count, _ in outcome.curve]
    for values in (outcome.values, *(values for _, values in outcome.curve)):
        assert all((recall == 1).all() for recall in values.values())
    assert (50, 10) == found.shape
    assert not (found == own[:, None]).any()
    assert outcome.latency is not None
    assert Outcome.from_dict(outcome.to_dict()).to_dict() == outcome.to_dict()


def test_a_row_is_searched_for_without_itself() -> None:
    """Its own number never counts, not even where it is not found; its twin does."""
    rows = np.repeat(np.eye(12, dtype=np.float32), 2, axis=0)
    own = np.arange(24)
    probe = Probe(rows, rows, own, None, "ip", 0)

    assert np.ones(24).tolist() == probe.truth.scores[:, 0].tolist()
    assert [[1, 2], [4, 5]] == without(np.array([[0, 1, 2], [3, 4, 5]]), np.array([0, 3]), 2).tolist()
    assert [[1, -1]] == without(np.array([[0, 1]]), np.array([0]), 2).tolist()


def trial(name: str, size: float, found: list[float], speed: float = 1.0) -> Trial:
    """A measured candidate out of the air."""
    values = {"recall@10": np.array(found)}
    return Trial(
        Candidate((name,)), size, Outcome(100, values, (), len(found) / speed, len(found), None, 1.0)
    )


def test_a_difference_within_noise_is_none() -> None:
    """Of two that win in turn the smaller is taken; of two of which one always wins, that one."""
    even = [trial("f32", 4.0, [0.9, 0.5] * 50), trial("int8", 2.0, [0.5, 0.9] * 50)]
    uneven = [trial("f32", 4.0, [0.9, 0.5] * 50), trial("int8", 2.0, [0.8, 0.4] * 50)]

    assert "flat | int8" == choose(even, Aim(LIMIT)).candidate.spec
    assert "flat | f32" == choose(uneven, Aim(LIMIT)).candidate.spec
    assert 1 == len(best_quality(uneven))


def test_few_queries_do_not_excuse_a_large_loss() -> None:
    """However wide the noise is, a loss of more than a hundredth is one."""
    trials = [trial("f32", 4.0, [1.0, 0.2, 0.9, 0.5]), trial("int8", 2.0, [0.2, 0.9, 0.8, 0.5])]

    assert "flat | f32" == choose(trials, Aim(LIMIT)).candidate.spec


def test_of_those_about_as_fast_the_smallest_is_taken() -> None:
    """A tenth of speed is noise of the clock, a fifth is not."""
    high = [0.99] * 100
    trials = [trial("f32", 4.0, high, 100.0), trial("f16", 2.0, high, 95.0), trial("int8", 1.0, high, 80.0)]
    aim = Aim(LIMIT, {"recall@10": 0.9}, 100)

    assert "flat | f16" == choose(trials, aim).candidate.spec
    assert ["flat | f16", "flat | f32", "flat | int8"] == [t.candidate.spec for t in in_order(trials, aim)]


def test_early_discards_spare_what_noise_could_have_put_behind() -> None:
    """The hopeless goes, with its reason; what may be as good stays, and so does the best of each family."""
    rng = np.random.default_rng(0)
    top, near, far = (np.clip(rng.normal(mean, 0.2, 200), 0, 1).tolist() for mean in (0.8, 0.78, 0.3))
    trials = [
        trial("f32", 4.0, top),
        trial("f16", 3.0, near),
        trial("int8", 2.0, far),
        trial("bin", 1.0, far),
    ]

    kept, why = survivors(trials, {}, Aim(LIMIT), 10, families=False)
    families, _ = survivors(trials, {}, Aim(LIMIT), 10, families=True)

    assert ["flat | f32", "flat | f16"] == [c.spec for c in kept]
    assert "below that of 'flat | f32'" in why[Candidate(("int8",))]
    assert 4 == len(families)


def test_a_stage_that_gains_nothing_is_let_go() -> None:
    """A rotation before floats finds the same with more bytes."""
    trials = [trial("f16", 2.0, [0.9, 0.8] * 20), trial("rotate,f16", 2.1, [0.9, 0.8] * 20)]

    kept, why = survivors(trials, {}, Aim(LIMIT), 10, families=True)

    assert [Candidate(("f16",))] == kept
    assert "gains nothing" in why[Candidate(("rotate,f16",))]
