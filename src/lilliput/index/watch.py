"""The true neighbours of the calibration queries among the original vectors, kept up while rows come and go.

An index whose finest codes are lossy could not find out later what it loses: the originals are gone by then.
So each
batch is compared with the queries while it is here, which the tile makes cheap.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.codec import Codec
from lilliput.index.ids import IdArray
from lilliput.io.arrays import block_rows
from lilliput.io.blocks import spans

FloatArray = NDArray[np.float32]

DEPTH = 128  # true neighbours kept a query: 100, and what removals may take of them
SAMPLED_ROWS = 512
MOST_HITS = 2**21  # of one block, that may come unsorted


@dataclass(frozen=True)
class Watch:
    """Queries and what is true for them.

    Attributes
    ----------
    plain:
        An f32 codec: scores of the original vectors.
    queries:
        float32 (m, d).
    own:
        Whether the queries are rows of the set, which must then not count as neighbours of themselves.
    ids, scores:
        int64 and float32 (m, 128): the best, larger is better. Where there are fewer, the id is −1, and the
        score is what a row must reach to belong here: −inf, or, where rows of a full list were removed, its
        last score, as worse rows than that were never kept.
    selves:
        int64 (m,): where `own`, the id of the query's own row: the first that equals it. −1 before.
    """

    plain: Codec
    queries: FloatArray
    own: bool
    ids: IdArray
    scores: FloatArray
    selves: IdArray

    @classmethod
    def start(cls, queries: FloatArray, own: bool, metric: str) -> "Watch":
        """Begin with no rows."""
        m = len(queries)
        return cls(
            Codec("f32", metric=metric).fit(queries),
            queries,
            own,
            np.full((m, DEPTH), -1, dtype=np.int64),
            np.full((m, DEPTH), -np.inf, dtype=np.float32),
            np.full(m, -1, dtype=np.int64),
        )

    def with_rows(self, block: FloatArray, ids: IdArray, threads: int) -> "Watch":
        """Give the truth with more rows (n, d) in the set."""
        codes = self.plain.view(self.plain.encode_rows(block, threads=threads))
        queries, bias = self.plain.query(self.queries)
        bar = self.scores[:, -1]
        if self._many_reach(codes, queries, bias, threads):
            rows, found = _core.top_k(codes, queries, bias, min(DEPTH + 1, len(block)), threads=threads)
            query, place = np.nonzero(found >= bar[:, None])
            rows, found = rows[query, place], found[query, place]
        else:
            offsets, rows, found = _core.within(codes, queries, bias, bar, threads=threads)
            query = np.repeat(np.arange(len(queries)), np.diff(offsets))
        if not self.own:
            return self._merged(query, ids[rows], found)
        itself, selves = self._find_selves(block, query, rows, ids)
        return replace(self, selves=selves)._merged(query[~itself], ids[rows[~itself]], found[~itself])

    def without(self, ids: IdArray) -> "Watch":
        """Give the truth with rows gone; a list that gets shorter than k no longer counts for that k."""
        gone = np.isin(self.ids, ids)
        kept = np.where(gone, -1, self.ids)
        scores = np.where(gone, self.scores[:, -1:], self.scores)
        order = np.lexsort((kept < 0, -scores), axis=1)
        return replace(
            self,
            ids=np.take_along_axis(kept, order, 1),
            scores=np.take_along_axis(scores, order, 1),
            selves=np.where(np.isin(self.selves, ids), -1, self.selves),
        )

    def _many_reach(self, codes: _core.Codes, queries: FloatArray, bias: FloatArray, threads: int) -> bool:
        """Say whether so many rows may reach their bar that they should be counted before they are kept."""
        bar = self.scores[:, -1]
        if np.isneginf(bar).any():
            return True
        some = np.arange(0, codes.n, max(1, codes.n // SAMPLED_ROWS))
        offsets, _, _ = _core.within(codes, queries, bias, bar, some, threads=threads)
        return int(offsets[-1]) * codes.n > MOST_HITS * len(some)

    def _find_selves(
        self, block: FloatArray, query: IdArray, rows: IdArray, ids: IdArray
    ) -> tuple[NDArray[np.bool_], IdArray]:
        """Mark, for each query whose own row has not come yet, the first found row that equals it."""
        places = np.flatnonzero(self.selves[query] < 0)
        size = block_rows(block.shape[1])
        alike = [
            np.all(block[rows[part]] == self.queries[query[part]], axis=1)
            for part in (places[start:stop] for start, stop in spans(len(places), size))
        ]
        places = places[np.concatenate([np.empty(0, dtype=bool), *alike])]
        first, where = np.unique(query[places], return_index=True)
        itself = np.zeros(len(query), dtype=bool)
        itself[places[where]] = True
        selves = self.selves.copy()
        selves[first] = ids[rows[places[where]]]
        return itself, selves

    def _merged(self, query: IdArray, ids: IdArray, scores: FloatArray) -> "Watch":
        """Sort old and new by query, score and id, and keep the first of each query."""
        m = len(self.queries)
        query = np.concatenate([np.repeat(np.arange(m), DEPTH), query])
        ids = np.concatenate([self.ids.ravel(), ids])
        scores = np.concatenate([self.scores.ravel(), scores])
        order = np.lexsort((ids, ids < 0, -scores, query))
        query, ids, scores = query[order], ids[order], scores[order]
        rank = np.arange(len(query)) - np.searchsorted(query, query)
        kept = rank < DEPTH
        shape = (m, DEPTH)
        return replace(self, ids=ids[kept].reshape(shape), scores=scores[kept].reshape(shape))
