"""`int4`: half a byte a number, on a grid of 15 steps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.grid import IntegerGrid
from lilliput.codecs.layout import ByteArray

RUN = 128  # dimensions whose low and high nibbles lie in the same bytes


class Nibbles(IntegerGrid):
    """Keep each number as a nibble, 8 more than it is.

    A run is 128 dimensions, or the rest of them. The first half of a run lies in the low nibbles of its bytes
    and the second half in the high ones, so that a kernel takes them apart without moving any.
    """

    kind = "i4"
    levels = 7

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell a step for each row and for each dimension."""
        return "int4", "int4(scale=dim)"

    def numbers(self, rows: ByteArray, dim: int) -> NDArray[np.int8]:
        """Take nibbles apart."""
        return apart(rows, dim)


def apart(rows: ByteArray, dim: int) -> NDArray[np.int8]:
    """Read the numbers (n, dim), from -8 to 7, of rows of nibbles."""
    whole = dim // RUN * RUN
    runs = _apart(rows[:, : whole // 2].reshape(len(rows), whole // RUN, RUN // 2))
    rest = _apart(rows[:, whole // 2 :])
    return np.concatenate([runs.reshape(len(rows), whole), rest[:, : dim - whole]], axis=1)


def together(numbers: NDArray[np.int8]) -> ByteArray:
    """Write numbers (n, dim) from -8 to 7 as rows of nibbles."""
    n, dim = numbers.shape
    whole, half = dim // RUN * RUN, (dim % RUN + 1) // 2
    nibbles = (numbers + np.int8(8)).view(np.uint8)
    runs = nibbles[:, :whole].reshape(n, whole // RUN, 2, RUN // 2)
    rest = np.full((n, 2, half), 8, dtype=np.uint8)
    rest[:, 0], rest[:, 1, : dim % RUN - half] = nibbles[:, whole : whole + half], nibbles[:, whole + half :]
    low_high = [(runs[:, :, 0] | runs[:, :, 1] << 4).reshape(n, whole // 2), rest[:, 0] | rest[:, 1] << 4]
    return np.concatenate(low_high, axis=1)


def _apart(rows: ByteArray) -> NDArray[np.int8]:
    return np.concatenate([rows & 15, rows >> 4], axis=-1).view(np.int8) - np.int8(8)
