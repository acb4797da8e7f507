"""What an index holds at one moment: immutable, so that a search never sees half a change.

The buffers behind the views may have room beyond `n`. The one writer fills it and then publishes a new state;
readers
of the old one see the rows they had.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.codec import Codec
from lilliput.codecs.layout import Rows
from lilliput.errors import CorruptFile
from lilliput.index.ids import IdArray, IdMap
from lilliput.io.arrays import FloatArray

GROWTH = 1.5


@dataclass(frozen=True)
class Store:
    """The codes of one codec.

    Attributes
    ----------
    codec:
        What made them.
    buffer:
        Rows, perhaps with room beyond those in use.
    guard:
        Verifies mapped pages; None in memory.
    """

    codec: Codec
    buffer: Rows
    guard: "_core.PageGuard | None" = None

    @property
    def room(self) -> int:
        """Rows that fit the buffer."""
        return len(self.buffer.rows)

    def verify(self) -> None:
        """Verify all mapped pages: what reads rows past the native scans calls this first.

        Raises
        ------
        CorruptFile
            When one is damaged.
        """
        if self.guard is not None and not self.guard.verify_all():
            raise CorruptFile(self.guard.complaint)

    def with_room(self, used: int, wanted: int) -> "Store":
        """Give a store of at least `wanted` rows, the first `used` of them the same."""
        if wanted <= self.room:
            return self
        size = wanted if self.room == 0 else max(wanted, int(self.room * GROWTH))
        buffer = self.codec.allocate(size)
        _copy(self.buffer.part(0, used), buffer.part(0, used))
        return replace(self, buffer=buffer)

    def only(self, rows: IdArray) -> "Store":
        """Give a store of some of the rows, in memory."""
        buffer = self.codec.allocate(len(rows))
        _copy(self.buffer.each(lambda part: part[rows]), buffer)
        return Store(self.codec, buffer)

    def bounds(self, found: IdArray, queries: FloatArray) -> FloatArray | None:
        """Bound the errors of scores of given rows (m, k); NaN for row −1, None where no bound is known."""
        self.verify()
        at = found.ravel()
        errors = self.codec.row_errors(self.buffer.each(lambda part: part[at]))
        if errors is None:
            return None
        bounds = errors.reshape(found.shape) * self.codec.query_errors(queries)[:, None]
        return np.where(found < 0, np.float32(np.nan), bounds)

    def nbytes(self, n: int) -> int:
        """Bytes of n rows and of what they share."""
        return n * self.codec.code_size + self.codec.overhead_bytes


@dataclass(frozen=True)
class State:
    """The rows in use, their ids, and which of them are live.

    Attributes
    ----------
    stores:
        The search codes, then the refine codes where there are any.
    n:
        Rows in use, removed ones among them.
    ids:
        int64 (n,); None where each row's number is its id.
    id_map:
        Finds rows of ids; unused where `ids` is None.
    live:
        bool (n,); None where no row was removed.
    next_id:
        One more than the largest id ever used.
    """

    stores: tuple[Store, ...]
    n: int = 0
    ids: IdArray | None = None
    id_map: IdMap = field(default_factory=IdMap)
    live: NDArray[np.bool_] | None = None
    next_id: int = 0

    @cached_property
    def codes(self) -> Sequence[_core.Codes]:
        """The views that native scans take, one a store."""
        return [store.codec.view(store.buffer.part(0, self.n), store.guard) for store in self.stores]

    @cached_property
    def live_rows(self) -> IdArray | None:
        """Numbers of the live rows; None when all are."""
        return None if self.live is None else np.flatnonzero(self.live)

    @property
    def count(self) -> int:
        """Live rows."""
        return self.n if self.live_rows is None else len(self.live_rows)

    def rows_of(self, ids: IdArray) -> IdArray:
        """Give the row of each id; −1 where it is not stored."""
        if self.ids is None:
            rows = np.where(ids < self.n, ids, -1)
        else:
            rows = self.id_map.find(ids)
        if self.live is not None and self.n:
            rows = np.where(self.live[rows], rows, -1)
        return rows

    def ids_of(self, rows: IdArray) -> IdArray:
        """Give the id of each row; −1 stays."""
        if self.ids is None or not self.n:
            return rows
        return np.where(rows >= 0, self.ids[rows], -1)

    def without(self, rows: IdArray) -> "State":
        """Give the state with rows marked as removed."""
        live = np.ones(self.n, dtype=bool) if self.live is None else self.live.copy()
        live[rows] = False
        return replace(self, live=live)

    def compact(self) -> "State":
        """Give the state with no removed rows in it."""
        rows = self.live_rows
        if rows is None:
            return self
        ids = np.arange(self.n)[rows] if self.ids is None else self.ids[rows]
        stores = tuple(store.only(rows) for store in self.stores)
        return State(stores, len(rows), ids, IdMap().with_ids(ids, 0), None, self.next_id)

    @property
    def nbytes(self) -> int:
        """Every byte that searching needs."""
        codes = sum(store.nbytes(self.n) for store in self.stores)
        ids = 0 if self.ids is None else self.ids.nbytes + self.id_map.nbytes
        return codes + ids + (0 if self.live is None else self.live.nbytes)


def _copy(source: Rows, target: Rows) -> None:
    for part, room in zip(source, target, strict=True):
        if part is not None and room is not None:
            room[:] = part
