"""Exhaustive search: every row is scored by the search codes, the best are ranked again by finer ones."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.index.effort import Effort
from lilliput.index.ids import IdArray
from lilliput.index.state import State
from lilliput.io.blocks import spans

FloatArray = NDArray[np.float32]

REFINE_FACTORS = (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0)
MOST_CANDIDATES = 640  # that calibration looks at
CANDIDATES_AT_ONCE = 2**22  # of all queries of one pass, twelve bytes each


class Flat:
    """No structure: the order of the rows is the order in which they came."""

    def search(
        self, state: State, queries: FloatArray, k: int, effort: Effort, rows: IdArray | None, threads: int
    ) -> tuple[IdArray, FloatArray]:
        """Give the k best rows (m, k) and their internal scores, larger is better.

        Parameters
        ----------
        state:
            What to search.
        queries:
            Checked float32 (m, d), in the space of the vectors.
        k:
            Results a query.
        effort:
            How many candidates the refine codes rank.
        rows:
            Ascending numbers of the rows to scan; None scans all.
        threads:
            0 takes every core that this process may use.
        """
        codec = state.stores[0].codec
        refined = len(state.stores) == 2
        wanted = effort.candidates(k, state.n if rows is None else len(rows)) if refined else k
        prepared, bias = codec.query(queries)
        if not refined:
            return _core.top_k(state.codes[0], prepared, bias, wanted, rows, state.ids, threads)
        fine, fine_bias = state.stores[1].codec.query(queries)
        found = np.empty((len(queries), k), dtype=np.int64)
        scores = np.empty((len(queries), k), dtype=np.float32)
        for start, stop in spans(len(queries), max(1, CANDIDATES_AT_ONCE // wanted)):
            part = slice(start, stop)
            coarse, _ = _core.top_k(
                state.codes[0], prepared[part], bias[part], wanted, rows, state.ids, threads
            )
            found[part], scores[part] = _core.rerank(
                state.codes[1], fine[part], fine_bias[part], coarse, k, state.ids, threads
            )
        return found, scores

    def efforts(self, state: State, ks: Sequence[int]) -> list[Effort]:
        """Give the efforts that calibration tries, least first."""
        if len(state.stores) == 1:
            return [Effort()]
        return [Effort(factor) for factor in REFINE_FACTORS if factor * min(ks) <= state.count] or [Effort()]

    def at_efforts(
        self, state: State, queries: FloatArray, ks: Sequence[int], efforts: Sequence[Effort], threads: int
    ) -> Iterator[tuple[int, Effort, IdArray]]:
        """Yield (k, effort, rows (m, k)) for each k and each effort that makes a difference.

        One scan serves all: fewer candidates are the first of more, as they come best first.
        """
        if len(state.stores) == 1:
            rows, _ = self.search(state, queries, max(ks), Effort(), state.live_rows, threads)
            for k in ks:
                yield k, Effort(), rows[:, :k]
            return
        most = max(ks, default=1) * max(effort.refine for effort in efforts)
        wide = int(min(state.count, MOST_CANDIDATES, most))
        coarse, fine = (store.codec.query(queries) for store in state.stores)
        rows, _ = _core.top_k(state.codes[0], *coarse, wide, state.live_rows, state.ids, threads)
        scores = _core.scores(state.codes[1], *fine, rows, threads)
        for k in ks:
            for effort in efforts:
                candidates = effort.candidates(k, state.count)
                if candidates <= wide:
                    best = np.argsort(-scores[:, :candidates], axis=1, kind="stable")[:, :k]
                    yield k, effort, np.take_along_axis(rows, best, 1)
