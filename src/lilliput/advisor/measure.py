"""Measurements: what a candidate finds of the truth, and how long it takes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.advisor.candidates import Candidate
from lilliput.advisor.floors import NDCG, recall_at
from lilliput.advisor.spaces import Coded
from lilliput.codecs.base import Metric
from lilliput.evaluate.ranking import ndcg_at_k, recall_at_k
from lilliput.evaluate.truth import exact_neighbours, exact_scores
from lilliput.index.effort import Effort
from lilliput.index.state import State
from lilliput.index.structure import build
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

K = 10
ALONE = 8  # queries that are timed one by one

Ids = NDArray[np.int64]
Values = NDArray[np.float64]
Grades = Sequence[Mapping[int, float]]


class Truth(NamedTuple):
    """The nearest rows of each query, best first: int64 (m, k), and their scores."""

    ids: Ids
    scores: FloatArray


@dataclass(frozen=True)
class Probe:
    """Rows, queries, and what is true of them; the truth is found when it is asked for.

    Attributes
    ----------
    rows:
        float32 (n, d).
    queries:
        float32 (m, d).
    own:
        int64 (m,), the row that each query is and that its answers leave out, -1 where it is not among the
        rows; None where queries are no rows.
    grades:
        For each query the grades of judged rows; None where nobody judged.
    metric:
        What near means.
    threads:
        0 takes all.
    ks:
        Numbers of results that recall is measured at.
    parts:
        Ascending numbers of the rows of smaller sets to measure among too.
    """

    rows: FloatArray
    queries: FloatArray
    own: Ids | None
    grades: Grades | None
    metric: Metric
    threads: int
    ks: tuple[int, ...] = (K,)
    parts: tuple[Ids, ...] = field(default=())

    @cached_property
    def truth(self) -> Truth:
        """What is true among all rows."""
        return self._among(None)

    @cached_property
    def truths(self) -> list[Truth]:
        """What is true among the rows of each part."""
        return [self._among(part) for part in self.parts]

    @cached_property
    def judged(self) -> list[int]:
        """Places of the queries with a relevant row."""
        if self.grades is None:
            return []
        return [place for place, grades in enumerate(self.grades) if any(g > 0 for g in grades.values())]

    def ndcg(self, found: Ids) -> Values:
        """Measure nDCG@10 of the judged queries."""
        grades = self.grades or []
        return ndcg_at_k(found[self.judged], [grades[place] for place in self.judged], K)

    def _among(self, part: Ids | None) -> Truth:
        rows = self.rows if part is None else self.rows[part]
        most = max(self.ks)
        extra = 0 if self.own is None else 1
        found = exact_neighbours(
            rows, self.queries, most + extra, self.metric, threads=self.threads or None, progress=False
        ).ids
        if part is not None and len(part):
            found = np.where(found >= 0, part[found], -1)
        found = without(found, self.own, most)
        # The scores of the float32 scan are rounded another way than those that answers are judged by.
        return Truth(found, exact_scores(self.rows, self.queries, found, self.metric))


@dataclass(frozen=True)
class Outcome:
    """What a candidate did with a probe's queries.

    Attributes
    ----------
    rows:
        How many rows it searched.
    values:
        By measure, float64, a number for each query; nDCG for judged queries only.
    curve:
        The same among fewer rows: (rows, values), rising.
    seconds:
        For all queries at once.
    queries:
        How many there were.
    latency:
        Seconds of one query on its own; None where that was not timed.
    build_seconds:
        Of fitting and encoding.
    """

    rows: int
    values: dict[str, Values]
    curve: tuple[tuple[int, dict[str, Values]], ...]
    seconds: float
    queries: int
    latency: float | None
    build_seconds: float

    def queries_per_second(self, rows: int) -> float:
        """Give the throughput among `rows` rows: a scan takes as long as there are rows."""
        return self.queries / max(self.seconds * rows / max(self.rows, 1), 1e-9)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, as for JSON."""
        return {
            "rows": self.rows,
            "values": _listed(self.values),
            "curve": [[rows, _listed(values)] for rows, values in self.curve],
            "seconds": self.seconds,
            "queries": self.queries,
            "latency": self.latency,
            "build_seconds": self.build_seconds,
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Outcome":
        """Take what `to_dict` gave."""
        curve = tuple((int(rows), _arrays(values)) for rows, values in said["curve"])
        times = {name: said[name] for name in ("seconds", "latency", "build_seconds")}
        rows, queries = int(said["rows"]), int(said["queries"])
        return cls(rows=rows, values=_arrays(said["values"]), curve=curve, queries=queries, **times)


def measure(
    candidate: Candidate, coded: Sequence[Coded], probe: Probe, *, alone: bool
) -> tuple[Outcome, Ids]:
    """Search as an index would; `alone`: also time queries one by one.

    Returns
    -------
    What came out, and the 10 rows found for each query.
    """
    structure = build(_structure(candidate))
    state = State(tuple(code.store for code in coded), len(probe.rows))
    extra = 0 if probe.own is None else 1
    timed = 0.0

    def search(queries: FloatArray, k: int, part: Ids | None = None) -> Ids:
        # One more result and one more candidate make up for the query itself.
        effort = (
            Effort() if candidate.refine is None else Effort((k * candidate.refine + extra) / (k + extra))
        )
        return structure.search(state, queries, k + extra, effort, part, probe.threads)[0]

    def judged(part: Ids | None, truth: Truth) -> tuple[dict[str, Values], Ids]:
        nonlocal timed
        values, ten = {}, np.empty((0, K), dtype=np.int64)
        for k in sorted({K, *probe.ks}):
            started = time.perf_counter()
            found = search(probe.queries, k, part)
            if part is None and k == K:
                timed = time.perf_counter() - started
            found = without(found, probe.own, k)
            if k in probe.ks:
                scores = exact_scores(probe.rows, probe.queries, found, probe.metric)
                larger = probe.metric != "l2"
                values[recall_at(k)] = recall_at_k(found, scores, truth.scores, k, larger_is_better=larger)
            ten = found if k == K else ten
        if probe.judged:
            values[NDCG] = probe.ndcg(ten)
        return values, ten

    values, found = judged(None, probe.truth)
    curve = tuple(
        (len(part), judged(part, truth)[0]) for part, truth in zip(probe.parts, probe.truths, strict=True)
    )
    latency = _latency(search, probe.queries[:ALONE]) if alone else None
    build_seconds = sum(code.seconds for code in coded)
    outcome = Outcome(len(probe.rows), values, curve, timed, len(probe.queries), latency, build_seconds)
    return outcome, found


def without(ids: Ids, own: Ids | None, k: int) -> Ids:
    """Take each query's own row out of its results and give the first k of the others."""
    if own is None:
        return ids[:, :k]
    order = np.argsort(ids == own[:, None], axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(ids, order, axis=1)
    return np.where(found == own[:, None], -1, found)


def _latency(search: Any, queries: FloatArray) -> float:
    taken = []
    for place in range(len(queries)):
        started = time.perf_counter()
        search(queries[place : place + 1], K)
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))


def _structure(candidate: Candidate) -> Stage:
    return Stage(candidate.structure)


def _listed(values: Mapping[str, Values]) -> dict[str, list[float]]:
    return {measure: found.tolist() for measure, found in values.items()}


def _arrays(values: Mapping[str, Any]) -> dict[str, Values]:
    return {measure: np.array(found, dtype=np.float64) for measure, found in values.items()}
