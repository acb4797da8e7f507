"""What a map keeps of the true neighbours, measured while it is fitted."""

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, squares
from lilliput.io.arrays import FloatArray

K = 10
ROWS, ASKED = 8_192, 512  # of a sample: those searched, and those of them that play queries

Ids = NDArray[np.int64]


class Nearness:
    """The true neighbours of some vectors among others.

    Parameters
    ----------
    rows:
        float32 (n, d); unit vectors under cosine.
    queries:
        float32 (m, d), likewise.
    metric:
        What near means.
    own:
        int64 (m,): the row that each query is, which is no neighbour of its own; None where queries are no
        rows.
    """

    def __init__(self, rows: FloatArray, queries: FloatArray, metric: Metric, own: Ids | None = None) -> None:
        self._rows, self._queries, self._metric, self._own = rows, queries, metric, own
        self._k = min(K, len(rows) - (own is not None))
        self._least = self._scores(self._found(rows, queries)).min(axis=1, initial=np.inf)

    @classmethod
    def within(cls, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> "Nearness":
        """Let some rows of a sample play queries among at most 8,192 of it."""
        rows = np.ascontiguousarray(some(sample, ROWS, rng))
        own = np.sort(rng.permutation(len(rows))[:ASKED])
        return cls(rows, rows[own], metric, own)

    @property
    def rows(self) -> FloatArray:
        """The vectors that are searched."""
        return self._rows

    @property
    def queries(self) -> FloatArray:
        """The vectors that are searched for."""
        return self._queries

    def distances(self, k: int) -> DoubleArray:
        """Give the distances of each query to its k nearest rows, (m, k), rising; k at most 10."""
        ids = self._found(self._rows, self._queries)[:, :k]
        apart = self._rows[ids].astype(np.float64) - self._queries[:, None]
        return np.sort(np.sqrt(np.einsum("mkd,mkd->mk", apart, apart)), axis=1)

    def recall(self, y: FloatArray, u: FloatArray) -> DoubleArray:
        """Give for each query the share of its neighbours that a search among mapped rows finds.

        Parameters
        ----------
        y, u:
            Mapped rows (n, D) and queries (m, D).

        Returns
        -------
        float64 (m,)
            A row as near as the farthest neighbour counts as one; 1 where there are no neighbours.
        """
        if not self._k:
            return np.ones(len(u))
        scores = self._scores(self._found(np.ascontiguousarray(y), np.ascontiguousarray(u)))
        room = 1e-9 * np.abs(self._least)
        return np.asarray((scores >= (self._least - room)[:, None]).mean(axis=1))

    def _found(self, y: FloatArray, u: FloatArray) -> Ids:
        """Search mapped rows, best first; a query's own row is left out."""
        far = self._metric == "l2"
        beta = -squares(y).astype(np.float32) if far else None
        codes = _core.Codes("f32", y.shape[1], y.view(np.uint8).reshape(len(y), -1), None, beta)
        wanted = self._k + (self._own is not None)
        ids = _core.top_k(codes, 2 * u if far else u, np.zeros(len(u), dtype=np.float32), wanted)[0]
        if self._own is None:
            return ids
        # The row itself goes last; of more equal rows than were asked for it may be missing.
        order = np.argsort(ids == self._own[:, None], axis=1, kind="stable")
        return np.take_along_axis(ids, order[:, : self._k], axis=1)

    def _scores(self, ids: Ids) -> DoubleArray:
        near, asked = self._rows[ids].astype(np.float64), self._queries.astype(np.float64)
        if self._metric == "l2":
            apart = near - asked[:, None]
            return -np.asarray(np.einsum("mkd,mkd->mk", apart, apart))
        return np.asarray(np.einsum("mkd,md->mk", near, asked))


def some(x: FloatArray, most: int, rng: np.random.Generator) -> FloatArray:
    """Draw at most so many rows, in their order."""
    return x if len(x) <= most else x[np.sort(rng.permutation(len(x))[:most])]
