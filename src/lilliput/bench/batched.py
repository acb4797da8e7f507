"""Many queries at once: every contestant answers the same thousand, and each answer is judged."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lilliput.bench.contestants import Contestant, ours
from lilliput.bench.peers import adapters
from lilliput.bench.problems import Problem
from lilliput.bench.roofline import byte_rates, products_per_second
from lilliput.bench.timing import Timing, race

YARDSTICK = "IndexFlat"
YARDSTICK_WEIGHT = 4.0  # every ratio rests on its time


def run_batch(
    problem: Problem, *, threads: int, seconds: float, least: int, tick: Callable[[], None]
) -> dict[str, Any]:
    """Race all contestants on one problem.

    Parameters
    ----------
    problem:
        What to search.
    threads:
        For each contestant.
    seconds:
        Wall time for all.
    least:
        Repetitions that even the slowest gets.
    tick:
        Called after each repetition; it may raise to end the race.

    Returns
    -------
    dict
        The problem, the measured rates of byte products, and a row a contestant.
    """
    entrants = ours(problem, threads)
    for adapter in adapters().values():
        entrants += adapter(problem, threads) if adapter is not None else []
    rates = byte_rates(threads)
    calls: dict[str, Callable[[], object]] = {entrant.label: entrant.search for entrant in entrants}
    calls |= {f"rate {isa}": call for isa, call in rates.items()}
    weights = {entrant.label: YARDSTICK_WEIGHT for entrant in entrants if entrant.name == YARDSTICK}
    timings = race(calls, seconds=seconds, least=least, weights=weights, tick=tick)
    measured = {isa: products_per_second(isa, timings[f"rate {isa}"], threads) for isa in rates}
    n, dim = problem.base.shape
    truth = problem.truth()
    yardstick = next((timings[e.label] for e in entrants if e.name == YARDSTICK), None)
    rows = []
    for entrant in entrants:
        row = _row(entrant, problem, timings[entrant.label], yardstick, threads)
        row["recall"] = problem.recall(entrant.search(), truth)
        row |= _share(entrant, problem, timings[entrant.label], measured, threads)
        rows.append(row)
        tick()
    return {
        "data": problem.name,
        "metric": problem.metric,
        "rows": n,
        "dim": dim,
        "queries": len(problem.queries),
        "k": problem.k,
        "byte_products_per_second": {
            isa: {"fast": fast, "median": median} for isa, (fast, median) in measured.items()
        },
        "contestants": rows,
    }


def _row(
    entrant: Contestant, problem: Problem, timing: Timing, yardstick: Timing | None, threads: int
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "library": entrant.library,
        "name": entrant.name,
        "isa": entrant.isa or None,
        "bytes_per_vector": entrant.bytes_per_vector,
        "queries_per_second_fast": len(problem.queries) / timing.fast(threads),
        "queries_per_second_median": len(problem.queries) / timing.median(threads),
        "ratio_fast": None,
        "ratio_median": None,
    }
    if yardstick is not None:
        row["ratio_fast"] = yardstick.fast(threads) / timing.fast(threads)
        row["ratio_median"] = yardstick.median(threads) / timing.median(threads)
    return row | asdict(timing)


def _share(
    entrant: Contestant,
    problem: Problem,
    timing: Timing,
    measured: dict[str, tuple[float, float]],
    threads: int,
) -> dict[str, float | None]:
    """Give which part of the machine's own rate a scan of bytes reached, re-ranking and all."""
    if not entrant.byte_products or entrant.isa not in measured:
        return {"share_fast": None, "share_median": None}
    fast, median = measured[entrant.isa]
    return {
        "share_fast": problem.products / timing.fast(threads) / fast,
        "share_median": problem.products / timing.median(threads) / median,
    }
