"""The front door: vectors and a budget in, a plan out."""

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from lilliput.advisor.budget import Budget, parse_budget
from lilliput.advisor.candidates import Candidate, candidates, smallest
from lilliput.advisor.choose import FRESH, LEVEL, Trial, choose, hopeless, keeps, name
from lilliput.advisor.floors import NDCG, RECALL, parse_floors
from lilliput.advisor.measure import Bench, Outcome, Values, measure_fresh
from lilliput.advisor.plan import Plan, Row
from lilliput.advisor.queries import Split, given_queries, held_out_rows, judged_rows, read_grades
from lilliput.advisor.reason import caveats, explain
from lilliput.advisor.rows import Base, base_rows, most_rows
from lilliput.advisor.spaces import Spaces
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.codec import codec as make_codec
from lilliput.errors import InvalidInput, OverBudget, WrongType
from lilliput.evaluate.intervals import Interval, forecast_interval
from lilliput.index.options import check_threads
from lilliput.io.source import as_matrix, as_source
from lilliput.progress import ProgressOption, Track

ROUNDS = 6
FASTEST, SMALLEST = 4, 2  # of what keeps the floors: those that are timed with care


def advise(
    X: Any,
    queries: Any = None,
    qrels: Any = None,
    *,
    budget: Any = None,
    floor: Any = None,
    for_n: int | None = None,
    metric: str = "cosine",
    seed: int = 0,
    threads: int | None = None,
    progress: ProgressOption = None,
) -> Plan:
    """Measure candidates on your vectors, choose one, and forecast what it will do.

    The queries that choose are not those that measure: the best of many is partly the luckiest, and the
    forecast must not inherit that. Without queries, rows of X play them, each searched for among all the
    others.

    Parameters
    ----------
    X:
        Vectors (n, d) in any form that `as_source` takes. Of more than 200,000 rows, or 512 MiB of float32, a
        sample is measured on, and the reason says so.
    queries:
        Real queries (m, d), at least 4: half of them choose, half measure.
    qrels:
        For each query the grades of the rows that somebody judged: a sequence of mappings from row number to
        grade, or a mapping from query number to those.
    budget:
        "64B" for bytes a vector, with its part of what all vectors share; "2GB" or "512MiB" for the total; a
        float in (0, 1] for a fraction of the size as float32.
    floor:
        "recall@10=0.95", "ndcg@10=0.4" (needs `qrels`), or a mapping of these names to numbers. A floor of
        recall is kept when the low end of the 95 % forecast for 1,000 fresh queries is not below it, a floor
        of nDCG when the mean is not.
    for_n:
        How many vectors there will be, for bytes and throughput; None: as many as there are.
    metric:
        "cosine", "ip" or "l2".
    seed:
        From 0. The same seed and arguments give the same plan; but where speed decides, so does the clock.
    threads:
        None takes every core that this process may use.
    progress:
        None, False or a callable.

    Returns
    -------
    Plan
        With a budget and a floor, both are kept and the fastest wins. With a budget alone the best quality
        wins, and of what is as good within noise the fewest bytes. With a floor alone the fewest bytes win.

    Raises
    ------
    WrongType
        When neither a budget nor a floor is given.
    OverBudget
        When nothing fits the budget; `smallest` says what the least is.
    InvalidInput
        When the floor is out of reach, with the best that was reached, and for arguments that cannot be used.
    Cancelled
        When the callable returned False.

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((2000, 32))
    >>> plan = advise(X, budget="16B")
    >>> plan.bytes_per_vector <= 16
    True
    """
    if budget is None and floor is None:
        raise WrongType(
            "Neither a budget nor a floor was given; pass budget='64B' or floor='recall@10=0.95'."
        )
    known = _checked_metric(metric, seed)
    workers = check_threads(threads)
    floors = {} if floor is None else parse_floors(floor)
    source = as_source(X)
    given = None if queries is None else as_matrix(queries, name="queries", dim=source.dim)
    grades = read_grades(qrels, given)
    if NDCG in floors and grades is None:
        raise InvalidInput(f"A floor of {NDCG} needs judgments; pass qrels, or give a floor of {RECALL}.")
    rng = np.random.default_rng(seed)
    base = base_rows(source, most_rows(source.dim), judged_rows(grades), rng)
    rows = _checked_size(for_n, base)
    limit = None if budget is None else parse_budget(budget, source.dim, rows)
    if limit is not None:
        _refuse_too_small(limit, source.dim, known, rows)
    draw = held_out_rows(base.rows, rng) if given is None else given_queries(base, given, grades, rng)
    return _Advice(base, draw, known, seed, workers, rows, limit, floors).run(progress)


class _Advice:
    """One run: what is measured, and by which rules."""

    def __init__(
        self,
        base: Base,
        draw: Split,
        metric: Metric,
        seed: int,
        threads: int,
        rows: int,
        budget: Budget | None,
        floors: dict[str, float],
    ) -> None:
        self._base, self._draw, self._metric, self._seed, self._threads = base, draw, metric, seed, threads
        self._rows, self._budget, self._floors = rows, budget, floors
        self._failed: list[tuple[Candidate, InvalidInput]] = []

    def run(self, progress: ProgressOption) -> Plan:
        """Measure, choose, and measure the choice again with other queries."""
        rows, metric, seed, threads = self._base.rows, self._metric, self._seed, self._threads
        spaces = Spaces(rows, self._draw.choosing, self._draw.fit, metric, seed, threads)
        by_speed = self._budget is not None and bool(self._floors)
        most = spaces.most_kept
        tried = candidates(
            rows.shape[1], metric, self._rows, budget=self._budget, most_kept=most, pairs=by_speed
        )
        with Track(progress, len(tried) + 1, "advising") as step:
            step(0)
            choosing, measuring = self._draw.probes(rows, metric, threads)
            bench = Bench(spaces, choosing)
            trials = self._trials(tried, bench, step)
            if by_speed:
                trials = self._raced(trials, bench)
            chosen, why = choose(trials, self._floors, None if self._budget is None else self._budget.text)
            fit = rows if self._draw.own is None else rows[self._draw.fit]
            fresh = measure_fresh(chosen.candidate, rows, fit, measuring, metric, seed, threads)
            step(len(tried) + 1)
        return self._plan(trials, chosen, why, fresh)

    def _trials(self, tried: list[Candidate], bench: Bench, step: Track) -> list[Trial]:
        """Measure the best of each family, then the next best as long as they can still be chosen."""
        trials: list[Trial] = []
        latest: dict[int, Outcome] = {}
        growth = self._rows / len(self._base.rows)
        for place, candidate in enumerate(tried):
            step(place)
            before = latest.get(candidate.family)
            if before is not None and hopeless(before, self._floors, trials):
                continue
            if self._budget is None and self._beaten(candidate, trials):
                continue
            try:
                outcome = bench.measure(candidate)
            except InvalidInput as error:
                self._failed.append((candidate, error))
                continue
            latest[candidate.family] = outcome
            speed = outcome.queries_per_second(growth)
            trials.append(Trial(candidate, self._bytes(candidate), outcome, speed))
        if not trials:
            raise self._failed[0][1]
        return trials

    def _beaten(self, candidate: Candidate, trials: list[Trial]) -> bool:
        """Say whether fewer bytes have been seen to keep the floors."""
        size = self._bytes(candidate)
        return any(t.bytes_per_vector <= size and keeps(t.outcome, self._floors) for t in trials)

    def _raced(self, trials: list[Trial], bench: Bench) -> list[Trial]:
        """Time those again that could be the fastest, in turns: one run on a busy machine says little."""
        kept = [trial for trial in trials if keeps(trial.outcome, self._floors)]
        by_speed = sorted(kept, key=lambda trial: -trial.queries_per_second)
        by_size = sorted(kept, key=lambda trial: trial.bytes_per_vector)
        runners = list(dict.fromkeys(trial.candidate for trial in by_speed[:FASTEST] + by_size[:SMALLEST]))
        times = dict(zip(runners, bench.race(runners, ROUNDS), strict=True))
        growth = self._rows / len(self._base.rows)
        raced = []
        for trial in trials:
            if trial.candidate in times:
                scan, rank = times[trial.candidate]
                timed = replace(trial.outcome, scan_seconds=scan, rank_seconds=rank)
                trial = replace(trial, outcome=timed, queries_per_second=timed.queries_per_second(growth))
            raced.append(trial)
        return raced

    def _plan(self, trials: list[Trial], chosen: Trial, why: dict[str, str], fresh: Outcome) -> Plan:
        forecast = {RECALL: _forecast(fresh.recall)}
        if fresh.ndcg is not None:
            forecast[NDCG] = _forecast(fresh.ndcg)
        text = None if self._budget is None else self._budget.text
        refine = chosen.candidate.refine
        total, used = self._base.total, len(self._base.rows)
        said = caveats(self._rows, total, used, self._floors, forecast, refine)
        reason = " ".join([explain(trials, chosen, text, self._floors, forecast), said]).strip()
        table = [self._row(trial, why.get(name(trial.candidate), ""), trial is chosen) for trial in trials]
        table += [self._failed_row(candidate, error) for candidate, error in self._failed]
        table.sort(key=lambda row: (not row.chosen, row.bytes_per_vector))
        spec = chosen.candidate.spec
        return Plan(spec, self._metric, self._seed, refine, self._rows, tuple(table), reason, forecast)

    def _row(self, trial: Trial, why_not: str, chosen: bool) -> Row:
        ndcg = trial.outcome.ndcg
        return Row(
            trial.candidate.spec,
            trial.candidate.refine,
            trial.bytes_per_vector,
            round(trial.bytes_per_vector * self._rows),
            _interval(trial.outcome.recall),
            None if ndcg is None else _interval(ndcg),
            trial.queries_per_second,
            chosen,
            why_not,
        )

    def _failed_row(self, candidate: Candidate, error: InvalidInput) -> Row:
        size = self._bytes(candidate)
        total = round(size * self._rows)
        return Row(candidate.spec, candidate.refine, size, total, None, None, None, False, str(error))

    def _bytes(self, candidate: Candidate) -> float:
        return candidate.bytes_per_vector(self._base.rows.shape[1], self._metric, self._rows)


def _interval(values: Values) -> Interval:
    return forecast_interval(values, FRESH, LEVEL, bounds=(0.0, 1.0))


def _forecast(values: Values) -> dict[str, float]:
    found = _interval(values)
    return found._asdict() | {"level": LEVEL, "fresh": FRESH, "queries": len(values)}


def _checked_metric(metric: str, seed: int) -> Metric:
    make_codec("f32", metric=metric, seed=seed)  # raises for either
    return next(known for known in METRICS if known == metric)


def _checked_size(for_n: Any, base: Base) -> int:
    if for_n is None:
        return max(base.total, 1)
    try:
        rows = operator.index(for_n)
    except TypeError as error:
        raise WrongType(
            f"for_n is a {type(for_n).__name__}; a whole number of vectors was wanted."
        ) from error
    if rows < 1:
        raise InvalidInput(f"for_n={rows} was given; it is how many vectors there will be, at least 1.")
    return rows


def _refuse_too_small(budget: Budget, dim: int, metric: Metric, rows: int) -> None:
    candidate, least = smallest(dim, metric, rows)
    if not budget.allows(least):
        raise OverBudget(
            f"The budget {budget.text} is {budget.bytes_per_vector:.4g} bytes a vector and nothing is that "
            f"small; the smallest is '{candidate.spec}' with {least:.4g}, so raise the budget to that.",
            smallest=least,
        )
