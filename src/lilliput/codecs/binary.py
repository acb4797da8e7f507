"""`bin`: a bit a number, which side of the mean it lies on."""

from collections.abc import Sequence

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, Shapes, Terms, squares, take_numbers
from lilliput.codecs.layout import Layout, Rows
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import spans
from lilliput.spec import Stage

FIT_ROWS = 4_096


class Bits(Quantiser):
    """Keep the sign of each number about its mean; a row stands for ``mean + step * sign``.

    Lengths are lost, so unit vectors are better searched under cosine than under ip.

    There is one step for all dimensions, the mean of ``|x - mean|``. With one for each, recall was lower on
    every set that was measured, most where few dimensions hold most of the variance; `rotate` evens them out.

    Under cosine rows are unit vectors, so ``dot(mean, x - mean)`` hardly differs between them although their
    signs say that it does. It is replaced by its average, zero: the score is
    ``dot(q, mean) + dot(q - |q| mean, step * sign)``, which ranks as l2 does, however short a transform left
    the query.

    No row has a factor, so a row of zeros cannot be told apart: it scores as any row with its signs.
    """

    learns = True

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell the one form."""
        return ("bin",)

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        take_numbers(stage)

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        return Layout("bits", dim, -(-dim // 8), alpha=False, beta=False)

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the mean of each dimension and the one step."""
        return {"mean": ("float32", (dim,)), "step": ("float32", (1,))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Average the sample, and its distance from the average."""
        mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        total = sum(
            float(np.abs(sample[start:stop] - mean).sum(dtype=np.float64))
            for start, stop in spans(len(sample), FIT_ROWS)
        )
        self.arrays = {"mean": mean, "step": np.array([total / sample.size], dtype=np.float32)}

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the signs in place; a number equal to its mean counts as below."""
        _core.encode("bits", y, into.rows, origin=self.arrays["mean"], threads=threads)

    def encode_raw(self, x: FloatArray, into: Rows, *, unit: bool, threads: int = 0) -> float:
        """Write the signs in place, and give the greatest squared length."""
        return _core.encode_raw("bits", x, into.rows, unit=unit, origin=self.arrays["mean"], threads=threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Give the mean, one step up or down."""
        bits = np.unpackbits(rows.rows, axis=1, count=dim, bitorder="little")
        mean, step = self.arrays["mean"], self.arrays["step"]
        x: FloatArray = np.where(bits, mean + step, mean - step)
        return x

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Fold mean and step into queries and biases."""
        mean, step = self.arrays["mean"], self.arrays["step"]
        if metric == "ip":
            return step * u, u.astype(np.float64) @ mean
        if metric == "l2":
            r = u - mean
            return 2 * step * r, -squares(r) - len(mean) * float(step[0]) ** 2
        length = np.sqrt(_core.squared_norms(u))
        return step * (u - length[:, None] * mean), u.astype(np.float64) @ mean

    def terms(self, metric: Metric) -> Terms | None:
        """Say what `query` computes."""
        mean, step = self.arrays["mean"], self.arrays["step"]
        return Terms(step, mean, metric == "cosine", constant=len(mean) * float(step[0]) ** 2)
