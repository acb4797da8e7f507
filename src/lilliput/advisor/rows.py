"""The rows that advice is measured on: all of them, or a sample where they are many."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import Source
from lilliput.io.source import as_matrix

MOST_ROWS = 200_000
MOST_BYTES = 512 * 2**20


class Base(NamedTuple):
    """Rows in memory.

    Attributes
    ----------
    rows:
        float32 (r, d).
    numbers:
        int64 (r,), their places in the whole, ascending.
    total:
        How many rows the whole has.
    """

    rows: FloatArray
    numbers: NDArray[np.int64]
    total: int

    @property
    def sampled(self) -> bool:
        """Whether rows were left out."""
        return len(self.rows) < self.total


def most_rows(dim: int) -> int:
    """Say how many rows are measured on at most: 200,000, or as many as fit 512 MiB."""
    return max(1_000, min(MOST_ROWS, MOST_BYTES // (4 * dim)))


def base_rows(source: Source, most: int, wanted: NDArray[np.int64], rng: np.random.Generator) -> Base:
    """Take all rows of a source, or a sample that each has the same chance to be in.

    Parameters
    ----------
    source:
        Read once.
    most:
        How many rows are taken at most, but for those wanted.
    wanted:
        Numbers of rows that must be there, ascending: those that somebody judged.
    rng:
        The source of chance.
    """
    if source.rows is not None and source.rows <= most:
        rows = as_matrix(source)
        return Base(rows, np.arange(len(rows)), len(rows))
    drawn = np.empty((most, source.dim), dtype=np.float32)
    numbers = np.empty(most, dtype=np.int64)
    asked: list[FloatArray] = []
    read = 0
    for block in source.batches():
        places = np.arange(read, read + len(block))
        asked.append(block[np.isin(places, wanted)])
        # The row of ordinal i replaces a random one of those drawn with the chance most / (i + 1).
        slots = places.copy()
        late = places >= most
        slots[late] = (rng.random(int(late.sum())) * (places[late] + 1)).astype(np.int64)
        kept = np.flatnonzero(slots < most)
        _, last = np.unique(slots[kept][::-1], return_index=True)  # of two rows for one slot the later stays
        kept = kept[::-1][last]
        drawn[slots[kept]], numbers[slots[kept]] = block[kept], places[kept]
        read += len(block)
    count = min(read, most)
    there = wanted[wanted < read]
    new = ~np.isin(there, numbers[:count])
    rows = np.concatenate([drawn[:count], np.concatenate([*asked, drawn[:0]])[new]])
    numbers = np.concatenate([numbers[:count], there[new]])
    order = np.argsort(numbers)
    return Base(np.ascontiguousarray(rows[order]), numbers[order], read)
