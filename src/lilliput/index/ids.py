"""Which row an id lies in.

An index that was given no ids has none: the row number is the id. Otherwise ids are looked up in sorted runs,
merged as
they grow like the levels of a log-structured tree, and never changed: whoever holds a map can go on reading
it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import InvalidInput, UnknownId, WrongType

IdArray = NDArray[np.int64]

MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Run:
    """Ids in ascending order, with their rows; where rows is None they count up from `first`."""

    ids: IdArray
    rows: IdArray | None
    first: int

    def find(self, wanted: IdArray) -> IdArray:
        """Give the row of each id, −1 where the run has none."""
        at = np.searchsorted(self.ids, wanted, side="right") - 1  # of an id that came again, the last
        rows = at + self.first if self.rows is None else self.rows[at]
        return np.where(self.ids[at] == wanted, rows, -1)

    @property
    def nbytes(self) -> int:
        """Bytes beyond the index's own array of ids."""
        return 0 if self.rows is None else self.ids.nbytes + self.rows.nbytes


@dataclass(frozen=True)
class IdMap:
    """Sorted runs, longest first."""

    runs: tuple[Run, ...] = ()

    def find(self, wanted: IdArray) -> IdArray:
        """Give the row of each id, −1 where it is unknown; of an id that was stored again, the last row."""
        found = np.full(len(wanted), -1, dtype=np.int64)
        for run in self.runs:
            found = np.maximum(found, run.find(wanted))
        return found

    def with_ids(self, ids: IdArray, first: int) -> "IdMap":
        """Give a map that also knows `ids`, in rows from `first` on."""
        if not len(ids):
            return self
        if np.all(ids[1:] > ids[:-1]):
            run = Run(ids, None, first)
        else:
            order = np.argsort(ids, kind="stable")
            run = Run(ids[order], order + first, 0)
        runs = list(self.runs)
        while runs and len(runs[-1].ids) < 2 * len(run.ids):
            run = _merged(runs.pop(), run)
        return IdMap((*runs, run))

    @property
    def nbytes(self) -> int:
        """Bytes beyond the index's own array of ids."""
        return sum(run.nbytes for run in self.runs)


def _merged(older: Run, newer: Run) -> Run:
    in_order = older.rows is None and newer.rows is None and older.ids[-1] < newer.ids[0]
    if in_order and older.first + len(older.ids) == newer.first:
        return Run(np.concatenate([older.ids, newer.ids]), None, older.first)
    ids = np.concatenate([older.ids, newer.ids])
    order = np.argsort(ids, kind="stable")
    rows = np.concatenate([_rows(older), _rows(newer)])
    return Run(ids[order], rows[order], 0)


def _rows(run: Run) -> IdArray:
    return np.arange(run.first, run.first + len(run.ids)) if run.rows is None else run.rows


def as_ids(ids: Any, name: str = "ids") -> IdArray:
    """Take ids as int64.

    Raises
    ------
    WrongType
        When they are no whole numbers.
    InvalidInput
        When they are not one-dimensional, are negative, or exceed int64.
    """
    array = as_array(ids, name)
    if array.size == 0 and array.ndim == 1:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise WrongType(f"{name} are {array.dtype}; ids are whole numbers from 0 to {MAX_ID} (int64).")
    if array.ndim != 1:
        raise InvalidInput(f"{name} have the shape {array.shape}; they are one row of numbers, shape (n,).")
    if array.dtype == np.uint64 and array.max() > MAX_ID:
        raise InvalidInput(f"{name} hold {array.max()}; the largest id is {MAX_ID}.")
    result = array.astype(np.int64)
    if result.min() < 0:
        raise InvalidInput(f"{name} hold {result.min()}; ids are 0 or larger, as −1 says 'none'.")
    return result


def as_array(values: Any, name: str) -> NDArray[Any]:
    """Take what numpy takes.

    Raises
    ------
    InvalidInput
        For lists of unequal length.
    """
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InvalidInput(f"{name} are lists of unequal length; give rows of one length.") from error


def refuse_repeats(ids: IdArray) -> None:
    """Refuse ids of which one stands twice.

    Raises
    ------
    InvalidInput
        With the id and its two places.
    """
    order = np.argsort(ids, kind="stable")
    same = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    if len(same):
        a, b = order[same[0]], order[same[0] + 1]
        raise InvalidInput(f"The id {ids[a]} is given twice, at {a} and {b}; each id may be stored once.")


def refuse_unknown(ids: IdArray, rows: IdArray) -> None:
    """Refuse ids that lie in no row.

    Raises
    ------
    UnknownId
        With the first of them and their number.
    """
    unknown = np.flatnonzero(rows < 0)
    if len(unknown):
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise UnknownId(f"The id {ids[unknown[0]]}{more} is not stored here; give ids that are.")
