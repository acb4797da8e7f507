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
        whole = dim // RUN * RUN
        runs = _apart(rows[:, : whole // 2].reshape(len(rows), whole // RUN, RUN // 2))
        rest = _apart(rows[:, whole // 2 :])
        return np.concatenate([runs.reshape(len(rows), whole), rest[:, : dim - whole]], axis=1)


def _apart(rows: ByteArray) -> NDArray[np.int8]:
    return np.concatenate([rows & 15, rows >> 4], axis=-1).view(np.int8) - np.int8(8)
