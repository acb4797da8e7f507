"""`int8`: a byte a number, on a grid of 255 steps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.grid import IntegerGrid
from lilliput.codecs.layout import ByteArray


class Bytes(IntegerGrid):
    """Keep each number as a signed byte."""

    kind = "i8"
    levels = 127

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell a step for each row, for each dimension, and for all."""
        return "int8", "int8(scale=dim)", "int8(scale=global)"

    def numbers(self, rows: ByteArray, dim: int) -> NDArray[np.int8]:
        """Read bytes as signed."""
        return rows.view(np.int8)
