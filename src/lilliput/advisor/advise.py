"""The front door: vectors and a budget in, a plan out."""

import operator
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lilliput import _core
from lilliput.advisor.account import account, queries_one_by_one
from lilliput.advisor.aim import Aim
from lilliput.advisor.budget import Budget, parse_budget
from lilliput.advisor.floors import NDCG, RECALL, parse_floors
from lilliput.advisor.grid import Grid
from lilliput.advisor.halving import Search
from lilliput.advisor.journal import Journal, fingerprint
from lilliput.advisor.looks import settle
from lilliput.advisor.plan import Plan
from lilliput.advisor.queries import Split, given_queries, held_out_rows, judged_rows, read_grades
from lilliput.advisor.race import raced
from lilliput.advisor.rows import Base, base_rows, most_rows
from lilliput.advisor.rungs import Ground, look, rungs
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.codec import codec as make_codec
from lilliput.codecs.registry import names
from lilliput.errors import InvalidInput, OverBudget, WrongType
from lilliput.index.options import check_threads
from lilliput.io.source import as_matrix, as_source
from lilliput.progress import ProgressOption, Track


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
    resume: str | os.PathLike[str] | None = None,
    texts: Sequence[str] | None = None,
    diagnose: bool = True,
    threads: int | None = None,
    progress: ProgressOption = None,
) -> Plan:
    """Measure candidates on your vectors, choose one, and forecast what it will do.

    Candidates are combined from all registered stages. Small samples discard the hopeless ones, and the
    others are measured among all rows. The queries that choose are not those that measure: the best of many
    is partly the luckiest, and the forecast must not inherit that. Without queries, rows of X play them, each
    searched for among all the others.

    Parameters
    ----------
    X:
        Vectors (n, d) in any form that `as_source` takes. Of more than 200,000 rows, or 512 MiB of float32, a
        sample is measured on, and the reason says so.
    queries:
        Real queries (m, d), at least 4: half of them choose, half measure. Stages that learn from queries
        learn from those that choose.
    qrels:
        For each query the grades of the rows that somebody judged: a sequence of mappings from row number to
        grade, or a mapping from query number to those.
    budget:
        "64B" for bytes a vector, with its part of what all vectors share; "2GB" or "512MiB" for the total; a
        float in (0, 1] for a fraction of the size as float32.
    floor:
        "recall@10=0.95", with any k from 1 to 100, "ndcg@10=0.4" (needs `qrels`), or a mapping of these
        names to numbers. A floor of recall is kept when the low end of the 95 % forecast for 1,000 fresh
        queries is not below it, a floor of nDCG when the mean is not; by the queries that choose, and by
        those that measure.
    for_n:
        How many vectors there will be; None: as many as there are. Where that is another number than was
        measured among, quality is extrapolated, and the plan says so.
    metric:
        "cosine", "ip" or "l2".
    seed:
        From 0. The same seed and arguments give the same plan; but where speed decides, so does the clock:
        candidates less than 15 % apart are level, and of them the smallest wins.
    resume:
        A file that each measurement is written to. A run that was cancelled or killed goes on where it was,
        and gives the plan that it would have given.
    texts:
        What each query says, or without queries each row; the report names the worst queries by it.
    diagnose:
        Whether to say in the report what the vectors are like.
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
        When the floor is out of reach, with the best that was reached; for arguments that cannot be used; and
        for a file to resume from that belongs to other vectors or arguments.
    FileError
        When the file to resume from cannot be read or written.
    Cancelled
        When the callable returned False. What was measured is in the file to resume from.

    Notes
    -----
    Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS
    2016.

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
    if texts is not None and given is not None and len(texts) != len(given):
        raise InvalidInput(f"There are {len(texts)} texts and {len(given)} queries; pass a text for each.")
    rng = np.random.default_rng(seed)
    base = base_rows(source, most_rows(source.dim), judged_rows(grades), rng)
    rows = _checked_size(for_n, base)
    aim = Aim(None if budget is None else parse_budget(budget, source.dim, rows), floors, rows)
    if aim.budget is not None:
        _refuse_too_small(
            aim.budget, Grid(source.dim, known, rows, judged=grades is not None, asked=given is not None)
        )
    if texts is not None and given is None and len(texts) != base.total:
        raise InvalidInput(f"There are {len(texts)} texts and {base.total} rows; pass a text for each.")
    split = held_out_rows(base, rng) if given is None else given_queries(base, given, grades, rng)
    mark = "" if resume is None else _mark(base, split, aim, known, seed)
    with Journal(resume, mark) as journal:
        plan = _run(Ground(base, split, known, seed, workers, aim), aim, journal, diagnose, progress)
    return plan if texts is None else _with_texts(plan, texts)


def _with_texts(plan: Plan, texts: Sequence[str]) -> Plan:
    """Let the worst queries say what they are."""
    worst = [query | {"text": str(texts[query["query"]])} for query in plan.per_query["worst"]]
    return replace(plan, per_query=plan.per_query | {"worst": worst})


def _run(ground: Ground, aim: Aim, journal: Journal, diagnose: bool, progress: ProgressOption) -> Plan:
    """Search, choose, look at the choice with other queries, and account for it."""
    base, split = ground.base, ground.split
    judged = split.grades is not None
    asked = split.learning is not None
    grid = Grid(
        base.rows.shape[1], ground.metric, aim.rows, fit_rows=len(split.fit), judged=judged, asked=asked
    )
    plan = rungs(len(base.rows), len(split.choosing))
    search = Search(grid, ground, aim, plan, journal)
    with Track(progress, search.most, "advising") as step:
        step(0)
        last = search.run(step)
        if aim.rule == "speed":
            last = raced(last, aim, ground, journal)
        probe = ground.measuring()
        choice = settle(
            last,
            aim,
            lambda candidate: look(ground, probe, candidate, journal),
            lambda margin, surest: search.further(margin, surest, step),
        )
        told = journal.remember("queries", lambda: queries_one_by_one(choice, probe, ground))
        findings = journal.remember("diagnosis", lambda: _findings(ground)) if diagnose else None
        step(search.most)
    final = {trial.candidate: trial for trial in last}
    trials = [final.get(candidate, trial) for candidate, trial in search.trials.items()]
    return account(trials, search, choice, aim, grid, ground, told, findings)


def _findings(ground: Ground) -> dict[str, Any]:
    from lilliput.evaluate.diagnose import diagnose

    found = diagnose(
        ground.base.rows,
        queries=None if ground.split.own is not None else ground.split.choosing,
        metric=ground.metric,
        seed=ground.seed,
        threads=ground.threads or None,
        progress=False,
    )
    return found.to_dict()


def _mark(base: Base, split: Split, aim: Aim, metric: Metric, seed: int) -> str:
    """Tell this run from those on other vectors, with other arguments, or by other code."""
    said = {
        "budget": None if aim.budget is None else aim.budget.bytes_per_vector,
        "floors": dict(aim.floors),
        "rows": [aim.rows, base.total],
        "metric": metric,
        "seed": seed,
        "stages": names(),
        "isa": _core.default_isa(),
        "grades": [[sorted(found.items()) for found in half] for half in split.grades or ()],
    }
    return fingerprint([base.rows, base.numbers, split.choosing, split.measuring], said)


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


def _refuse_too_small(budget: Budget, grid: Grid) -> None:
    candidate, least = grid.smallest()
    if not budget.allows(least):
        raise OverBudget(
            f"The budget {budget.text} is {budget.bytes_per_vector:.4g} bytes a vector and nothing is that "
            f"small; the smallest is '{candidate.spec}' with {least:.4g}, so raise the budget to that.",
            smallest=least,
        )
