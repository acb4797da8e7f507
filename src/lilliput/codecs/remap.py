"""Stages that move rows and queries to another space, in which scores are computed."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Transform
from lilliput.io.arrays import FloatArray


class Remap(Transform):
    """Map rows and queries alike; the metric then holds in the new space.

    Under cosine the map gets unit vectors and gives unit vectors, and zeros stay zeros.
    """

    role = "shape"
    keeps_length = True  # of unit vectors, and length is a matter of cosine alone
    keeps_scores = False
    _unit = False

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Learn the map."""
        self._unit = metric == "cosine"
        self.learn(_core.normalize(sample) if self._unit else sample)

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved."""
        super().restore(arrays, dim, metric)
        self._unit = metric == "cosine"

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Map rows."""
        if not self._unit:
            return self.there(x, threads)
        y = _core.normalize(self.there(_core.normalize(x, threads), threads), threads)
        y[~x.any(axis=1)] = 0
        return y

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Map rows back; what has no length stays so."""
        x = self.back(y, dim, threads)
        if self._unit:
            x[~y.any(axis=1)] = 0
        return x

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Map queries as rows."""
        return self.forward(q), np.zeros(len(q))

    @abstractmethod
    def learn(self, sample: FloatArray) -> None:
        """Fill `arrays` from rows, which are unit vectors under cosine."""

    @abstractmethod
    def there(self, x: FloatArray, threads: int) -> FloatArray:
        """Map rows, which are unit vectors under cosine."""

    @abstractmethod
    def back(self, y: FloatArray, dim: int, threads: int) -> FloatArray:
        """Undo the map as far as it goes; under cosine `y` has lost its length."""
