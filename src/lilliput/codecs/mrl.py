"""`mrlD`: the first D dimensions, for embeddings trained so that a prefix is an embedding.

Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022.
"""

from collections.abc import Sequence

import numpy as np

from lilliput.codecs.base import DoubleArray, Metric, fewer, squares
from lilliput.codecs.sizing import Sized
from lilliput.io.arrays import FloatArray


class Prefix(Sized):
    """Keep the first D dimensions; the others come back as zeros."""

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what keeps parts of the dimensions."""
        return [f"mrl{kept}" for kept in fewer(dim)]

    def learn(self, sample: FloatArray, metric: Metric) -> None:
        """Learn nothing: the order is that of the dimensions."""

    def cut(self, kept: int) -> None:
        """Do nothing: there is nothing to cut."""

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Cut rows off after D numbers."""
        return np.ascontiguousarray(x[:, : self._kept])

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Fill up with zeros."""
        x = np.zeros((len(y), dim), dtype=np.float32)
        x[:, : self._kept] = y
        return x

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Cut queries off; under l2 the rest of a query is as far from every row."""
        rest = squares(q[:, self._kept :]) if metric == "l2" else np.zeros(len(q))
        return np.ascontiguousarray(q[:, : self._kept]), -rest
