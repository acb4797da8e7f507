"""Speed by the clock: candidates in turns, so that a busy moment slows all alike."""

import math
import time
from dataclasses import replace

import numpy as np

from lilliput.advisor.aim import Aim, Trial
from lilliput.advisor.choose import speed, without_idle_stages
from lilliput.advisor.journal import Journal
from lilliput.advisor.measure import K
from lilliput.advisor.rungs import FIT_ROWS, Ground
from lilliput.advisor.spaces import Coded, Spaces
from lilliput.index.effort import Effort
from lilliput.index.state import State
from lilliput.index.structure import build
from lilliput.spec import Stage

ROUNDS = 5
FASTEST, SMALLEST = 4, 2  # of what keeps the floors: those that are timed with care
QUERIES = 512


def raced(trials: list[Trial], aim: Aim, ground: Ground, journal: Journal) -> list[Trial]:
    """Time those again that could be the fastest, and give all trials with what was found."""
    kept = without_idle_stages([trial for trial in trials if aim.keeps(trial.outcome)])
    by_speed = sorted(kept, key=lambda trial: (-speed(trial, aim), trial.candidate.name))
    by_size = sorted(kept, key=lambda trial: (trial.bytes_per_vector, trial.candidate.name))
    runners = list({trial.candidate: trial for trial in by_speed[:FASTEST] + by_size[:SMALLEST]}.values())
    if len(runners) < 2:
        return trials
    key = "race: " + "; ".join(trial.candidate.name for trial in runners)
    seconds = journal.remember(key, lambda: _seconds(runners, ground))
    times = {trial.candidate: taken for trial, taken in zip(runners, seconds, strict=True)}
    slowest = max(times[trial.candidate] for trial in by_speed[:FASTEST])
    return [_timed(trial, times.get(trial.candidate), slowest) for trial in trials]


def _timed(trial: Trial, seconds: float | None, slowest: float) -> Trial:
    """Take what one query takes among all rows; who was too slow for the race is no faster than its last."""
    outcome = trial.outcome
    taken = max(outcome.seconds, slowest * outcome.queries) if seconds is None else seconds * outcome.queries
    return replace(trial, outcome=replace(outcome, seconds=taken))


def _seconds(runners: list[Trial], ground: Ground) -> list[float]:
    """Give the seconds a query of each, among all rows; all codes are held at once, and so of some rows."""
    rows = ground.base.rows
    sizes = sum(trial.bytes_per_vector for trial in runners)
    count = max(1, min(len(rows), int(len(rows) * 4 * rows.shape[1] / sizes)))
    fit = np.arange(min(count, FIT_ROWS))
    spaces = Spaces(
        rows[:count], fit, ground.metric, ground.seed, ground.threads, queries=ground.split.learning
    )
    states = []
    for trial in runners:
        coded: list[Coded] = [spaces.coded(text) for text in trial.candidate.codecs]
        states.append(State(tuple(code.store for code in coded), count))
    queries = ground.split.choosing[:QUERIES]
    best = [math.inf] * len(runners)
    for _ in range(ROUNDS):
        for place, (trial, state) in enumerate(zip(runners, states, strict=True)):
            structure = build(Stage(trial.candidate.structure))
            effort = Effort(float(trial.candidate.refine or 1))
            started = time.perf_counter()
            structure.search(state, queries, K, effort, None, ground.threads)
            best[place] = min(best[place], time.perf_counter() - started)
    return [seconds / len(queries) * len(rows) / count for seconds in best]
