"""Numbers on a symmetric grid of small integers: what `int8` and `int4` share.

The grid has a step for each row, for each dimension, or for all numbers. Steps that rows share are calibrated
on the sample: a grid that ends before the largest number clips a few and rounds all others better.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import (
    DoubleArray,
    Metric,
    Quantiser,
    Shapes,
    negated_distance,
    squares,
    take_numbers,
)
from lilliput.codecs.layout import ByteArray, Layout, Rows
from lilliput.codecs.options import number_between, take_options
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

SCALES = ("row", "dim", "global")
# Shares of the sample inside the grid; the one of least squared error is taken, for each step by itself.
CLIPS = (0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999, 1.0)
FIT_ROWS = 16_384


class IntegerGrid(Quantiser):
    """Round to ``levels`` steps up and down from the middle.

    With ``scale=row`` the middle is zero, and the largest number of the row is the last step; each row keeps
    its step. With ``scale=dim`` each dimension has a step and its mean as the middle; with ``scale=global``
    there is one step about zero. Rows then keep no factor, and what lies beyond the grid becomes its end:
    ``clip`` is the share of the sample that lies within, and without it the one of least squared error.

    About a mean there is no zero: with ``scale=dim`` a row of zeros becomes a short row.

    Attributes
    ----------
    kind:
        The kernel family.
    levels:
        Steps on either side.
    """

    kind: ClassVar[str]
    levels: ClassVar[int]

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        plain, options = take_options(stage, "scale", "clip", most=2)
        take_numbers(plain)
        self._scale = options.get("scale", SCALES[0])
        if self._scale not in SCALES:
            raise InvalidSpec(f"'{stage}' asks for scale={self._scale}; write {' or '.join(SCALES)}.")
        self.learns = self._scale != "row"
        self._clips: tuple[float, ...] = CLIPS
        if "clip" in options:
            self._clips = (number_between(options["clip"], 0.5, 1, stage),)
            if not self.learns:
                raise InvalidSpec(
                    f"'{stage}' clips, and a row's step is that of its largest number; add scale=dim or "
                    "scale=global."
                )

    @abstractmethod
    def numbers(self, rows: ByteArray, dim: int) -> NDArray[np.int8]:
        """Read the numbers (n, dim) of rows of codes."""

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        return Layout(self.kind, dim, _core.row_bytes(self.kind, dim), not self.learns, metric == "l2")

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the steps, and the mean of each dimension where it has its own step."""
        if self._scale == "dim":
            return {"mean": ("float32", (dim,)), "step": ("float32", (dim,))}
        return {"step": ("float32", (1,))} if self.learns else {}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Find the steps of least squared error among those that clip a little."""
        if not self.learns:
            return
        by_dim = self._scale == "dim"
        if by_dim:
            self.arrays["mean"] = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        if len(sample) > FIT_ROWS:
            sample = sample[np.sort(rng.choice(len(sample), FIT_ROWS, replace=False))]
        groups = (sample - self.arrays["mean"]).T if by_dim else sample.reshape(1, -1)
        step = [_best_step(np.abs(group), self.levels, self._clips) for group in groups]
        self.arrays["step"] = np.array(step, dtype=np.float32)

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write steps, and the scale of each row where it has one, in place."""
        if not self.learns:
            _core.encode(self.kind, y, into.rows, into.alpha, into.beta, threads)
            return
        step = self.arrays["step"]
        with np.errstate(divide="ignore", over="ignore"):
            inverse = np.float32(1) / step
            scaled = (y - self._mean) * np.where(np.isfinite(inverse), inverse, np.float32(0))
        _core.encode(self.kind, scaled, into.rows, threads=threads)
        if into.beta is not None:
            placed = self.numbers(into.rows, y.shape[1]) * step
            into.beta[:] = -_core.squared_norms(placed, threads)

    def encode_raw(self, x: FloatArray, into: Rows, *, unit: bool, threads: int = 0) -> float | None:
        """Write steps and scales in place where rows have scales, and give the greatest squared length."""
        if self.learns:
            return None
        return _core.encode_raw(self.kind, x, into.rows, into.alpha, into.beta, unit, threads=threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Multiply steps by their scale."""
        x = self.numbers(rows.rows, dim).astype(np.float32)
        if self.learns:
            x *= self.arrays["step"]
            x += self._mean
        elif rows.alpha is not None:
            x *= rows.alpha[:, None]
        return x

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Fold shared means and steps into queries and biases; under l2 score minus the squared distance."""
        if not self.learns:
            return negated_distance(u) if metric == "l2" else (u, np.zeros(len(u)))
        mean, step = self._mean, self.arrays["step"]
        if metric == "l2":
            r = u - mean
            return 2 * step * r, -squares(r)
        return step * u, (u.astype(np.float64) * mean).sum(axis=1)

    @property
    def _mean(self) -> FloatArray:
        return self.arrays.get("mean", np.zeros(1, dtype=np.float32))


def _best_step(sizes: FloatArray, levels: int, clips: tuple[float, ...]) -> float:
    """Give the step with which a grid that holds one of the shares of `sizes` loses least."""
    ranked = np.sort(sizes)
    best, least = 0.0, np.inf
    for clip in clips:
        step = float(ranked[max(0, int(np.ceil(clip * len(ranked))) - 1)]) / levels
        if step < np.finfo(np.float32).tiny:
            error = float(np.square(ranked, dtype=np.float64).sum())
        else:
            placed = np.minimum(np.rint(ranked / np.float32(step)), levels) * np.float32(step)
            error = float(np.square(ranked - placed, dtype=np.float64).sum())
        if error < least:
            best, least = step, error
    return best
