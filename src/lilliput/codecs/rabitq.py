"""`rabitqB`: rotated vectors on a grid of B bits, scored by an unbiased estimate with a known error.

Gao and Long, "RaBitQ: quantizing high-dimensional vectors with a theoretical error bound for approximate
nearest neighbor search", SIGMOD 2024, for one bit; Gao et al., "Practical and asymptotically optimal
quantization of high-dimensional vectors in Euclidean space for approximate nearest neighbor search", SIGMOD
2025, for more.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, Shapes, Terms, squares, take_numbers
from lilliput.codecs.layout import Layout, Rows
from lilliput.codecs.planes import odd_integers, odd_kind, planes_layout, query_levels
from lilliput.codecs.rotate import ROUNDS
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

MOST_BITS = 8
CERTAIN = 3.4  # standard deviations, beyond which lie 0.07 % of normal errors
GATED = 2.5  # standard deviations, beyond which lie 6 rows of a thousand, on one side
STEEPEST = 0.95  # the share of rows whose slope and noise the gate allows for
AVOIDED = 32  # directions that errors keep clear of
AVOIDANCE = 0.3  # the share of the directions in what an error weighs
LEAST_GATED = 64  # dimensions from which errors are nearly normal
MEASURED_ROWS = 4_096  # that the angle between vectors and grid is measured on
WIDEST = 0.999  # the share of them whose angle is no wider


class RaBitQ(Quantiser):
    """Rotate a vector about the mean of all, and keep the grid vector nearest to it in angle.

    The grid holds odd integers v, from 1 - 2**B to 2**B - 1. A row keeps the factor
    ``alpha = |o|² / dot(o, v)`` of the rotated vector o, with which ``alpha * dot(q, v)`` is an unbiased
    estimate of ``dot(q, o)``, and under l2 its true squared length. Eight bits are the integers from -127 to
    127.

    The error of an estimate is ``alpha |v| sin(o, v)`` times the query's part along one random direction, so
    it is known but for chance; the sine is nearly the same for all vectors and is measured while fitting.

    The nearest grid vector is only where encoding begins: levels are changed as long
    as that keeps the error clear of the directions in which vectors vary most, and queries like them.
    Neither the bytes nor the scan know of it, and the estimate stays unbiased.
    """

    learns = True
    gains_by = frozenset(("shorten", "shape"))

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
        return odd_kind(self._bits)

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        return planes_layout(self._bits, dim, beta=metric == "l2")

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the mean, the signs of the rotation (one byte each), the widest sine, and the gate."""
        found: Shapes = {"mean": ("float32", (dim,)), "signs": ("uint8", (ROUNDS, dim))}
        found |= {"sine": ("float32", (1,)), "avoided": ("float16", (min(dim, AVOIDED), dim))}
        return found | ({"gate": ("float32", (2,))} if self._bits > 1 else {})

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Average the sample, draw the signs, and measure the angle between vectors and grid."""
        dim = sample.shape[1]
        self.arrays = {
            "mean": sample.mean(axis=0, dtype=np.float64).astype(np.float32),
            "signs": rng.integers(0, 2, size=(ROUNDS, dim), dtype=np.uint8),
        }
        origin = self.arrays["mean"] if metric == "l2" else np.zeros(dim, dtype=np.float32)
        self.arrays["avoided"] = self._directions(sample - origin)
        rows = self.layout(dim, "ip").allocate(min(len(sample), MEASURED_ROWS))
        self.encode(sample[:MEASURED_ROWS], rows)
        o, v = self._rotated(sample[:MEASURED_ROWS]), self.integers(rows, dim)
        self.arrays["sine"] = _sine(o, v)
        if self._bits > 1:
            self.arrays["gate"] = _gate(v)

    def _rotated(self, y: FloatArray, about: FloatArray | None = None, threads: int = 0) -> FloatArray:
        centre = self.arrays["mean"] if about is None else about
        return _core.rotate(y - centre, self.arrays["signs"], False, threads)

    def _directions(self, y: FloatArray) -> NDArray[np.float16]:
        """Give what errors keep clear of, rotated: the longer a direction, the more vectors vary along it."""
        dim = y.shape[1]
        spread, found = np.linalg.eigh(y.T.astype(np.float64) @ y)
        spread = np.maximum(spread[::-1], 0) * dim / max(spread.sum(), np.finfo(np.float64).tiny)
        kept = min(dim, AVOIDED)
        rest = spread[kept:].mean() if kept < dim else 0.0
        level = AVOIDANCE * rest + 1 - AVOIDANCE
        weights = np.sqrt(AVOIDANCE * np.maximum(spread[:kept] - rest, 0) / level)
        directions = (found[:, ::-1][:, :kept] * weights).T.astype(np.float32)
        return _core.rotate(np.ascontiguousarray(directions), self.arrays["signs"]).astype(np.float16)

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write grid vectors, factors, and minus squared lengths in place."""
        self.encode_about(y, into, threads=threads)

    def encode_about(
        self, y: FloatArray, into: Rows, centres: FloatArray | None = None, *, threads: int = 0
    ) -> None:
        """Write rows in place about centres of their own, such as that of an inverted list or a graph's node.

        Parameters
        ----------
        y:
            float32 (n, d).
        into:
            Room for n rows.
        centres:
            float32 (n, d) or (d,); None takes the mean. Queries stay, and `rebase` gives their biases.
        threads:
            0 takes every core that this process may use.
        """
        o = self._rotated(y, centres, threads)
        _core.encode(self._kind, o, into.rows, into.alpha, threads=threads, more_out=into.more)
        avoided = self.arrays["avoided"].astype(np.float32)
        v = _core.settle(o, self._bits, avoided, _factors(into), threads)
        _core.encode(self._kind, v, into.rows, threads=threads, more_out=into.more)
        if into.beta is None:
            return
        if centres is None:
            into.beta[:] = -_core.squared_norms(o, threads)
        else:
            mean = self.arrays["mean"]
            moved = _core.squared_norms(np.atleast_2d(centres - mean), threads)
            into.beta[:] = moved - _core.squared_norms(y - mean, threads)

    def rebase(self, u: FloatArray, centres: FloatArray, metric: Metric) -> FloatArray:
        """Give the bias of each query for rows about each centre, (m, c): all that another centre changes.

        Parameters
        ----------
        u:
            Queries (m, d), as `query` takes them.
        centres:
            float32 (c, d).
        metric:
            That of the codes.
        """
        products = u.astype(np.float64) @ centres.T.astype(np.float64)
        if metric == "l2":
            products = 2 * products - squares(u)[:, None] - squares(centres)
        biases: FloatArray = products.astype(np.float32)
        return biases

    def gate(self) -> tuple[float, float] | None:
        """Give the slope and the noise that were measured while fitting."""
        if "gate" not in self.arrays or len(self.arrays["mean"]) < LEAST_GATED:
            return None
        slope, noise = self.arrays["gate"].tolist()
        return slope, noise

    def row_errors(self, rows: Rows, dim: int) -> FloatArray:
        """Give alpha |v|, the length of what estimates are made of."""
        lengths = np.sqrt(squares(self.integers(rows, dim)))
        errors: FloatArray = (lengths * np.abs(_factors(rows))).astype(np.float32)
        return errors

    def query_errors(self, queries: FloatArray) -> FloatArray:
        """Give how far a query's part along a random direction strays, and the rounding of its numbers."""
        angle = squares(queries) * float(self.arrays["sine"][0]) ** 2 / max(queries.shape[1] - 1, 1)
        levels = query_levels(self._bits, queries.shape[1])
        rounding = (np.abs(queries).max(axis=1).astype(np.float64) / levels) ** 2 / 12
        errors: FloatArray = (CERTAIN * np.sqrt(angle + rounding)).astype(np.float32)
        return errors

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Give the vectors that estimates are the dot products with."""
        o = self.integers(rows, dim) * _factors(rows)[:, None]
        x: FloatArray = _core.rotate(o, self.arrays["signs"], True) + self.arrays["mean"]
        return x

    def integers(self, rows: Rows, dim: int) -> FloatArray:
        """Read the grid vectors (n, dim) of rows of codes."""
        return odd_integers(rows, dim, self._bits)

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Rotate queries, about the mean under l2."""
        mean, signs = self.arrays["mean"], self.arrays["signs"]
        if metric != "l2":
            return _core.rotate(u, signs), u.astype(np.float64) @ mean
        r = u - mean
        return 2 * _core.rotate(r, signs), -squares(r)

    def terms(self, metric: Metric) -> Terms | None:
        """Say what `query` computes."""
        return Terms(mean=self.arrays["mean"], signs=self.arrays["signs"])


def _factors(rows: Rows) -> FloatArray:
    assert rows.alpha is not None  # noqa: S101 - the layout has it
    return rows.alpha


def _sine(o: FloatArray, v: FloatArray) -> FloatArray:
    """Give the sine of the angle between vectors and integers that 99.9 % do not reach."""
    lengths = np.sqrt(squares(o) * squares(v))
    cosines = np.einsum("ij,ij->i", o, v, dtype=np.float64)[lengths > 0] / lengths[lengths > 0]
    sines = np.sqrt(np.maximum(1 - cosines**2, 0))
    return np.array([np.quantile(sines, WIDEST) if len(sines) else 0], dtype=np.float32)


def _gate(v: FloatArray) -> FloatArray:
    """Give the slope and the noise of estimates from the signs of integers alone, which few rows exceed."""
    dim = v.shape[1]
    slopes = squares(v) / np.maximum(np.abs(v).sum(axis=1, dtype=np.float64), 1)
    noise = np.sqrt(np.maximum(slopes**2 * dim - squares(v), 0) / max(dim - 1, 1))
    steep, noisy = (np.quantile(of, STEEPEST) if len(v) else 0 for of in (slopes, noise))
    return np.array([steep, GATED * noisy], dtype=np.float32)
