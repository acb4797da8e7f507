"""The plan: what was chosen, what it will cost and reach, and how to build it."""

import os
from dataclasses import dataclass
from typing import Any

from lilliput.advisor.report import write_report
from lilliput.evaluate.intervals import Interval
from lilliput.index.index import Index
from lilliput.progress import ProgressOption


@dataclass(frozen=True)
class Row:
    """A candidate as it was measured on the queries that chose.

    Attributes
    ----------
    spec:
        The index.
    refine:
        Results of the search codec that are ranked again, as a multiple of k; None without a refine codec.
    bytes_per_vector, bytes:
        At full size, shared arrays included.
    recall:
        recall@10 for the mean over 1,000 fresh queries; None where it could not be measured.
    ndcg:
        nDCG@10 likewise; None without judgments.
    queries_per_second:
        In a batch, at full size.
    chosen:
        Whether it is the plan.
    why_not:
        Why it is not; empty for the plan.
    """

    spec: str
    refine: int | None
    bytes_per_vector: float
    bytes: int
    recall: Interval | None
    ndcg: Interval | None
    queries_per_second: float | None
    chosen: bool
    why_not: str

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "spec": self.spec,
            "refine": self.refine,
            "bytes_per_vector": self.bytes_per_vector,
            "bytes": self.bytes,
            "recall@10": None if self.recall is None else self.recall._asdict(),
            "ndcg@10": None if self.ndcg is None else self.ndcg._asdict(),
            "queries_per_second": self.queries_per_second,
            "chosen": self.chosen,
            "why_not": self.why_not,
        }


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
    rows:
        The full size that bytes and throughput are for.
    table:
        Every candidate that was measured.
    reason:
        Why this one.
    forecast:
        By measure: "mean", "low" and "high" for the mean over "fresh" queries still to come, which the
        interval holds with the probability "level"; measured on "queries" that had no part in the choice.

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
    table: tuple[Row, ...]
    reason: str
    forecast: dict[str, dict[str, float]]

    @property
    def bytes_per_vector(self) -> float:
        """Bytes of a vector at full size, with its part of what all share."""
        return next(row.bytes_per_vector for row in self.table if row.chosen)

    def build(self, X: Any, *, progress: ProgressOption = None) -> Index:
        """Build the index and fill it.

        Parameters
        ----------
        X:
            Vectors (n, d) in any form that can be read twice.
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
        index = Index(self.spec, metric=self.metric, seed=self.seed).fit(X, progress=progress)
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
            "bytes_per_vector": self.bytes_per_vector,
            "reason": self.reason,
            "forecast": self.forecast,
            "table": [row.to_dict() for row in self.table],
        }

    def __repr__(self) -> str:
        said = ", ".join(
            f"{measure} {found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
            for measure, found in self.forecast.items()
        )
        return f"Plan({self.spec!r}, {self.bytes_per_vector:.1f} bytes a vector, {said})"
