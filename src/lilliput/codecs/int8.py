"""`int8`: a byte a number, with a scale for each row."""

from collections.abc import Sequence

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, negated_distance, take_numbers
from lilliput.codecs.layout import Layout, Rows
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage


class Bytes(Quantiser):
    """Round to 255 steps between plus and minus the largest number of the row."""

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell the one form."""
        return ("int8",)

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        take_numbers(stage)

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        return Layout("i8", dim, dim, alpha=True, beta=metric == "l2")

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write steps and scales in place."""
        _core.encode("i8", y, into.rows, into.alpha, into.beta, threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Multiply steps by their scale."""
        x = rows.rows.view(np.int8).astype(np.float32)
        if rows.alpha is not None:
            x *= rows.alpha[:, None]
        return x

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Leave queries as they are; under l2 make the score minus the squared distance."""
        return negated_distance(u) if metric == "l2" else (u, np.zeros(len(u)))
