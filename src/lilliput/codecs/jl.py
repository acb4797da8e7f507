"""`jlD`: a random projection to D numbers that needs no sample.

A random rotation spreads each vector evenly; then every output is the signed sum of its own group of numbers.
Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform and approximate nearest neighbors", SIAM Journal
on Computing, 2009, with as sparse a projection as there is: one entry a column, as in Charikar, Chen and
Farach-Colton, "Finding frequent items in data streams", 2004, but with groups of like size.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, Shortener, fewer, squares
from lilliput.codecs.rotate import ROUNDS
from lilliput.errors import CorruptFile
from lilliput.io.arrays import FloatArray


class RandomProjection(Shortener):
    """Rotate by seeded signs, then sum groups of numbers.

    A sum is divided by the root of its group's size. So the rows of the whole map are orthonormal, and what
    comes back is the nearest point of a random subspace: products and squared distances shrink alike, to D of
    d on average, and order stays.
    """

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what keeps parts of the dimensions."""
        return [f"jl{kept}" for kept in fewer(dim)]

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the signs, one byte each (the last row for the sums), and the numbers by group."""
        return {"signs": ("uint8", (ROUNDS + 1, dim)), "order": ("uint32", (dim,))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Draw signs and groups."""
        dim = sample.shape[1]
        signs = rng.integers(0, 2, size=(ROUNDS + 1, dim), dtype=np.uint8)
        self.arrays = {"signs": signs, "order": rng.permutation(dim).astype(np.uint32)}

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved.

        Raises
        ------
        CorruptFile
            When they are not those that this stage leaves.
        """
        super().restore(arrays, dim, metric)
        if not np.array_equal(np.sort(self.arrays["order"]), np.arange(dim)):
            raise CorruptFile(
                f"The saved stage {self.stage} does not sum each number once; save the codec again."
            )

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Rotate rows and sum their groups."""
        signs = self.arrays["signs"]
        rotated = _core.rotate(x, signs[:ROUNDS], False, threads)
        return _core.fold(rotated, self.arrays["order"], signs[ROUNDS], self._kept, threads)

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Give the nearest points of the subspace."""
        signs = self.arrays["signs"]
        spread = _core.unfold(y, self.arrays["order"], signs[ROUNDS], threads)
        return _core.rotate(spread, signs[:ROUNDS], True, threads)

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Project queries; under l2 what the subspace cannot see is as far from every row."""
        u = self.forward(q)
        return u, squares(u) - squares(q) if metric == "l2" else np.zeros(len(q))
