"""The race of codecs on one set: who is made anew, who is remembered, and how fast each encodes and scans."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.bench import own_codecs
from lilliput.bench.codec_cache import PeerCache
from lilliput.bench.codec_sets import CodecSet
from lilliput.bench.entrants import OURS, Entrant, Recipe, Search
from lilliput.bench.peers import codec_recipes
from lilliput.bench.timing import race
from lilliput.errors import Cancelled, LilliputError
from lilliput.io.arrays import FloatArray

ENCODED_ROWS = 4_096  # that encoding is timed on
SINGLES = 16  # queries asked one by one in one repetition
FEWEST_SINGLES = 4  # of a slow contestant
FEW_ROWS = 5_000  # of a set, on which fewer race
FEWEST = 8  # queries of the batch that it is timed on
FEWEST_ENCODED = 256  # rows
Row = dict[str, Any]
Tick = Callable[[], None]


@dataclass(frozen=True)
class Pace:
    """How long things may take.

    Attributes
    ----------
    share:
        Seconds of each race for each contestant, where `least` rounds do not take longer.
    least:
        Rounds that even the slowest gets.
    call_seconds:
        Who takes longer for all queries, together or one by one, or to encode all rows, is timed on as many
        as fit that time.
    """

    share: float
    least: int
    call_seconds: float


FULL = Pace(share=0.04, least=3, call_seconds=0.1)
QUICK = Pace(share=0.03, least=3, call_seconds=0.1)


@dataclass(frozen=True)
class Lineup:
    """Who races on a set.

    Attributes
    ----------
    entering:
        Who is made and timed.
    remembered:
        Rows of peers that were measured before.
    keys:
        What each row of a peer depends on, by label.
    """

    entering: list[Recipe]
    remembered: list[Row]
    keys: Mapping[str, Mapping[str, Any]]


@dataclass
class _Racer:
    recipe: Recipe
    entrant: Entrant
    row: Row
    queries: int  # of a timed batch
    singles: int  # asked one by one
    rows: int  # of a timed encoding


def line_up(
    found: CodecSet,
    versions: Mapping[str, str | None],
    cache: PeerCache,
    conditions: Mapping[str, Any],
    *,
    quick: bool = False,
) -> Lineup:
    """Say who has to be measured on a set, and who is known.

    Parameters
    ----------
    found:
        The set.
    versions:
        Of each peer; None for one that is not installed.
    cache:
        What is known.
    conditions:
        What else figures depend on: machine, threads, pace.
    quick:
        Fewer contestants.
    """
    quick = quick or len(found.problem.base) < FEW_ROWS
    base = {"data": found.fingerprint, "quick": quick} | dict(conditions)
    entering = own_codecs.recipes(found.problem.base.shape[1], quick=quick)
    remembered: list[Row] = []
    keys = {}
    for package, version in versions.items():
        for recipe in codec_recipes(package, found.problem, quick=quick) if version else []:
            keys[recipe.label] = base | {"peer": package, "version": version, "codec": recipe.name}
            row = cache.get(keys[recipe.label])
            if row is None:
                entering.append(recipe)
            else:
                remembered.append(row | {"cached": True})
    return Lineup(entering, remembered, keys)


def run_set(
    found: CodecSet, lineup: Lineup, cache: PeerCache, *, threads: Sequence[int], pace: Pace, tick: Tick
) -> dict[str, Any]:
    """Race on one set.

    Parameters
    ----------
    found:
        The set.
    lineup:
        Who races; what peers show goes into `cache`.
    cache:
        Where peers' figures are kept.
    threads:
        The numbers of threads to time with, the most last; the last is used for everything that is not timed.
    pace:
        How long things may take.
    tick:
        Called often; it may raise to end the race.

    Returns
    -------
    dict
        The set, a row a contestant ("contestants"), who refused ("failed"), and what it took ("seconds").
    """
    started = time.monotonic()
    racers, failed = _enter(found, lineup.entering, threads[-1], pace, tick)
    for count in threads:
        speeds = _speeds(found, racers, count, pace, tick)
        for racer in racers:
            racer.row["speeds"][str(count)] = speeds[racer.recipe.label]
    for racer in racers:
        if racer.recipe.library != OURS:
            cache.put(lineup.keys[racer.recipe.label], racer.row)
    rows = [racer.row | {"cached": False} for racer in racers] + lineup.remembered
    problem = found.problem
    return {
        "data": found.name,
        "metric": problem.metric,
        "rows": len(problem.base),
        "dim": problem.base.shape[1],
        "queries": len(problem.queries),
        "judged": found.qrels is not None,
        "k": problem.k,
        "contestants": sorted(rows, key=lambda row: (row["bytes_per_vector"], row["library"], row["name"])),
        "failed": failed,
        "seconds": time.monotonic() - started,
    }


def _enter(
    found: CodecSet, recipes: Sequence[Recipe], threads: int, pace: Pace, tick: Tick
) -> tuple[list[_Racer], list[dict[str, str]]]:
    """Make every contestant and judge its answers to the queries."""
    problem = found.problem
    truth = problem.truth()
    racers, failed = [], []
    for recipe in recipes:
        try:
            entrant = recipe.make(problem, threads)
            started = time.perf_counter()
            answers = _answers(entrant.search(problem.queries, threads), problem.k)
            seconds = time.perf_counter() - started
        except Cancelled:
            raise
        except LilliputError as error:
            failed.append({"library": recipe.library, "name": recipe.name, "why": str(error)})
            continue
        except Exception as error:
            # Whatever a peer raises is its own answer; the others race on.
            if recipe.library == OURS:
                raise
            failed.append({"library": recipe.library, "name": recipe.name, "why": repr(error)[:300]})
            continue
        row = {
            "library": recipe.library,
            "name": recipe.name,
            "bytes_per_vector": entrant.bytes_per_vector(len(problem.base)),
            "code_bytes": entrant.payload,
            "factor_bytes": entrant.factors,
            "shared_bytes": entrant.shared,
            "recall": problem.recall(answers, truth),
            "ndcg": found.ndcg(answers),
            "train_seconds": entrant.train_seconds,
            "note": recipe.note,
            "speeds": {},
        }
        # One thread may take as many times longer as there are threads now.
        each = seconds * threads / len(problem.queries)
        queries = _fitting(len(found.batch()), each, pace.call_seconds, FEWEST)
        singles = _fitting(SINGLES, each, pace.call_seconds, FEWEST_SINGLES)
        some = np.ascontiguousarray(problem.base[:FEWEST_ENCODED])
        started = time.perf_counter()
        entrant.encode(some, 1)
        each = (time.perf_counter() - started) / len(some)
        rows = _fitting(min(ENCODED_ROWS, len(problem.base)), each, pace.call_seconds, FEWEST_ENCODED)
        racers.append(_Racer(recipe, entrant, row, queries, singles, rows))
        tick()
    return racers, failed


def _fitting(many: int, each: float, seconds: float, fewest: int) -> int:
    """Say how many of so many fit a time, where each takes so long; a few in any case."""
    return many if each * many <= seconds else min(many, max(fewest, int(seconds / each)))


def _answers(found: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Give the answers k wide, -1 where a peer gave fewer."""
    answers = np.full((len(found), k), -1, dtype=np.int64)
    answers[:, : found.shape[1]] = found[:, :k]
    return answers


def _speeds(
    found: CodecSet, racers: Sequence[_Racer], threads: int, pace: Pace, tick: Tick
) -> dict[str, Row]:
    """Give vectors encoded and queries answered a second, of all in turns."""
    batch = found.batch()
    singles = [batch[number : number + 1] for number in range(SINGLES)]
    amounts = {
        "encode": {racer.recipe.label: racer.rows for racer in racers},
        "batch": {racer.recipe.label: racer.queries for racer in racers},
        "single": {racer.recipe.label: racer.singles for racer in racers},
    }
    calls: dict[str, dict[str, Callable[[], object]]] = {what: {} for what in amounts}
    for racer in racers:
        label, search = racer.recipe.label, racer.entrant.search
        rows = np.ascontiguousarray(found.problem.base[: racer.rows])
        calls["encode"][label] = partial(racer.entrant.encode, rows, threads)
        calls["batch"][label] = partial(search, np.ascontiguousarray(batch[: racer.queries]), threads)
        calls["single"][label] = partial(_one_by_one, search, singles[: racer.singles], threads)
    speeds: dict[str, Row] = {
        racer.recipe.label: {
            "batch_queries": racer.queries,
            "single_queries": racer.singles,
            "encode_rows": racer.rows,
        }
        for racer in racers
    }
    for what, contestants in calls.items():
        timings = race(contestants, seconds=pace.share * len(contestants), least=pace.least, tick=tick)
        for label, timing in timings.items():
            speeds[label][what] = amounts[what][label] / timing.median(threads)
            speeds[label][f"{what}_rounds"] = timing.rounds
    return speeds


def _one_by_one(search: Search, queries: Sequence[FloatArray], threads: int) -> None:
    for query in queries:
        search(query, threads)
