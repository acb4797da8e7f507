"""How many rows of a stream are equal to an earlier one, in bounded memory."""

import numpy as np
from numpy.typing import NDArray

from lilliput.io.arrays import FloatArray

MOST_KEPT = 4 * 2**20

Words = NDArray[np.uint64]


class Distinct:
    """Counts rows that repeat an earlier row.

    A fingerprint of 64 bits stands for each row. Where there are too many to keep, only those that end in
    some number of zero bits are, and the count is scaled up: whether a row is kept depends on the row alone,
    so that its repeats stay or go with it.

    Parameters
    ----------
    dim:
        Numbers a row.
    most:
        Fingerprints that are kept at most.
    """

    def __init__(self, dim: int, most: int = MOST_KEPT) -> None:
        # Odd numbers, so that two rows that differ in one place never have the same fingerprint.
        self._factors = np.random.default_rng(0).integers(0, 2**63, dim, dtype=np.uint64) * 2 + 1
        self._most = most
        self._mask = np.uint64(0)
        self._known = np.empty(0, dtype=np.uint64)
        self._times = np.empty(0, dtype=np.int64)
        self._new: list[Words] = []

    @property
    def exact(self) -> bool:
        """Whether every row is counted, and nothing scaled up."""
        return not self._mask

    @property
    def repeats(self) -> int:
        """How many rows are equal to an earlier one."""
        self._fold()
        return int(self._times.sum() - len(self._times)) * (int(self._mask) + 1)

    def add(self, block: FloatArray) -> None:
        """Take in the next rows."""
        found = fingerprints(block, self._factors)
        self._new.append(found[found & self._mask == 0])
        if sum(map(len, self._new)) > self._most:
            self._fold()

    def _fold(self) -> None:
        new = np.concatenate([self._known[:0], *self._new])
        times = np.concatenate([self._times, np.ones(len(new), dtype=np.int64)])
        self._new = []
        self._known, place = np.unique(np.concatenate([self._known, new]), return_inverse=True)
        self._times = np.bincount(place, weights=times, minlength=len(self._known)).astype(np.int64)
        while len(self._known) > self._most:
            self._mask = self._mask * np.uint64(2) + np.uint64(1)
            kept = self._known & self._mask == 0
            self._known, self._times = self._known[kept], self._times[kept]


def fingerprints(block: FloatArray, factors: Words) -> Words:
    """Give 64 bits that stand for each row; zeros are equal whatever their sign.

    Parameters
    ----------
    block:
        float32 (n, d).
    factors:
        uint64 (d,), odd.
    """
    words = (block + np.float32(0)).view(np.uint32).astype(np.uint64)
    words *= factors
    words ^= words >> np.uint64(32)  # low bits hear of high ones, which alone differ between signs
    words *= factors[::-1]
    mixed = words.sum(axis=1, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(32)
    return np.asarray(mixed * factors[0])
