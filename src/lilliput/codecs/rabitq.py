"""`rabitqB`: rotated vectors on a grid of B bits, scored by an unbiased estimate with a known error.

Gao and Long, "RaBitQ: quantizing high-dimensional vectors with a theoretical error bound for approximate
nearest neighbor search", SIGMOD 2024, for one bit; Gao et al., "Practical and asymptotically optimal
quantization of high-dimensional vectors in Euclidean space for approximate nearest neighbor search", SIGMOD
2025, for more.
"""

from collections.abc import Sequence

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, Shapes, squares, take_numbers
from lilliput.codecs.layout import ByteArray, Layout, Rows
from lilliput.codecs.rotate import ROUNDS
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

MOST_BITS = 8


class RaBitQ(Quantiser):
    """Rotate a vector about the mean of all, and keep the grid vector nearest to it in angle.

    The grid holds odd integers v, from 1 - 2**B to 2**B - 1; eight bits are the integers from -127 to 127. A
    row keeps the factor ``alpha = |o|² / dot(o, v)`` of the rotated vector o, with which
    ``alpha * dot(q, v)`` is an unbiased estimate of ``dot(q, o)``, and under l2 its true squared length.
    """

    learns = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        (self._bits,) = take_numbers(stage, "the bits of a dimension")
        if self._bits > MOST_BITS:
            raise InvalidSpec(f"'{stage}' asks for {self._bits} bits a dimension; write 1 to {MOST_BITS}.")

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell eight bits down to one."""
        return tuple(f"rabitq{bits}" for bits in range(MOST_BITS, 0, -1))

    @property
    def _kind(self) -> str:
        return {1: "bits", 8: "i8"}.get(self._bits, f"b{self._bits}")

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        return Layout(self._kind, dim, _core.row_bytes(self._kind, dim), alpha=True, beta=metric == "l2")

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the mean of each dimension, and the signs of the rotation, one byte each."""
        return {"mean": ("float32", (dim,)), "signs": ("uint8", (ROUNDS, dim))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Average the sample and draw the signs."""
        dim = sample.shape[1]
        self.arrays = {
            "mean": sample.mean(axis=0, dtype=np.float64).astype(np.float32),
            "signs": rng.integers(0, 2, size=(ROUNDS, dim), dtype=np.uint8),
        }

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write grid vectors, factors, and minus squared lengths in place."""
        o = _core.rotate(y - self.arrays["mean"], self.arrays["signs"], False, threads)
        _core.encode(self._kind, o, into.rows, into.alpha, into.beta, threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Give the vectors that estimates are the dot products with."""
        o = self.integers(rows.rows, dim)
        if rows.alpha is not None:
            o *= rows.alpha[:, None]
        x: FloatArray = _core.rotate(o, self.arrays["signs"], True) + self.arrays["mean"]
        return x

    def integers(self, rows: ByteArray, dim: int) -> FloatArray:
        """Read the grid vectors (n, dim) of rows of codes."""
        if self._bits == MOST_BITS:
            return rows.view(np.int8).astype(np.float32)
        eights = -(-dim // 8)
        lower = rows[:, eights:].reshape(len(rows), eights, self._bits - 1).swapaxes(1, 2)
        planes = np.concatenate([rows[:, None, :eights], lower], axis=1)
        bits = np.unpackbits(planes, axis=2, count=dim, bitorder="little")
        v = np.full((len(rows), dim), 1 - 2**self._bits, dtype=np.float32)
        for plane, weight in enumerate(2 << np.arange(self._bits)[::-1]):
            v += bits[:, plane] * np.float32(weight)
        return v

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Rotate queries, about the mean under l2."""
        mean, signs = self.arrays["mean"], self.arrays["signs"]
        if metric != "l2":
            return _core.rotate(u, signs), u.astype(np.float64) @ mean
        r = u - mean
        return 2 * _core.rotate(r, signs), -squares(r)
