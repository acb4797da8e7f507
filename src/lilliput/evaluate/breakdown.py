"""A mean taken apart: which queries were served worst, and which lost or won most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lilliput.errors import InvalidInput


class QueryValue(NamedTuple):
    """One query of a breakdown.

    Attributes
    ----------
    query:
        Its number.
    name:
        What it is called; None where nobody said.
    value:
        What was measured for it.
    baseline:
        What the baseline has for it; None without one.
    change:
        value - baseline; None without a baseline.
    """

    query: int
    name: str | None
    value: float
    baseline: float | None
    change: float | None


@dataclass(frozen=True, eq=False)
class Breakdown:
    """The queries behind a mean, from `breakdown`.

    Attributes
    ----------
    values:
        float64 (m,).
    baseline:
        float64 (m,), or None.
    names:
        One a query, or None.
    """

    values: NDArray[np.float64]
    baseline: NDArray[np.float64] | None = None
    names: Sequence[str] | None = None

    @property
    def change(self) -> NDArray[np.float64]:
        """What queries are ordered by: the change against the baseline, or the value itself."""
        return self.values if self.baseline is None else self.values - self.baseline

    def worst(self, n: int = 10) -> list[QueryValue]:
        """Give the n queries that lost most, or that are served worst; the worst first.

        Equals come in the order of their numbers.
        """
        return self._lines(np.argsort(self.change, kind="stable")[: max(n, 0)])

    def best(self, n: int = 10) -> list[QueryValue]:
        """Give the n queries that won most, or that are served best; the best first."""
        return self._lines(np.argsort(-self.change, kind="stable")[: max(n, 0)])

    def to_dict(self, n: int = 10) -> dict[str, Any]:
        """Give counts, means and the n worst and best as plain Python, fit for JSON."""
        found: dict[str, Any] = {"queries": len(self.values), "mean": float(self.values.mean())}
        if self.baseline is not None:
            found["baseline_mean"] = float(self.baseline.mean())
            found["won"] = int((self.change > 0).sum())
            found["lost"] = int((self.change < 0).sum())
        found["worst"] = [line._asdict() for line in self.worst(n)]
        found["best"] = [line._asdict() for line in self.best(n)]
        return found

    def _lines(self, queries: NDArray[np.int64]) -> list[QueryValue]:
        return [self._line(query) for query in queries.tolist()]

    def _line(self, query: int) -> QueryValue:
        value = float(self.values[query])
        name = None if self.names is None else self.names[query]
        if self.baseline is None:
            return QueryValue(query, name, value, None, None)
        before = float(self.baseline[query])
        return QueryValue(query, name, value, before, value - before)


def breakdown(
    values: ArrayLike, baseline: ArrayLike | None = None, *, names: Sequence[str] | None = None
) -> Breakdown:
    """Take a mean apart into its queries.

    A mean that stays can hide queries that broke. Give the values that a metric found for one run to see
    which queries it serves worst, or those of two runs to see which lost and won most.

    Parameters
    ----------
    values:
        (m,), one finite measurement a query, from any metric of this package.
    baseline:
        (m,), the same of what it is compared with, such as exact search.
    names:
        What the queries are called, such as their texts.

    Returns
    -------
    Breakdown

    Raises
    ------
    InvalidInput
        No values, values that are not finite, or lengths that differ.

    Examples
    --------
    >>> from lilliput.evaluate import breakdown
    >>> found = breakdown([0.9, 0.2, 0.6], [0.8, 0.7, 0.6], names=["lift", "drag", "wing"])
    >>> [(line.name, round(line.change, 2)) for line in found.worst(1)]
    [('drag', -0.5)]
    """
    now = _checked(values)
    before = None if baseline is None else _checked(baseline)
    lengths = {len(now), *(len(part) for part in (before, names) if part is not None)}
    if len(lengths) > 1:
        raise InvalidInput(f"Lengths {sorted(lengths)} were given; values, baseline and names must pair.")
    return Breakdown(now, before, None if names is None else list(names))


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    found = np.array(values, dtype=np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise InvalidInput(
            f"Values of shape {found.shape} were given; wanted one finite value for each query."
        )
    found.flags.writeable = False
    return found
