"""`f32`, `f16` and `bf16`: the numbers themselves, and the numbers in half the bytes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, negated_distance, take_numbers
from lilliput.codecs.layout import Layout, Rows
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

HALF_MAX = 65_504.0


class Floats(Quantiser):
    """Keep every number; under l2 each row also keeps minus its squared length."""

    kind = "f32"
    dtype: np.dtype[Any] = np.dtype("<f4")

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell the one form."""
        return (cls.kind,)

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        take_numbers(stage)

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        return Layout(self.kind, dim, self.dtype.itemsize * dim, alpha=False, beta=metric == "l2")

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the numbers in place."""
        _core.encode(self.kind, y, into.rows, None, into.beta, threads)

    def encode_raw(self, x: FloatArray, into: Rows, *, unit: bool, threads: int = 0) -> float | None:
        """Write the numbers in place, and give the greatest squared length."""
        return _core.encode_raw(self.kind, x, into.rows, None, into.beta, unit, threads=threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Read the numbers."""
        return rows.rows.view(self.dtype).astype(np.float32)

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Leave queries as they are; under l2 make the score minus the squared distance."""
        return negated_distance(u) if metric == "l2" else (u, np.zeros(len(u)))


class Halves(Floats):
    """Keep every number rounded to half precision."""

    kind = "f16"
    dtype: np.dtype[Any] = np.dtype("<f2")

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the rounded numbers in place.

        Raises
        ------
        InvalidInput
            For a number above 65,504, with its row.
        """
        if y.size and max(y.max(), -y.min()) > HALF_MAX:
            row = int((np.abs(y) > HALF_MAX).any(axis=1).argmax())
            raise InvalidInput(
                f"Row {first_row + row} holds {np.abs(y[row]).max():g} where f16 ends at {HALF_MAX:.0f}; "
                "scale the vectors down or use f32."
            )
        super().encode(y, into, first_row=first_row, threads=threads)

    def encode_raw(self, x: FloatArray, into: Rows, *, unit: bool, threads: int = 0) -> float | None:
        """Write the rounded numbers of unit vectors in place; others are looked at first."""
        return super().encode_raw(x, into, unit=True, threads=threads) if unit else None


class Brains(Floats):
    """Keep the upper half of every number: the range of float32, and two to three of its digits."""

    kind = "bf16"
    dtype: np.dtype[Any] = np.dtype("<u2")

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Put zeros below the halves that were kept."""
        return (rows.rows.view(self.dtype).astype(np.uint32) << 16).view(np.float32)
