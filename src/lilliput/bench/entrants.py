"""Who takes part in the race of codecs: how to make it, what it keeps, how it encodes and answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput.bench.problems import Problem
from lilliput.io.arrays import FloatArray

OURS = "lilliput"
SLOW = 4.0  # the weight of who scans number by number

Search = Callable[[FloatArray, int], NDArray[np.int64]]
Encode = Callable[[FloatArray, int], object]


@dataclass(frozen=True)
class Entrant:
    """Codes of a whole set, ready to be searched without any re-ranking.

    Attributes
    ----------
    payload:
        Bytes of a row's code proper; equals in this are compared by speed.
    factors:
        Bytes that each row has beside it.
    shared:
        Bytes that all rows share: codebooks, directions, ranges.
    train_seconds:
        What learning took, all threads.
    encode:
        Turns float32 rows (n, d) into codes and drops them; told the number of threads.
    search:
        Turns float32 queries (m, d) into int64 (m, k), best first; told the number of threads.
    """

    payload: float
    factors: float
    shared: int
    train_seconds: float
    encode: Encode
    search: Search

    def bytes_per_vector(self, rows: int) -> float:
        """Give all bytes over all rows."""
        return self.payload + self.factors + self.shared / rows


@dataclass(frozen=True)
class Recipe:
    """An entrant that is not made yet, so that nothing is spent on one whose figures are known.

    Attributes
    ----------
    library:
        "lilliput", or the peer's package.
    name:
        The codec in its library's words; with the library it is unique.
    make:
        Learns from the rows of a problem and encodes them, with all threads that it is told.
    weight:
        About how many times as long as one of ours it takes, training and scanning; for the estimate of time.
    note:
        What a reader of its figures has to know.
    """

    library: str
    name: str
    make: Callable[[Problem, int], Entrant]
    weight: float = 1.0
    note: str = ""

    @property
    def label(self) -> str:
        """A name that no other has."""
        return f"{self.library} {self.name}"
