"""`rotate`: a random rotation, which spreads what lies in few dimensions over all of them.

Rounds of sign flips and Walsh-Hadamard transforms stand in for a random orthogonal matrix, as in Ailon and
Chazelle, "The fast Johnson-Lindenstrauss transform and approximate nearest neighbors", SIAM Journal on
Computing, 2009.
"""

from collections.abc import Sequence

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, Transform, take_numbers
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

# Rounds alternate between a prefix and a suffix whose length is a power of two; four bring every input number
# to every output number whatever the dimensions.
ROUNDS = 4


class Rotation(Transform):
    """Rotate by seeded signs; lengths and angles stay."""

    role = "spread"
    keeps_length = True

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell the one form."""
        return ("rotate",)

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        take_numbers(stage)

    def out_dim(self, dim: int) -> int:
        """Say that the dimensions stay."""
        return dim

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the signs, one byte each: 1 flips."""
        return {"signs": ("uint8", (ROUNDS, dim))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Draw the signs."""
        self.arrays = {"signs": rng.integers(0, 2, size=(ROUNDS, sample.shape[1]), dtype=np.uint8)}

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Rotate rows."""
        return _core.rotate(x, self.arrays["signs"], False, threads)

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Rotate rows back."""
        return _core.rotate(y, self.arrays["signs"], True, threads)

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Rotate queries; no score changes."""
        return self.forward(q), np.zeros(len(q))
