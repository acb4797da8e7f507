"""What a search gives back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import MissingExtra

IdArray = NDArray[np.int64]
ScoreArray = NDArray[np.float32]


@dataclass(frozen=True)
class Hits:
    """The best rows of each query, best first; unpacks to ``ids, scores``.

    Attributes
    ----------
    ids:
        int64 (m, k), or (k,) for one query vector; −1 where there are fewer than k rows.
    scores:
        float32, shaped like `ids`; NaN where the id is −1.
    counts:
        int64 (m,), or a number: how many were found.
    metric:
        "ip", "l2" (squared) or "cosine".
    larger_is_better:
        False for l2.
    expected_recall:
        What calibration measured for this k and effort; None where nothing was measured.
    explain:
        What was done and how much, when it was asked for; and under "bounds", where the codes know them, how
        far each score may be wrong: float32, shaped like `scores`, kept by 99.9 % of errors.
    """

    ids: IdArray
    scores: ScoreArray
    counts: Any
    metric: str
    larger_is_better: bool
    expected_recall: float | None = None
    explain: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Any]:
        """Yield ids, then scores."""
        yield self.ids
        yield self.scores

    def columns(self) -> dict[str, NDArray[Any]]:
        """Give one row a hit found: the query's number, the rank from 0, the id, the score."""
        ids, scores = np.atleast_2d(self.ids), np.atleast_2d(self.scores)
        query, rank = np.nonzero(ids >= 0)
        return {"query": query, "rank": rank, "id": ids[query, rank], "score": scores[query, rank]}

    def to_arrow(self) -> Any:
        """Give the columns as a `pyarrow.Table`.

        Raises
        ------
        MissingExtra
            Without pyarrow.
        """
        try:
            import pyarrow
        except ImportError as error:
            raise MissingExtra("pyarrow", "arrow") from error
        return pyarrow.table(self.columns())

    def to_pandas(self) -> Any:
        """Give the columns as a `pandas.DataFrame`.

        Raises
        ------
        MissingExtra
            Without pandas.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingExtra("pandas", "arrow") from error
        return pandas.DataFrame(self.columns())


@dataclass(frozen=True)
class RangeHits:
    """Every row within the radius, best first; query i has ``ids[offsets[i]:offsets[i + 1]]``.

    Attributes
    ----------
    offsets:
        int64 (m + 1,).
    ids, scores:
        int64 and float32, (total,).
    metric:
        "ip", "l2" (squared) or "cosine".
    """

    offsets: IdArray
    ids: IdArray
    scores: ScoreArray
    metric: str

    def __iter__(self) -> Iterator[Any]:
        """Yield offsets, ids, scores."""
        yield self.offsets
        yield self.ids
        yield self.scores
