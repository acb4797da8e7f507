"""A finished run as a plan: the table, the costs, the queries one by one."""

from typing import Any

import numpy as np

from lilliput.advisor.aim import FRESH, LEVEL, Aim, Trial
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.extrapolate import grows
from lilliput.advisor.floors import NDCG, RECALL
from lilliput.advisor.grid import Grid
from lilliput.advisor.halving import Search
from lilliput.advisor.looks import Choice
from lilliput.advisor.measure import Ids, Outcome, Probe
from lilliput.advisor.plan import Plan, Row, forecasts
from lilliput.advisor.reason import caveats, explain
from lilliput.advisor.rungs import Ground
from lilliput.advisor.verdicts import families, why_not
from lilliput.errors import InvalidInput

WORST = 12  # queries that are shown with what they missed


def account(
    trials: list[Trial],
    search: Search,
    choice: Choice,
    aim: Aim,
    grid: Grid,
    ground: Ground,
    per_query: dict[str, Any],
    diagnosis: Any,
) -> Plan:
    """Put everything together."""
    base, chosen = ground.base, choice.trial
    last = max(trial.rung for trial in trials)
    far = grows(len(base.rows), aim.rows)
    forecast: dict[str, dict[str, float]] = {}
    for measure, found in forecasts(aim, choice.outcome, FRESH, choice.level).items():
        queries = len(choice.outcome.values[measure])
        forecast[measure] = found._asdict() | {
            "level": LEVEL,
            "fresh": FRESH,
            "queries": queries,
            "extrapolated": far,
        }
    said = search.let_go | choice.refused
    why = {t.candidate: why_not(t, chosen, aim, said) for t in trials}
    front = _front([trial for trial in trials if trial.rung == last])
    table = [_row(t, aim, why[t.candidate], t is chosen, t.candidate in front) for t in trials]
    table += [_failed(candidate, error, aim, grid) for candidate, error in search.failed.items()]
    table.sort(key=lambda row: (not row.chosen, row.bytes_per_vector, row.spec, row.refine or 0))
    cost = _cost(choice.outcome, aim, chosen.bytes_per_vector)
    notes = caveats(aim, base.total, len(base.rows), forecast, cost, chosen.candidate.refine)
    reason = " ".join([explain(trials, chosen, aim, forecast), *notes])
    budget = None
    if aim.budget is not None:
        budget = {"text": aim.budget.text, "bytes_per_vector": aim.budget.bytes_per_vector}
    exact = per_query["ndcg_exact@10"]
    dim = int(base.rows.shape[1])
    return Plan(
        spec=chosen.candidate.spec,
        metric=ground.metric,
        seed=ground.seed,
        refine=chosen.candidate.refine,
        rows=aim.rows,
        dim=dim,
        table=tuple(table),
        reason=reason,
        forecast=forecast,
        families=tuple(families(trials, chosen, aim, said, grid)),
        cost=cost,
        measured_rows=len(base.rows),
        budget=budget,
        floors=dict(aim.floors),
        baseline={"bytes_per_vector": 4 * dim, NDCG: float(np.mean(exact)) if exact else None},
        per_query=per_query,
        diagnosis=diagnosis,
        outcome=choice.outcome,
        level=choice.level,
        queries=ground.split.queries,
    )


def queries_one_by_one(choice: Choice, probe: Probe, ground: Ground) -> dict[str, Any]:
    """Say what each measuring query got, and what the worst of them missed."""
    numbers, recall = ground.split.numbers, choice.outcome.values[RECALL]
    ndcg = exact = None
    place = {query: at for at, query in enumerate(probe.judged)}
    if probe.judged:
        ndcg, exact = choice.outcome.values[NDCG], probe.ndcg(probe.truth.ids[:, :10])
    loss = 1 - recall
    if ndcg is not None and exact is not None:
        loss = loss + _spread(exact - ndcg, probe.judged, len(recall))
    worst = []
    for query in np.argsort(-loss, kind="stable")[:WORST]:
        missed = _missed(probe.truth.ids[query, :10], choice.found[query], ground.base.numbers)
        at = place.get(int(query))
        worst.append(
            {
                "query": int(numbers[query]),
                "text": None,
                RECALL: float(recall[query]),
                NDCG: None if ndcg is None or at is None else float(ndcg[at]),
                "missed": missed,
            }
        )
    return {
        "queries": [int(numbers[query]) for query in range(len(recall))],
        RECALL: recall.tolist(),
        NDCG: None if ndcg is None else ndcg.tolist(),
        "judged": None if ndcg is None else [int(numbers[query]) for query in probe.judged],
        "ndcg_exact@10": None if exact is None else exact.tolist(),
        "worst": worst,
    }


def _spread(values: Any, places: list[int], count: int) -> Any:
    full = np.zeros(count)
    full[places] = values
    return full


def _missed(true: Ids, found: Ids, numbers: Ids) -> list[int]:
    return [int(numbers[row]) for row in true.tolist() if row >= 0 and row not in found.tolist()]


def _cost(outcome: Outcome, aim: Aim, bytes_per_vector: float) -> dict[str, Any]:
    """Give costs at full size, times in proportion to the rows."""
    growth = aim.rows / max(outcome.rows, 1)
    return {
        "bytes": round(bytes_per_vector * aim.rows),
        "bytes_per_vector": bytes_per_vector,
        "build_seconds": outcome.build_seconds * growth,
        "latency_seconds": None if outcome.latency is None else outcome.latency * growth,
        "queries_per_second": outcome.queries_per_second(aim.rows),
    }


def _row(trial: Trial, aim: Aim, why: str, chosen: bool, front: bool) -> Row:
    cost = _cost(trial.outcome, aim, trial.bytes_per_vector)
    return Row(
        trial.candidate.spec,
        trial.candidate.family,
        trial.candidate.refine,
        trial.bytes_per_vector,
        int(cost["bytes"]),
        aim.forecast(trial.outcome, RECALL),
        aim.forecast(trial.outcome, NDCG),
        cost["queries_per_second"],
        cost["latency_seconds"],
        cost["build_seconds"],
        trial.outcome.rows,
        trial.rung,
        front,
        chosen,
        why,
    )


def _failed(candidate: Candidate, error: InvalidInput, aim: Aim, grid: Grid) -> Row:
    size = grid.cost(candidate)
    return Row(
        candidate.spec,
        candidate.family,
        candidate.refine,
        size,
        round(size * aim.rows),
        *(None, None, None, None, None),
        rows=0,
        rung=0,
        front=False,
        chosen=False,
        why_not=str(error),
    )


def _front(trials: list[Trial]) -> set[Candidate]:
    """Give those than which none has fewer bytes and as much recall."""
    front, best = set(), -1.0
    for trial in sorted(trials, key=lambda t: (t.bytes_per_vector, -t.mean(RECALL), t.candidate.name)):
        if trial.mean(RECALL) > best:
            best = trial.mean(RECALL)
            front.add(trial.candidate)
    return front
