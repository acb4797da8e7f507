"""The plan: what was chosen, what it will cost and reach, and how to build it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lilliput.advisor.aim import Aim
from lilliput.advisor.measure import Outcome
from lilliput.advisor.report import write_report
from lilliput.codecs.codec import Codec
from lilliput.evaluate.intervals import Interval
from lilliput.index.index import Index
from lilliput.io.arrays import FloatArray
from lilliput.progress import ProgressOption


@dataclass(frozen=True)
class Row:
    """A candidate as it was measured on the queries that chose.

    Attributes
    ----------
    spec:
        The index.
    family:
        The names of its quantisers.
    refine:
        Results of the search codec that are ranked again, as a multiple of k; None without a refine codec.
    bytes_per_vector, bytes:
        At full size, shared arrays included.
    recall:
        recall@10 for the mean over 1,000 fresh queries; None where it could not be measured.
    ndcg:
        nDCG@10 likewise; None without judgments.
    queries_per_second, latency_seconds, build_seconds:
        In a batch, alone, and of fitting and encoding, at full size: in proportion to the rows measured.
    rows, rung:
        Among how many rows it was measured, and on which sample, from 0.
    front:
        Whether nothing measured beside it has fewer bytes and more recall.
    chosen:
        Whether it is the plan.
    why_not:
        Why it is not; empty for the plan.
    """

    spec: str
    family: str
    refine: int | None
    bytes_per_vector: float
    bytes: int
    recall: Interval | None
    ndcg: Interval | None
    queries_per_second: float | None
    latency_seconds: float | None
    build_seconds: float | None
    rows: int
    rung: int
    front: bool
    chosen: bool
    why_not: str

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        recall, ndcg = said.pop("recall"), said.pop("ndcg")
        said["recall@10"] = None if recall is None else recall._asdict()
        said["ndcg@10"] = None if ndcg is None else ndcg._asdict()
        return said


@dataclass(frozen=True, repr=False)
class Plan:
    """Advice that can be built as it stands.

    Attributes
    ----------
    spec:
        The index.
    metric, seed:
        What it is built with.
    refine:
        What to pass to `search` for the forecast to hold; None where there is nothing to pass.
    rows, dim:
        The full size that bytes, speed and forecast are for.
    table:
        Every candidate that was measured.
    reason:
        Why this one.
    forecast:
        By measure: "mean", "low" and "high" for the mean over "fresh" queries still to come, which the
        interval holds with the probability "level"; measured on "queries" that had no part in the choice;
        "extrapolated" where it was not measured among `rows` rows.
    families:
        For each family of codecs its best candidate, and why it lost; nothing for the family that won.
    cost:
        At `rows` rows: "bytes", "bytes_per_vector", "build_seconds", "latency_seconds" of one query alone and
        "queries_per_second" of many at once.
    measured_rows:
        Among how many rows the choice was measured.
    budget, floors:
        What was asked for.
    baseline:
        The float32 vectors: their bytes, and their nDCG@10 on the queries that measured.
    per_query:
        What each of these queries got.
    diagnosis:
        What the vectors are like; None where nobody asked.
    queries:
        The real queries that the plan was made with, float32 (m, d); they are in no file.

    Examples
    --------
    >>> import numpy as np
    >>> from lilliput.advisor import advise
    >>> X = np.random.default_rng(0).standard_normal((1000, 16))
    >>> plan = advise(X, floor="recall@10=0.9")
    >>> index = plan.build(X)
    >>> index.spec == plan.spec, index.bytes_per_vector == plan.bytes_per_vector
    (True, True)
    """

    spec: str
    metric: str
    seed: int
    refine: int | None
    rows: int
    dim: int
    table: tuple[Row, ...]
    reason: str
    forecast: dict[str, dict[str, float]]
    families: tuple[dict[str, Any], ...]
    cost: dict[str, float]
    measured_rows: int
    budget: dict[str, Any] | None
    floors: dict[str, float]
    baseline: dict[str, float | None]
    per_query: dict[str, Any]
    diagnosis: Mapping[str, Any] | None = None
    outcome: Outcome | None = field(default=None, compare=False)
    level: float = 0.95
    queries: FloatArray | None = field(default=None, compare=False)

    @property
    def bytes_per_vector(self) -> float:
        """Bytes of a vector at full size, with its part of what all share."""
        return self.cost["bytes_per_vector"]

    def forecast_for(self, fresh: int) -> dict[str, Interval]:
        """Forecast the means over another number of fresh queries than 1,000.

        Parameters
        ----------
        fresh:
            How many queries the means will be taken over, from 1: the fewer, the wider the intervals.

        Returns
        -------
        dict of Interval
            By measure.

        Raises
        ------
        InvalidInput
            For fewer than 1.

        Examples
        --------
        >>> import numpy as np
        >>> from lilliput.advisor import advise
        >>> plan = advise(np.random.default_rng(0).standard_normal((1000, 16)), budget="8B")
        >>> few, many = plan.forecast_for(10)["recall@10"], plan.forecast_for(1000)["recall@10"]
        >>> few.high - few.low > many.high - many.low
        True
        """
        return forecasts(Aim(None, self.floors, self.rows), self.outcome, fresh, self.level)

    def build(self, X: Any, queries: Any = None, *, progress: ProgressOption = None) -> Index:
        """Build the index and fill it.

        Parameters
        ----------
        X:
            Vectors (n, d) in any form that can be read twice.
        queries:
            Vectors (m, d) like those that will be searched for, as `Index.fit` takes them. None takes those
            that the plan was made with, where a stage learns from queries.
        progress:
            None, False or a callable.

        Returns
        -------
        Index

        Raises
        ------
        InvalidInput
            For vectors that cannot be used.
        Cancelled
            When the callable returned False.
        """
        index = Index(self.spec, metric=self.metric, seed=self.seed)
        if queries is None and any(Codec(text).learns_queries for text in self.spec.split(" | ")[1:]):
            queries = self.queries
        index.fit(X, queries, progress=progress)
        return index.add(X, progress=progress)

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write the plan for people: HTML for .html, Markdown for .md.

        Raises
        ------
        InvalidInput
            For another suffix.
        FileError
            When the file cannot be written.
        """
        write_report(path, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, as for JSON."""
        return {
            "spec": self.spec,
            "metric": self.metric,
            "seed": self.seed,
            "refine": self.refine,
            "rows": self.rows,
            "dim": self.dim,
            "measured_rows": self.measured_rows,
            "bytes_per_vector": self.bytes_per_vector,
            "reason": self.reason,
            "budget": self.budget,
            "floors": dict(self.floors),
            "forecast": self.forecast,
            "cost": self.cost,
            "table": [row.to_dict() for row in self.table],
            "families": list(self.families),
            "baseline": self.baseline,
            "per_query": self.per_query,
            "diagnosis": self.diagnosis,
        }

    def __repr__(self) -> str:
        said = ", ".join(
            f"{measure} {found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
            for measure, found in self.forecast.items()
        )
        return f"Plan({self.spec!r}, {self.bytes_per_vector:.1f} bytes a vector, {said})"


def forecasts(aim: Aim, outcome: Outcome | None, fresh: int, level: float) -> dict[str, Interval]:
    """Give an interval for each measure of an outcome."""
    measures = () if outcome is None else outcome.values
    found = {measure: aim.forecast(outcome, measure, fresh, level) for measure in measures if outcome}
    return {measure: interval for measure, interval in found.items() if interval is not None}
