"""How rows enter an index: encoded into room behind the rows in use, then published all at once."""

from dataclasses import replace
from typing import Any

import numpy as np

from lilliput.errors import InvalidInput
from lilliput.index.ids import MAX_ID, IdArray, IdMap, as_ids, refuse_repeats
from lilliput.index.state import State
from lilliput.index.watch import Watch
from lilliput.io.blocks import Source
from lilliput.progress import ProgressOption, Track


def checked_ids(state: State, ids: Any, source: Source) -> IdArray | None:
    """Take the ids of rows that are to be added; None: the next ones.

    Raises
    ------
    InvalidInput
        For a wrong number of ids, one given twice, and one that is stored already.
    """
    if ids is None:
        return None
    array = as_ids(ids)
    if source.rows is not None and len(array) != source.rows:
        raise InvalidInput(f"There are {len(array)} ids for {source.rows} vectors; give one for each.")
    refuse_repeats(array)
    stored = np.flatnonzero(state.rows_of(array) >= 0)
    if len(stored):
        raise InvalidInput(
            f"The id {array[stored[0]]} (place {stored[0]}) is stored already; "
            "remove it first or give another."
        )
    return array


def add_rows(
    state: State,
    watch: Watch | None,
    source: Source,
    ids: IdArray | None,
    progress: ProgressOption,
    threads: int,
) -> tuple[State, Watch | None]:
    """Give the state and the truth with the rows of a source added; what was passed stays as it was.

    Raises
    ------
    InvalidInput
        For a vector that cannot be used, and for ids that turn out too few or too many.
    Cancelled
        When the progress callback said so.
    """
    n = state.n
    stores = state.stores
    if source.rows is not None:
        stores = tuple(store.with_room(n, n + source.rows) for store in stores)
    with Track(progress, source.rows or 0, "adding") as step:
        for block in source.batches():
            end = n + len(block)
            added = n - state.n
            stores = tuple(store.with_room(n, end) for store in stores)
            for store in stores:
                store.codec.encode_rows(block, store.buffer.part(n, end), first_row=added, threads=threads)
            given = _given(state, ids, added, end - state.n)
            watch = watch.with_rows(block, given, threads) if watch is not None else None
            n = end
            step(n - state.n)
    if ids is not None and len(ids) != n - state.n:
        raise InvalidInput(f"There are {len(ids)} ids for {n - state.n} vectors; give one for each.")
    return _published(replace(state, stores=stores), ids, n), watch


def _given(state: State, ids: IdArray | None, start: int, stop: int) -> IdArray:
    if ids is None:
        if state.next_id + stop - 1 > MAX_ID:
            raise InvalidInput(
                f"Ids go on from the largest ever used, {state.next_id - 1}, and end at {MAX_ID}; give ids."
            )
        return state.next_id + np.arange(start, stop)
    if stop > len(ids):
        raise InvalidInput(f"There are {len(ids)} ids for at least {stop} vectors; give one for each.")
    return ids[start:stop]


def _published(state: State, ids: IdArray | None, n: int) -> State:
    added = n - state.n
    if not added:
        return state
    live = None if state.live is None else np.concatenate([state.live, np.ones(added, dtype=bool)])
    new = _given(state, None, 0, added) if ids is None else ids
    next_id = max(state.next_id, int(new.max()) + 1)
    numbered = state.ids is None and new[0] == state.n and np.array_equal(new, np.arange(state.n, n))
    if numbered:
        return replace(state, n=n, live=live, next_id=next_id)
    old = np.arange(state.n) if state.ids is None else state.ids
    known = IdMap().with_ids(old, 0) if state.ids is None else state.id_map
    return replace(
        state,
        n=n,
        ids=np.concatenate([old, new]),
        id_map=known.with_ids(new, state.n),
        live=live,
        next_id=next_id,
    )
