"""What an index does to find out its own recall."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput.index.calibration import Calibration, calibrate
from lilliput.index.effort import Effort
from lilliput.index.ids import IdArray
from lilliput.index.state import State
from lilliput.index.structure import Structure
from lilliput.index.watch import Watch
from lilliput.limits import LIMITS


def measure(structure: Structure, state: State, watch: Watch, ks: Sequence[int]) -> Calibration:
    """Search for the watched queries at each effort, and compare with what is true for them."""

    def found(wanted: Sequence[int]) -> Iterator[tuple[int, Effort, IdArray]]:
        efforts = structure.efforts(state, wanted)
        for k, effort, rows in structure.at_efforts(state, watch.queries, wanted, efforts, 0):
            yield k, effort, state.ids_of(rows)

    return calibrate(watch, ks, found, state.count)


def watch_stored(state: State, queries: NDArray[np.float32], metric: str) -> Watch:
    """Find what is true for new queries, from finest codes that are the original vectors."""
    watch = Watch.start(queries[: LIMITS.calibration_queries].copy(), False, metric)
    store = state.stores[-1]
    store.verify()
    size = max(1, LIMITS.block_bytes // (4 * store.codec.dim))
    rows = np.arange(state.n) if state.live_rows is None else state.live_rows
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        block = store.codec.decode_rows(store.only(part).buffer)
        watch = watch.with_rows(block, state.ids_of(part), 0)
    return watch
