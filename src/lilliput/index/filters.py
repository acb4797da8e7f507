"""Which rows a search may look at."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lilliput.errors import InvalidInput
from lilliput.index.ids import IdArray, as_array, as_ids
from lilliput.index.state import State


def rows_to_scan(state: State, wanted: Any) -> IdArray | None:
    """Turn one filter into ascending row numbers; None scans all.

    Parameters
    ----------
    state:
        What is searched.
    wanted:
        None; int64 ids, of which those that are not stored match nothing; or one boolean a stored vector, in
        the order
        in which they were added.

    Raises
    ------
    InvalidInput, WrongType
        For anything else.
    """
    if wanted is None:
        return state.live_rows
    array = as_array(wanted, "The ids of the filter")
    if array.dtype != np.bool_:
        rows = state.rows_of(as_ids(array, "The ids of the filter"))
        return np.unique(rows[rows >= 0])
    if array.shape != (state.count,):
        raise InvalidInput(
            f"The boolean filter has the shape {array.shape}; one value a stored vector was wanted, "
            f"({state.count},)."
        )
    chosen = np.flatnonzero(array)
    return chosen if state.live_rows is None else state.live_rows[chosen]


def is_per_query(wanted: Any) -> bool:
    """Say whether a filter is a list of one a query: a list or tuple that holds arrays, lists or None."""
    return isinstance(wanted, (list, tuple)) and any(
        item is None or isinstance(item, (list, tuple, np.ndarray)) for item in wanted
    )


def by_filter(
    state: State, wanted: Any, n_queries: int
) -> Iterator[tuple[Sequence[int] | None, IdArray | None]]:
    """Yield (queries, rows to scan) for each distinct filter; queries None: all of them.

    Raises
    ------
    InvalidInput
        When a list of filters has not one for each query.
    """
    if not is_per_query(wanted):
        yield None, rows_to_scan(state, wanted)
        return
    if len(wanted) != n_queries:
        raise InvalidInput(
            f"There are {len(wanted)} filters for {n_queries} queries; give one for each query."
        )
    groups: dict[int, list[int]] = {}
    for query, item in enumerate(wanted):
        groups.setdefault(id(item), []).append(query)
    for queries in groups.values():
        yield queries, rows_to_scan(state, wanted[queries[0]])
