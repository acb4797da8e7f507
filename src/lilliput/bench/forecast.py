"""Do the advisor's forecasts hold? Advise on part of a set, then look at queries that nobody had seen.

For each seed some rows are held out. For each budget the advisor sees the others and forecasts; the plan is
built, and the held-out rows are searched for. The forecast should cover what they find as often as it says.
"""

import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from lilliput.advisor import advise
from lilliput.advisor.floors import RECALL
from lilliput.codecs.base import Metric
from lilliput.errors import LilliputWarning
from lilliput.evaluate.datasets import load
from lilliput.evaluate.ranking import recall_at_k
from lilliput.evaluate.truth import exact_neighbours, exact_scores
from lilliput.io.arrays import FloatArray
from lilliput.io.source import as_matrix
from lilliput.progress import ProgressOption, Track

BUDGETS = ("48B", "96B", "192B", "384B")
K = 10


def run(
    X: Any = None,
    *,
    budgets: Sequence[str] = BUDGETS,
    seeds: int = 10,
    fresh: int = 1_000,
    metric: Metric = "cosine",
    threads: int | None = None,
    progress: ProgressOption = None,
) -> list[dict[str, Any]]:
    """Compare forecasts with fresh queries.

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
        For each seed and budget: "seed", "budget", "spec", "bytes_per_vector" (of the index that was built),
        "mean", "low", "high" (forecast), "truth" (mean over the held-out rows), "covered", "half_width",
        "seconds" (of the advice).

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((1000, 16))
    >>> [found["bytes_per_vector"] <= 8 for found in run(X, budgets=["8B"], seeds=1, fresh=100)]
    [True]
    """
    vectors = load("minilm-passages").vectors if X is None else X
    rows = as_matrix(vectors)
    results = []
    with Track(progress, seeds * len(budgets), "comparing forecasts") as step:
        for seed in range(seeds):
            held_out = np.random.default_rng((seed, 1)).permutation(len(rows))
            queries, rest = rows[np.sort(held_out[:fresh])], rows[np.sort(held_out[fresh:])]
            truth = _true_scores(rest, queries, metric)
            for budget in budgets:
                results.append(_compare(rest, queries, truth, budget, metric, seed, threads))
                step(len(results))
    return results


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """Give the runs as a table, and how many were covered."""
    columns = (
        "seed",
        "budget",
        "spec",
        "bytes_per_vector",
        "mean",
        "half_width",
        "truth",
        "covered",
        "seconds",
    )
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    for found in results:
        lines.append("| " + " | ".join(_cell(found[column]) for column in columns) + " |")
    covered = sum(found["covered"] for found in results)
    widest = max(found["half_width"] for found in results)
    return "\n".join(
        [*lines, "", f"{covered} of {len(results)} covered; widest half-width {widest:.4f}.", ""]
    )


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value).replace("|", "\\|")


def _compare(
    rest: FloatArray,
    queries: FloatArray,
    truth: FloatArray,
    budget: str,
    metric: Metric,
    seed: int,
    threads: int | None,
) -> dict[str, Any]:
    started = time.perf_counter()
    plan = advise(rest, budget=budget, metric=metric, seed=seed, threads=threads, progress=False)
    seconds = time.perf_counter() - started
    index = plan.build(rest, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LilliputWarning)  # a small budget is out of reach of the usual recall
        ids, _ = index.search(queries, K, threads=threads)
    scores = exact_scores(rest, queries, ids, metric)
    recall = recall_at_k(ids, scores, truth, K, larger_is_better=metric != "l2")
    forecast = plan.forecast[RECALL]
    mean = float(recall.mean())
    return {
        "seed": seed,
        "budget": budget,
        "spec": plan.spec,
        "bytes_per_vector": index.bytes_per_vector,
        "mean": forecast["mean"],
        "low": forecast["low"],
        "high": forecast["high"],
        "truth": mean,
        "covered": forecast["low"] <= mean <= forecast["high"],
        "half_width": (forecast["high"] - forecast["low"]) / 2,
        "seconds": seconds,
    }


def _true_scores(rest: FloatArray, queries: FloatArray, metric: Metric) -> FloatArray:
    found = exact_neighbours(rest, queries, K, metric, progress=False)
    return exact_scores(rest, queries, found.ids, metric)


if __name__ == "__main__":
    sys.stdout.write(markdown(run()))
