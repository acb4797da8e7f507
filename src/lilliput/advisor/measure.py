"""Measurements: what a candidate finds of the truth, and how long it takes."""

import math
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.spaces import Spaces
from lilliput.codecs.base import Metric
from lilliput.codecs.codec import Codec
from lilliput.evaluate.ranking import ndcg_at_k, recall_at_k
from lilliput.evaluate.truth import exact_neighbours, exact_scores
from lilliput.io.arrays import FloatArray

K = 10

Ids = NDArray[np.int64]
Values = NDArray[np.float64]
Grades = Sequence[Mapping[int, float]]


@dataclass(frozen=True)
class Probe:
    """Queries, and what is true of them.

    Attributes
    ----------
    queries:
        float32 (m, d).
    own:
        int64 (m,), the row that each query is and that its answers leave out; None where queries are no rows.
    truth:
        float32 (m, 10), the scores of the true nearest rows, best first.
    grades:
        For each query the grades of judged rows; None where nobody judged.
    """

    queries: FloatArray
    own: Ids | None
    truth: FloatArray
    grades: Grades | None = None

    def part(self, start: int, stop: int) -> "Probe":
        """Give some of the queries."""
        own = None if self.own is None else self.own[start:stop]
        grades = None if self.grades is None else self.grades[start:stop]
        return Probe(self.queries[start:stop], own, self.truth[start:stop], grades)


@dataclass(frozen=True)
class Coded:
    """Rows as codes, and queries in their form."""

    codes: _core.Codes
    codec: Codec
    queries: FloatArray


@dataclass(frozen=True)
class Outcome:
    """What a candidate did with a probe's queries.

    Attributes
    ----------
    recall:
        float64 (m,), tie-aware recall@10.
    ndcg:
        float64 (j,), nDCG@10 of the judged queries; None where there are none.
    scan_seconds, rank_seconds:
        For all queries: the scan, which takes longer the more rows there are, and ranking its results again.
    """

    recall: Values
    ndcg: Values | None
    scan_seconds: float
    rank_seconds: float

    def queries_per_second(self, growth: float) -> float:
        """Give the throughput for a set `growth` times as large."""
        return len(self.recall) / max(self.scan_seconds * growth + self.rank_seconds, 1e-9)


def probe(
    rows: FloatArray,
    queries: FloatArray,
    own: Ids | None,
    metric: Metric,
    grades: Grades | None,
    threads: int,
) -> Probe:
    """Find the truth for queries, each without itself where it is a row."""
    extra = 0 if own is None else 1
    found = exact_neighbours(rows, queries, K + extra, metric, threads=threads or None, progress=False).ids
    # The scores of the float32 scan are rounded another way than those that answers are judged by.
    truth = exact_scores(rows, queries, without(found, own, K), metric)
    return Probe(queries, own, truth, grades)


def without(ids: Ids, own: Ids | None, k: int) -> Ids:
    """Take each query's own row out of its results and give the first k of the others."""
    if own is None:
        return ids[:, :k]
    order = np.argsort(ids == own[:, None], axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(ids, order, axis=1)
    return np.where(found == own[:, None], -1, found)


class Bench:
    """Candidates against the queries that choose.

    Parameters
    ----------
    spaces:
        Rows and queries, as far as candidates share them.
    probe:
        The same queries with their truth.
    """

    def __init__(self, spaces: Spaces, probe: Probe) -> None:
        self._spaces = spaces
        self._probe = probe
        self._kept: OrderedDict[str, Coded] = OrderedDict()

    def measure(self, candidate: Candidate) -> Outcome:
        """Search with a candidate.

        Raises
        ------
        InvalidInput
            When its codes cannot hold the vectors.
        """
        codeds = [self._coded(text) for text in candidate.codecs]
        found, scan, rank = search(codeds, candidate.refine, self._probe.own, self._spaces.threads)
        return outcome(self._spaces.rows, found, self._probe, self._spaces.metric, scan, rank)

    def race(self, candidates: list[Candidate], rounds: int) -> list[tuple[float, float]]:
        """Time candidates in turns, so that a busy moment slows all alike, and give the fastest of each.

        Returns
        -------
        Seconds of the scan and of ranking again, for all queries, one pair a candidate.
        """
        runners = [([self._encode(text) for text in c.codecs], c.refine) for c in candidates]
        best = [(math.inf, math.inf)] * len(runners)
        for _ in range(rounds):
            for place, (codeds, refine) in enumerate(runners):
                _, scan, rank = search(codeds, refine, self._probe.own, self._spaces.threads)
                best[place] = min(best[place], (scan, rank), key=sum)
        return best

    def _coded(self, text: str) -> Coded:
        """Encode, or find the codes of the candidate before, which may differ in its refinement alone."""
        if text not in self._kept:
            self._kept[text] = self._encode(text)
        self._kept.move_to_end(text)
        while len(self._kept) > 2:
            self._kept.popitem(last=False)
        return self._kept[text]

    def _encode(self, text: str) -> Coded:
        codec, rows, queries = self._spaces.fitted(text)
        return Coded(codec.view(codec.encode_rows(rows, threads=self._spaces.threads)), codec, queries)


def measure_fresh(
    candidate: Candidate,
    rows: FloatArray,
    fit: FloatArray,
    judge: Probe,
    metric: Metric,
    seed: int,
    threads: int,
) -> Outcome:
    """Fit the whole codecs of one candidate, as an index does, and search with queries that chose nothing."""
    codeds = []
    for text in candidate.codecs:
        codec = Codec(text, metric=metric, seed=seed).fit(fit, progress=False)
        codeds.append(Coded(codec.view(codec.encode_rows(rows, threads=threads)), codec, judge.queries))
    found, scan, rank = search(codeds, candidate.refine, judge.own, threads)
    return outcome(rows, found, judge, metric, scan, rank)


def search(
    codeds: list[Coded], refine: int | None, own: Ids | None, threads: int
) -> tuple[Ids, float, float]:
    """Give each query's 10 best rows but itself, and the seconds of the scan and of ranking again."""
    first, wanted = codeds[0], K * (refine or 1)
    started = time.perf_counter()
    prepared, bias = first.codec.query(first.queries)
    extra = 0 if own is None else 1
    found, _ = _core.top_k(first.codes, prepared, bias, min(wanted + extra, first.codes.n), threads=threads)
    scanned = time.perf_counter()
    found = without(found, own, wanted)
    if refine is not None:
        second = codeds[1]
        prepared, bias = second.codec.query(second.queries)
        found, _ = _core.rerank(second.codes, prepared, bias, np.ascontiguousarray(found), K, threads=threads)
    return found, scanned - started, time.perf_counter() - scanned


def outcome(
    rows: FloatArray, found: Ids, judge: Probe, metric: Metric, scan_seconds: float, rank_seconds: float
) -> Outcome:
    """Judge results by the scores of the original vectors."""
    if found.shape[1] < K:
        found = np.pad(found, ((0, 0), (0, K - found.shape[1])), constant_values=-1)
    scores = exact_scores(rows, judge.queries, found, metric)
    recall = recall_at_k(found, scores, judge.truth, K, larger_is_better=metric != "l2")
    ndcg = None
    if judge.grades is not None:
        judged = [place for place, grades in enumerate(judge.grades) if any(g > 0 for g in grades.values())]
        ndcg = ndcg_at_k(found[judged], [judge.grades[place] for place in judged], K)
    return Outcome(recall, ndcg, scan_seconds, rank_seconds)
