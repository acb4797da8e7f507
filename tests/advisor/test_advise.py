"""Advice keeps what it was asked to keep, and forecasts what fresh queries find."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.advisor import advise
from lilliput.advisor.plan import Plan
from lilliput.bench import forecast
from lilliput.errors import Cancelled, FileError, InvalidInput, OverBudget, WrongType
from lilliput.evaluate.datasets import Dataset, clustered
from lilliput.evaluate.truth import exact_neighbours

Floats = NDArray[np.float32]
DIM = 32
QUIET: Any = {"progress": False, "diagnose": False}


@pytest.fixture(scope="module")
def X() -> Floats:
    """Clustered rows."""
    return np.asarray(clustered(seed=3, n=3000, d=DIM, centres=60, queries=1).vectors)


def chosen(plan: Plan) -> Any:
    """The row of the table that is the plan."""
    (row,) = [row for row in plan.table if row.chosen]
    return row


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
@pytest.mark.parametrize(("budget", "limit"), [("12B", 12.0), ("60kB", 20.0), (0.25, 32.0)])
def test_budget_is_kept_by_the_index_that_is_built(X: Floats, metric: str, budget: Any, limit: float) -> None:
    """The plan's bytes are the index's, and within the budget."""
    plan = advise(X, budget=budget, metric=metric, **QUIET)
    index = plan.build(X, progress=False)

    assert plan.spec == index.spec
    assert len(X) == len(index)
    assert plan.bytes_per_vector == pytest.approx(index.bytes_per_vector)
    assert index.bytes_per_vector <= limit


def test_budget_alone_takes_the_best(X: Floats) -> None:
    """Nothing in the table is better beyond noise, and a larger budget is no worse."""
    small, large = (advise(X, budget=budget, **QUIET) for budget in ("6B", "40B"))

    for plan in (small, large):
        last = chosen(plan).rung
        best = max(row.recall.mean for row in plan.table if row.recall is not None and row.rung == last)
        assert chosen(plan).recall.mean >= best - 0.01
    assert large.forecast["recall@10"]["mean"] > small.forecast["recall@10"]["mean"]


def test_floor_alone_takes_the_fewest_bytes(X: Floats) -> None:
    """What takes less is below the floor; the choice is not."""
    plan = advise(X, floor="recall@10=0.9", **QUIET)
    index = plan.build(X, progress=False)
    found = index.search(X[:500], k=10, exact=True).ids
    truth = exact_neighbours(X, X[:500], 10, "cosine").ids
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, truth, strict=True)])

    assert recall >= 0.9
    assert plan.forecast["recall@10"]["mean"] >= 0.9
    for row in plan.table:
        if row.bytes_per_vector < plan.bytes_per_vector:
            assert row.recall is not None
            assert row.recall.low < 0.9


def test_budget_and_floor_are_both_kept(X: Floats) -> None:
    """Pairs of codecs are tried too; of those that keep the floor none is said to be faster."""
    plan = advise(X, budget="100B", floor={"recall@10": 0.8}, **QUIET)

    assert plan.bytes_per_vector <= 100
    assert plan.forecast["recall@10"]["low"] >= 0.8
    assert chosen(plan).recall.low >= 0.8
    assert any(row.refine is not None for row in plan.table)


def test_every_other_candidate_has_a_reason(X: Floats) -> None:
    """The table says why not, and holds one plan."""
    plan = advise(X, budget="20B", **QUIET)

    assert [True] == [row.chosen for row in plan.table if not row.why_not]
    assert plan.spec in plan.reason
    assert len({(row.spec, row.refine) for row in plan.table}) == len(plan.table)


def test_the_same_seed_gives_the_same_plan(X: Floats) -> None:
    """Choice and forecast repeat to the last digit."""
    first, again = (advise(X, budget="16B", seed=7, **QUIET) for _ in range(2))

    assert first.spec == again.spec
    assert first.forecast == again.forecast
    assert [row.recall for row in first.table] == [row.recall for row in again.table]


def test_an_unreachable_budget_names_the_smallest(X: Floats) -> None:
    """What it names can be had, and nothing below."""
    with pytest.raises(OverBudget, match="raise the budget") as caught:
        advise(X, budget="0.5B", **QUIET)
    least = caught.value.smallest

    plan = advise(X, budget=f"{math.ceil(least * 1e6) / 1e6}B", **QUIET)

    assert least == pytest.approx(plan.bytes_per_vector, abs=2e-6)


def test_an_unreachable_floor_names_the_best(X: Floats) -> None:
    """The message says what was reached within the budget."""
    with pytest.raises(InvalidInput, match=r"within 8B is sure to keep recall@10=0\.99.*raise the budget"):
        advise(X, budget="8B", floor="recall@10=0.99", **QUIET)


def test_neither_budget_nor_floor_is_a_type_error(X: Floats) -> None:
    """There is nothing to advise on."""
    with pytest.raises(TypeError, match="budget='64B' or floor="):
        advise(X)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"budget": 64}, InvalidInput, "bare number"),
        ({"budget": "8B", "metric": "dot"}, InvalidInput, "metric"),
        ({"budget": "8B", "seed": -1}, InvalidInput, "seed"),
        ({"budget": "8B", "for_n": 0}, InvalidInput, "for_n=0"),
        ({"budget": "8B", "for_n": "many"}, WrongType, "for_n"),
        ({"budget": "8B", "threads": 0}, InvalidInput, "threads=0"),
        ({"floor": "ndcg@10=0.4"}, InvalidInput, "needs judgments"),
        ({"budget": "8B", "qrels": [{1: 1.0}]}, InvalidInput, "without queries"),
        ({"budget": "8B", "queries": np.zeros((9, 5), dtype=np.float32)}, InvalidInput, "5"),
        ({"budget": "8B", "queries": np.ones((3, DIM), dtype=np.float32)}, InvalidInput, "3 queries"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(
    X: Floats, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    """One sentence, before anything long begins."""
    with pytest.raises(error, match=words):
        advise(X, **QUIET, **arguments)


def test_too_few_rows_are_refused() -> None:
    """A handful of rows cannot choose and measure."""
    with pytest.raises(InvalidInput, match="5 rows"):
        advise(np.eye(5), budget=0.5, **QUIET)


def test_more_vectors_to_come_share_what_is_shared(X: Floats) -> None:
    """Bytes, and quality, are for the full size, and the reason says so."""
    few = advise(X, budget="40B", **QUIET)
    many = advise(X, budget="40B", for_n=1_000_000, **QUIET)

    size, shared_out = (
        next(row.bytes_per_vector for row in plan.table if row.spec == "flat | rotate,bin")
        for plan in (few, many)
    )
    assert shared_out == pytest.approx(4 + (size - 4) * len(X) / 1_000_000)
    assert 1_000_000 == many.rows
    assert "extrapolated" in many.reason
    assert many.forecast["recall@10"]["extrapolated"]
    assert not few.forecast["recall@10"]["extrapolated"]
    assert many.forecast["recall@10"]["mean"] < few.forecast["recall@10"]["mean"]
    assert chosen(many).bytes == round(many.bytes_per_vector * 1_000_000)


def test_queries_and_judgments_are_used(X: Floats) -> None:
    """With judgments there is a forecast of nDCG, and a floor of it can be kept."""
    rng = np.random.default_rng(0)
    judged = rng.choice(len(X), 200, replace=False)
    queries = X[judged] + 0.05 * rng.standard_normal((200, DIM)).astype(np.float32)
    qrels = [{int(row): 1.0} for row in judged]

    plan = advise(X, queries, qrels, floor="ndcg@10=0.5", **QUIET)

    assert {"recall@10", "ndcg@10"} == set(plan.forecast)
    assert plan.forecast["ndcg@10"]["queries"] == 100
    assert plan.forecast["ndcg@10"]["mean"] > 0.4
    assert all(row.ndcg is not None for row in plan.table)
    again = advise(X, queries, dict(enumerate(qrels)), floor="ndcg@10=0.5", progress=False)
    assert plan.forecast == again.forecast
    told = plan.to_dict()["per_query"]
    assert len(told["queries"]) == len(told["recall@10"]) == len(told["ndcg@10"]) == 100
    assert plan.forecast["ndcg@10"]["mean"] == pytest.approx(np.mean(told["ndcg@10"]))
    assert 0 < plan.baseline["ndcg@10"] <= 1


def test_a_plan_that_learnt_from_queries_learns_again() -> None:
    """Where queries are given leanvec is tried, and a plan of it builds with them as it stands."""
    rng = np.random.default_rng(0)
    rows, queries = (rng.standard_normal((n, DIM)).astype(np.float32) for n in (1500, 400))
    queries *= np.geomspace(3, 0.1, DIM).astype(np.float32)
    plan = advise(rows, queries, budget="14B", **QUIET)
    learnt = replace(plan, spec="flat | leanvec8,int8")

    index, plain = learnt.build(rows, progress=False), plan.build(rows, progress=False)

    assert any("leanvec" in row.spec for row in plan.table)
    assert plan.queries is not None
    assert np.array_equal(np.sort(plan.queries, axis=0), np.sort(queries, axis=0))
    assert index.spec == learnt.spec
    assert "0.mixed" in index._readable().stores[0].codec.state()[1]
    assert plain.spec == plan.spec


def test_floors_of_other_depths_are_kept(X: Floats) -> None:
    """Recall of one result and of fifty: each is forecast, and each is kept."""
    plan = advise(X, floor="recall@1=0.9, recall@50=0.92", **QUIET)

    assert {"recall@10", "recall@1", "recall@50"} == set(plan.forecast)
    assert plan.forecast["recall@1"]["low"] >= 0.9
    assert plan.forecast["recall@50"]["low"] >= 0.92
    assert {"recall@1": 0.9, "recall@50": 0.92} == plan.to_dict()["floors"]


def test_forecasts_for_fewer_queries_are_wider(X: Floats) -> None:
    """The mean stays; the interval for 1,000 fresh queries is that of the forecast."""
    plan = advise(X, budget="16B", **QUIET)
    few, usual = (plan.forecast_for(fresh)["recall@10"] for fresh in (20, 1000))

    assert few.mean == usual.mean == plan.forecast["recall@10"]["mean"]
    assert (usual.low, usual.high) == tuple(plan.forecast["recall@10"][end] for end in ("low", "high"))
    assert few.high - few.low > 2 * (usual.high - usual.low)
    with pytest.raises(InvalidInput, match="fresh=0"):
        plan.forecast_for(0)


def test_the_worst_queries_are_named_with_what_they_missed(X: Floats) -> None:
    """Rows that play queries are named by their numbers, and so are the neighbours that were not found."""
    plan = advise(X, budget="8B", **QUIET)
    told = plan.per_query
    worst = told["worst"][0]
    near = set(exact_neighbours(X, X[[worst["query"]]], 11, "cosine").ids[0].tolist())

    assert min(told["recall@10"]) == worst["recall@10"]
    assert plan.forecast["recall@10"]["mean"] == pytest.approx(np.mean(told["recall@10"]))
    assert set(worst["missed"]) <= near - {worst["query"]}
    assert len(worst["missed"]) == round(10 * (1 - worst["recall@10"]))


def test_a_plan_can_say_what_the_vectors_are_like(X: Floats) -> None:
    """Findings come with the plan unless they are not wanted, as plain values."""
    plan = advise(X, budget="8B", progress=False)

    assert plan.diagnosis is not None
    assert advise(X, budget="8B", diagnose=False, progress=False).diagnosis is None
    assert {"findings", "spectrum"} <= set(json.loads(json.dumps(plan.to_dict()))["diagnosis"])


def test_the_worst_queries_are_named_by_their_texts(X: Floats) -> None:
    """A text for each row where rows play queries; another number of texts is refused."""
    plan = advise(X, budget="8B", texts=[f"row {row}" for row in range(len(X))], progress=False)

    assert [f"row {q['query']}" for q in plan.per_query["worst"]] == [
        q["text"] for q in plan.per_query["worst"]
    ]
    with pytest.raises(InvalidInput, match="2 texts and 3000 rows"):
        advise(X, budget="8B", texts=["a", "b"], **QUIET)


def test_costs_are_for_the_full_size(X: Floats) -> None:
    """Ten times the rows: ten times the bytes of codes, and times in proportion."""
    plan = advise(X, budget="40B", for_n=30_000, **QUIET)

    assert plan.cost["bytes"] == round(plan.bytes_per_vector * 30_000)
    assert plan.cost["build_seconds"] > 0
    assert plan.cost["latency_seconds"] > 0
    assert plan.cost["queries_per_second"] > 0
    assert 3000 == plan.measured_rows


def test_few_queries_give_a_wide_interval(X: Floats) -> None:
    """Ten queries promise less than a thousand."""
    few, many = (advise(X, X[:m] + 0.01, budget="12B", **QUIET).forecast["recall@10"] for m in (10, 1000))

    assert few["high"] - few["low"] > 2 * (many["high"] - many["low"])


def test_fewer_rows_than_are_asked_for() -> None:
    """Five rows have five neighbours, and all of them can be found."""
    X = np.random.default_rng(1).standard_normal((5, 8)).astype(np.float32)

    plan = advise(X, np.random.default_rng(2).standard_normal((20, 8)), budget=1.0, progress=False)

    assert 1.0 == plan.forecast["recall@10"]["mean"]


def test_rows_that_come_twice_and_rows_of_zeros(X: Floats) -> None:
    """A query is left out by its number, so that its twin still counts; zeros disturb nothing."""
    twice = np.concatenate([X[:500], X[:500], np.zeros((20, DIM), dtype=np.float32)])

    plan = advise(twice, floor="recall@10=0.95", **QUIET)

    assert plan.forecast["recall@10"]["mean"] >= 0.95


def test_codes_that_cannot_hold_the_vectors_are_left_out() -> None:
    """Numbers beyond float16 rule f16 out, and the table says so."""
    X = 1e5 * np.random.default_rng(0).standard_normal((300, 8)).astype(np.float32)

    plan = advise(X, budget=1.0, metric="l2", **QUIET)

    (row,) = [row for row in plan.table if row.spec == "flat | f16"]
    assert row.recall is None
    assert "float16" in row.why_not or "f16" in row.why_not


def test_an_iterator_of_batches_is_read_once(X: Floats) -> None:
    """Advice needs one pass, and is that for the array."""

    def batches() -> Iterator[Floats]:
        yield from np.array_split(X, 7)

    assert advise(X, budget="16B", **QUIET).spec == advise(batches(), budget="16B", **QUIET).spec


def test_cancelled_advice_is_no_advice(X: Floats) -> None:
    """A callback that returns False stops it."""
    seen = []

    def stop(done: int, total: int) -> bool:
        seen.append((done, total))
        return len(seen) < 3

    with pytest.raises(Cancelled):
        advise(X, budget="16B", progress=stop)

    assert 3 == len(seen)


def test_plan_says_itself_in_json_and_on_pages(X: Floats, tmp_path: Path) -> None:
    """What a plan says survives JSON; reports hold spec and reason; other suffixes are refused."""
    plan = advise(X, budget="16B", **QUIET)

    said = json.loads(json.dumps(plan.to_dict()))
    assert plan.spec == said["spec"]
    assert plan.forecast == said["forecast"]
    assert len(plan.table) == len(said["table"])
    assert plan.spec in repr(plan)
    for page in ("plan.html", "plan.md"):
        plan.report(tmp_path / page)
        text = (tmp_path / page).read_text()
        assert plan.spec in text
        assert "chosen" in text
    with pytest.raises(InvalidInput, match=r"\.pdf"):
        plan.report(tmp_path / "plan.pdf")
    with pytest.raises(FileError):
        plan.report(tmp_path / "nowhere" / "plan.html")


def test_forecasts_of_ndcg_cover_what_fresh_questions_find() -> None:
    """Half of 160 judged questions advise; the other half are covered in at least three of four runs."""
    data = clustered(seed=9, n=2700, d=DIM, centres=60, queries=1)
    rng = np.random.default_rng(0)
    judged = rng.choice(2700, 160, replace=False)
    asked = data.vectors[judged] + 0.4 * rng.standard_normal((160, DIM)).astype(np.float32)
    set_ = Dataset("toy", "l2", data.vectors, asked, [{int(row): 1.0} for row in judged])

    results = forecast.run_judged(set_, budgets=("6B", "16B"), seeds=2, progress=False)

    assert sum(found["covered"] for found in results) >= 3
    assert {"ndcg@10"} == {found["measure"] for found in results}


def test_forecasts_cover_what_fresh_queries_find() -> None:
    """Over four seeds and two budgets the truth lies within the 95 % interval at least six times of eight."""
    X = clustered(seed=5, n=4000, d=DIM, centres=80, queries=1).vectors

    results = forecast.run(X, budgets=("6B", "16B"), seeds=4, fresh=1000, metric="l2", progress=False)

    assert sum(found["covered"] for found in results) >= 6
    assert all(found["bytes_per_vector"] <= float(found["budget"].removesuffix("B")) for found in results)
    assert f"of {len(results)} covered" in forecast.markdown(results)
