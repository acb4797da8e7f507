"""Do the advisor's forecasts hold? Advise on part of a set, then look at queries that nobody had seen.

For each seed some queries are held out: rows of the set, or half of its judged questions. For each budget the
advisor sees the others and forecasts; the plan is built, and the held-out queries are searched for. The
forecast should cover what they find as often as it says.
"""

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lilliput.advisor import Plan, advise
from lilliput.advisor.floors import NDCG, RECALL
from lilliput.codecs.base import Metric
from lilliput.errors import LilliputWarning
from lilliput.evaluate.datasets import Dataset, load
from lilliput.evaluate.ranking import ndcg_at_k, recall_at_k
from lilliput.evaluate.truth import exact_neighbours, exact_scores
from lilliput.io.arrays import FloatArray
from lilliput.io.source import as_matrix
from lilliput.progress import ProgressOption, Track

BUDGETS = ("48B", "96B", "192B", "384B")
FLOORS = {
    "minilm-passages": ("recall@10=0.9", "recall@10=0.98"),
    "vaswani-npl": ("recall@10=0.9", "ndcg@10=0.4"),
}
K = 10

Result = dict[str, Any]


def run(
    X: Any = None,
    *,
    budgets: Sequence[str] = BUDGETS,
    seeds: int = 10,
    fresh: int = 1_000,
    metric: Metric = "cosine",
    threads: int | None = None,
    progress: ProgressOption = None,
) -> list[Result]:
    """Compare forecasts of recall with rows that were held out.

    Parameters
    ----------
    X:
        Vectors (n, d); None takes the MiniLM passages.
    budgets:
        As `advise` takes them.
    seeds:
        How many times rows are held out, from seed 0 on.
    fresh:
        How many rows are held out.
    metric, threads, progress:
        As for `advise`.

    Returns
    -------
    list of dict
        For each seed and budget: "seed", "budget", "measure", "spec", "bytes_per_vector" (of the index that
        was built), "mean", "low", "high" (forecast), "truth" (mean over the held-out rows), "covered",
        "half_width", "seconds" (of the advice).

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((1000, 16))
    >>> [found["bytes_per_vector"] <= 8 for found in run(X, budgets=["8B"], seeds=1, fresh=100)]
    [True]
    """
    rows = as_matrix(load("minilm-passages").vectors if X is None else X)

    def compared() -> Iterator[Result]:
        for seed in range(seeds):
            held_out = np.random.default_rng((seed, 1)).permutation(len(rows))
            queries, rest = rows[np.sort(held_out[:fresh])], rows[np.sort(held_out[fresh:])]
            found = exact_neighbours(rest, queries, K, metric, threads=threads, progress=False)
            truth = exact_scores(rest, queries, found.ids, metric)
            for budget in budgets:
                plan, told = _advised(rest, budget, metric, seed, threads)
                ids = _found(plan, rest, queries, told)
                scores = exact_scores(rest, queries, ids, metric)
                recall = recall_at_k(ids, scores, truth, K, larger_is_better=metric != "l2")
                yield told | _covered(plan, RECALL, recall)

    return _tracked(compared(), seeds * len(budgets), progress)


def run_judged(
    data: Dataset | None = None,
    *,
    budgets: Sequence[str] = BUDGETS,
    seeds: int = 10,
    threads: int | None = None,
    progress: ProgressOption = None,
) -> list[Result]:
    """Compare forecasts of nDCG with judged questions that were held out.

    Half of the questions are given to the advisor, which splits them once more; the others are as many fresh
    ones as the forecast is asked for.

    Parameters
    ----------
    data:
        A set with judgments; None takes Vaswani's.
    budgets, seeds, threads, progress:
        As for `run`.

    Returns
    -------
    list of dict
        As `run` gives them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.standard_normal((400, 8)).astype(np.float32)
    >>> judged = Dataset("toy", "cosine", rows, rows[:40] + 0.1, [{place: 1.0} for place in range(40)])
    >>> [found["measure"] for found in run_judged(judged, budgets=["8B"], seeds=1)]
    ['ndcg@10']
    """
    data = load("vaswani-npl") if data is None else data
    rows, asked, qrels = as_matrix(data.vectors), as_matrix(data.queries), data.qrels or []

    def compared() -> Iterator[Result]:
        for seed in range(seeds):
            order = np.random.default_rng((seed, 1)).permutation(len(asked))
            given, fresh = np.sort(order[0::2]), np.sort(order[1::2])
            known = asked[given], [qrels[query] for query in given]
            for budget in budgets:
                plan, told = _advised(rows, budget, data.metric, seed, threads, *known)
                ids = _found(plan, rows, asked[fresh], told)
                yield told | _covered(plan, NDCG, ndcg_at_k(ids, [qrels[query] for query in fresh], K))

    return _tracked(compared(), seeds * len(budgets), progress)


def plans(name: str, *, seed: int = 0, progress: ProgressOption = None) -> list[Result]:
    """Advise on a set for four budgets and two floors, and build each plan.

    Returns
    -------
    list of dict
        For each: "asked", "spec", "bytes_per_vector" (of the index that was built), the forecasts, "seconds".
    """
    data = load(name)
    known = () if data.qrels is None else (data.queries, data.qrels)
    asked: list[dict[str, Any]] = [{"budget": budget} for budget in BUDGETS]
    asked += [{"floor": floor} for floor in FLOORS[name]]

    def made() -> Iterator[Result]:
        for wanted in asked:
            started = time.perf_counter()
            plan = advise(data.vectors, *known, metric=data.metric, seed=seed, progress=False, **wanted)
            seconds = time.perf_counter() - started
            index = plan.build(data.vectors, progress=False)
            forecast = {
                measure: f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
                for measure, found in plan.forecast.items()
            }
            told = {"asked": " ".join(wanted.values()), "spec": plan.spec, "refine": plan.refine}
            yield told | {"bytes_per_vector": index.bytes_per_vector} | forecast | {"seconds": seconds}

    return _tracked(made(), len(asked), progress)


def markdown(results: Sequence[Result]) -> str:
    """Give the runs as a table, and how many were covered."""
    hidden = {"low", "high"}
    columns = [column for column in results[0] if column not in hidden]
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(found[column]) for column in columns) + " |" for found in results]
    if "covered" in columns:
        covered = sum(found["covered"] for found in results)
        widest = max(found["half_width"] for found in results)
        lines += ["", f"{covered} of {len(results)} covered; widest half-width {widest:.4f}."]
    return "\n".join([*lines, ""])


def _tracked(results: Iterator[Result], total: int, progress: ProgressOption) -> list[Result]:
    found = []
    with Track(progress, total, "comparing forecasts") as step:
        for result in results:
            found.append(result)
            step(len(found))
    return found


def _advised(
    rows: FloatArray, budget: str, metric: Metric, seed: int, threads: int | None, *known: Any
) -> tuple[Plan, Result]:
    started = time.perf_counter()
    plan = advise(rows, *known, budget=budget, metric=metric, seed=seed, threads=threads, progress=False)
    seconds = time.perf_counter() - started
    return plan, {"seed": seed, "budget": budget, "spec": plan.spec, "seconds": seconds}


def _found(plan: Plan, rows: FloatArray, queries: FloatArray, told: Result) -> Any:
    index = plan.build(rows, progress=False)
    told["bytes_per_vector"] = index.bytes_per_vector
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LilliputWarning)  # a small budget is out of reach of the usual recall
        return index.search(queries, K, refine=plan.refine).ids


def _covered(plan: Plan, measure: str, values: Any) -> Result:
    forecast, mean = plan.forecast_for(len(values))[measure], float(values.mean())
    return {
        "measure": measure,
        "mean": forecast.mean,
        "low": forecast.low,
        "high": forecast.high,
        "truth": mean,
        "covered": forecast.low <= mean <= forecast.high,
        "half_width": (forecast.high - forecast.low) / 2,
    }


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value).replace("|", "\\|")


WORK = {
    "recall": lambda: [run()],
    "ndcg": lambda: [run_judged()],
    "plans": lambda: [plans(name) for name in FLOORS],
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or WORK:
        for results in WORK[wanted]():
            sys.stdout.write(markdown(results))
