"""One pass over the vectors: what must be counted in all of them, and a sample for the rest."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.sample import reservoir, sample_size
from lilliput.evaluate.diagnostics.distinct import Distinct
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import Source, spans
from lilliput.progress import Track

COUNTED_AT_ONCE = 2**18  # numbers: what is made of them stays in a cache


class Reading:
    """Vectors that count themselves while they are read.

    Attributes
    ----------
    rows, dim:
        Its shape, once it is read.
    zero_rows:
        How many rows hold only zeros.
    shortest, longest:
        The least and the greatest length of a row.
    lowest, highest:
        float32 (d,), the least and the greatest value of each dimension.
    squares:
        float64 (d,), the sum of squares of each dimension.
    distinct:
        The count of repeated rows.
    sample:
        float32 (s, d), rows drawn with equal chances; all of them where they are few.
    """

    def __init__(self, source: Source, most: int, rng: np.random.Generator, step: Track) -> None:
        self._source = source
        self.dim = source.dim
        self.rows = source.rows
        self.zero_rows = 0
        self.shortest, self.longest = np.inf, 0.0
        self.lowest = np.full(source.dim, np.inf, dtype=np.float32)
        self.highest = -self.lowest
        self.squares: NDArray[np.float64] = np.zeros(source.dim)
        self.distinct = Distinct(source.dim)
        self._length_sums = np.zeros(2)
        self._counted = 0
        self.sample: FloatArray = reservoir(self, min(most, sample_size(source.dim)), rng, step)
        self.rows = self._counted

    @property
    def length_spread(self) -> float:
        """The standard deviation of the lengths of rows over their mean; 0 where all are zero."""
        total, squares = self._length_sums / max(1, self._counted)
        return float(np.sqrt(max(squares - total**2, 0)) / total) if total else 0.0

    def batches(self, size: int | None = None) -> Iterator[FloatArray]:
        """Yield the blocks of the source, each counted."""
        for block in self._source.batches(size):
            for start, stop in spans(len(block), max(1, COUNTED_AT_ONCE // self.dim)):
                self._count(block[start:stop])
            yield block

    def _count(self, block: FloatArray) -> None:
        squares = np.square(block, dtype=np.float64)
        lengths = np.sqrt(squares.sum(axis=1))
        self.squares += squares.sum(axis=0)
        self._length_sums += lengths.sum(), (lengths**2).sum()
        self._counted += len(block)
        self.zero_rows += int((lengths == 0).sum())
        self.shortest = min(self.shortest, float(lengths.min()))
        self.longest = max(self.longest, float(lengths.max()))
        self.lowest = np.minimum(self.lowest, block.min(axis=0))
        self.highest = np.maximum(self.highest, block.max(axis=0))
        self.distinct.add(block)
