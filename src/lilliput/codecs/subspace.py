"""Coordinates along orthonormal directions: what every linear shortening is, whoever chose the directions."""

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, Shortener, squares
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage


class Subspace(Shortener):
    """Project onto D orthonormal directions, about a mean unless the metric is cosine.

    By itself it is what a fitted scikit-learn transformer with such directions, a PCA for one, is kept as.
    """

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the directions, one a row, and the mean unless the metric is cosine."""
        found: Shapes = {"directions": ("float32", (self._kept, dim))}
        if metric != "cosine":
            found["mean"] = ("float32", (dim,))
        return found

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Leave the directions as they were given.

        Raises
        ------
        InvalidSpec
            When none were.
        """
        if not self.arrays:
            raise needs_transformer(self.stage)

    def directions(self, dim: int) -> FloatArray:
        """Give the directions, orthonormal rows of `dim` numbers."""
        found: FloatArray = self.arrays["directions"]
        return found

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Project rows."""
        return _core.project(x, self.directions(x.shape[1]), self.arrays.get("mean"), threads)

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Give the nearest points of the subspace."""
        x = _core.project(y, np.ascontiguousarray(self.directions(dim).T), None, threads)
        mean = self.arrays.get("mean")
        return x if mean is None else x + mean

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Project queries; under l2 what the subspace cannot see is as far from every row."""
        mean = self.arrays.get("mean")
        directions = self.directions(q.shape[1])
        if metric == "l2":
            u = _core.project(q, directions, mean)
            return u, squares(u) - squares(q if mean is None else q - mean)
        u = _core.project(q, directions, None)
        return u, np.zeros(len(q)) if mean is None else q.astype(np.float64) @ mean


def needs_transformer(stage: Stage) -> InvalidSpec:
    """Say that a stage is not made from its spelling."""
    return InvalidSpec(
        f"'{stage}' stands for a fitted scikit-learn transformer; pass the transformer itself, as in "
        "Codec([transformer, 'int8'])."
    )
