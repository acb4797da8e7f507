"""`lvqB` and `lvqBxR`: each row on an affine grid of its own, about the mean of all rows.

Aguerrebere, Bhati, Hildebrand, Tepper and Willke, "Similarity search in the blink of an eye with compressed
indices", VLDB 2023. The grid of the paper reaches from the least number of a row to the greatest. This one
may end before them: its integers are those nearest in angle to the row, both without their means, and its
step and middle give back the mean and the length of the row. At equal bytes that finds more.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, Shapes, squares, take_numbers
from lilliput.codecs.int4 import apart, together
from lilliput.codecs.layout import Layout, Rows
from lilliput.codecs.planes import odd_integers, odd_kind, planes_layout
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

MOST_BITS = 8
TRIED = (8, 6, 5, 4, 3, 2)


class LocallyAdaptive(Quantiser):
    """Take the mean of all rows away, and round what is left of a row to ``shift + alpha * v``.

    The integers v have B bits and are odd, from 1 - 2**B to 2**B - 1. A row keeps ``alpha`` and ``shift``,
    and under l2 minus its squared length, four bytes each. Of four and of eight bits (v - 1) / 2 is kept, the
    numbers of `int4` and `int8`; the others lie in planes of bits.

    With two levels, ``lvqBxR``, the second cuts each step of the first into 2**R. Both are one integer of
    B + R bits, of which the first level is the upper B; they are scored as one.
    """

    learns = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        if len(stage.numbers) == 2:
            self._bits = sum(take_numbers(stage, "the bits of the first level", "those of the second"))
        else:
            (self._bits,) = take_numbers(stage, "the bits of a dimension")
        if self._bits > MOST_BITS:
            raise InvalidSpec(
                f"'{stage}' asks for {self._bits} bits a dimension; write lvqB with 1 to {MOST_BITS}, or "
                f"lvqBxR with at most {MOST_BITS} on both levels."
            )

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell one level of eight bits down to two."""
        return tuple(f"lvq{bits}" for bits in TRIED)

    @property
    def _kind(self) -> str:
        return {4: "i4", 8: "i8"}.get(self._bits, odd_kind(self._bits))

    @property
    def _halved(self) -> bool:
        return self._bits in (4, 8)

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        beta = metric == "l2"
        if not self._halved:
            return planes_layout(self._bits, dim, beta=beta, shift=True)
        return Layout(self._kind, dim, _core.row_bytes(self._kind, dim), alpha=True, beta=beta, shift=True)

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the mean of each dimension."""
        return {"mean": ("float32", (dim,))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Average the sample."""
        self.arrays = {"mean": sample.mean(axis=0, dtype=np.float64).astype(np.float32)}

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write integers, factors, and minus the squared lengths in place."""
        self.encode_raw(y, into, unit=False, threads=threads)

    def encode_raw(self, x: FloatArray, into: Rows, *, unit: bool, threads: int = 0) -> float:
        """Write integers and factors in place, and give the greatest squared length."""
        mean, (rows, alpha, beta, shift, more) = self.arrays["mean"], into
        assert alpha is not None  # noqa: S101 - the layout has both
        assert shift is not None  # noqa: S101
        write = partial(_core.encode_lines, unit=unit, origin=mean, threads=threads)
        if self._bits != 4:
            return write(self._kind, self._bits, x, rows, alpha, shift, beta, more_out=more)
        halves = np.empty(x.shape, dtype=np.uint8)
        longest = write("i8", 4, x, halves, alpha, shift, beta)
        rows[:] = together(halves.view(np.int8))
        return longest

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Give the points of the grids."""
        x = self.integers(rows, dim)
        if rows.alpha is not None and rows.shift is not None:
            x = x * rows.alpha[:, None] + rows.shift[:, None]
        decoded: FloatArray = x + self.arrays["mean"]
        return decoded

    def integers(self, rows: Rows, dim: int) -> FloatArray:
        """Read the integers (n, dim) that ``alpha`` multiplies."""
        if self._halved:
            halves = apart(rows.rows, dim) if self._bits == 4 else rows.rows.view(np.int8)
            return halves.astype(np.float32)
        return odd_integers(rows, dim, self._bits)

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Leave queries as they are, about the mean under l2."""
        mean = self.arrays["mean"]
        if metric != "l2":
            return u, u.astype(np.float64) @ mean
        r = u - mean
        return 2 * r, -squares(r)
