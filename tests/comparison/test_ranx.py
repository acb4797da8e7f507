"""Metrics against ranx, on random runs and judgments."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput import evaluate

# Compiling what runs once takes a minute; as plain Python it takes a second.
pytest.importorskip("numba.core.config", reason="numba comes with ranx").DISABLE_JIT = True
ranx = pytest.importorskip("ranx", reason="ranx is not installed; the extra `test` has it")

Run = NDArray[np.int64]
Judged = list[dict[int, float]]
Metric = Callable[[Run, Judged, int], NDArray[np.float64]]

METRICS: dict[str, Metric] = {
    "precision": evaluate.precision_at_k,
    "recall": evaluate.judged_recall_at_k,
    "ndcg": evaluate.ndcg_at_k,
    "ndcg_burges": lambda run, qrels, k: evaluate.ndcg_at_k(run, qrels, k, gains="exp"),
    "map": evaluate.map_at_k,
    "mrr": evaluate.mrr_at_k,
    "hit_rate": evaluate.hit_rate_at_k,
}


def problem(seed: int, length: int) -> tuple[Run, Judged]:
    """Runs of distinct ids, and graded judgments of which some are zero and some find nothing."""
    rng = np.random.default_rng(seed)
    run = np.stack([rng.permutation(60)[:length] for _ in range(80)])
    qrels = []
    for query in range(80):
        judged = rng.permutation(60)[: rng.integers(1, 25)]
        if query % 9 == 0:
            judged = judged + 1_000  # nothing of it can be found
        qrels.append({int(row): float(rng.integers(0, 4)) for row in judged})
    return run, qrels


def by_ranx(name: str, run: Run, qrels: Judged, k: int) -> Any:
    """What ranx gives for each query, the scores falling without ties."""
    length = run.shape[1]
    asked = {f"q{q:03}": {f"d{row}": int(grade) for row, grade in x.items()} for q, x in enumerate(qrels)}
    found = {
        f"q{q:03}": {f"d{row}": float(length - place) for place, row in enumerate(rows)}
        for q, rows in enumerate(run.tolist())
    }
    return ranx.evaluate(ranx.Qrels(asked), ranx.Run(found), f"{name}@{k}", return_mean=False)


@pytest.mark.parametrize("k", [1, 5, 10, 100])
@pytest.mark.parametrize("name", METRICS)
def test_metrics_equal_ranx(name: str, k: int) -> None:
    """Each query's value, to 1e-9: graded judgments, queries without hits, k beyond the list."""
    run, qrels = problem(seed=k, length=40)
    expected = by_ranx(name, run, qrels, k)

    actual = METRICS[name](run, qrels, k)

    np.testing.assert_allclose(expected, actual, rtol=0, atol=1e-9)
    assert np.ptp(actual) > 0


def test_the_randomisation_test_agrees_with_fisher_of_ranx() -> None:
    """Both sample exchanges; their p-values differ by what sampling leaves."""
    fisher = pytest.importorskip("ranx.statistical_tests").fisher_randomization_test
    run, qrels = problem(seed=3, length=30)
    first = evaluate.ndcg_at_k(run, qrels, 10)
    second = np.clip(first + np.random.default_rng(0).normal(0.02, 0.1, len(first)), 0, 1)
    expected, _ = fisher(first, second, 2_000)

    actual = evaluate.randomisation_test(first, second, resamples=20_000)

    assert expected == pytest.approx(actual.p_value, abs=0.05)
