"""`pcaD`: the D directions in which the vectors differ most.

Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine, 1901.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.base import DoubleArray, Metric, Shapes, fewer
from lilliput.codecs.directions import stored, straightened
from lilliput.codecs.sizing import ALL, Sized
from lilliput.codecs.subspace import Subspace
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import spans
from lilliput.spec import Stage

FIT_ROWS = 4_096


class PCA(Sized, Subspace):
    """Project onto the leading eigenvectors of the covariance.

    Under cosine the directions are those of the second moment about the origin and nothing is subtracted: the
    origin is what angles are measured at, and a row that is nothing must stay nothing.
    """

    learns = True

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what keeps all directions, and parts of them."""
        return [f"pca{kept}" for kept in (dim, *fewer(dim))]

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._dtype = "float16"
        self._straight: FloatArray | None = None

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse to find more directions than there are dimensions or rows."""
        super().check(dim, rows)
        check_rows(self.stage, 0 if self._kept == ALL else self._kept, rows)

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the directions, one a row, and the mean unless the metric is cosine."""
        found: Shapes = {"directions": (self._dtype, (self.out_dim(dim), dim))}
        if metric != "cosine":
            found["mean"] = ("float32", (dim,))
        return found

    def learn(self, sample: FloatArray, metric: Metric) -> None:
        """Find the directions in float64."""
        mean = origin(sample, metric)
        self.arrays = {"directions": stored(principal(sample, mean)[: self._kept])}
        if metric != "cosine":
            self.arrays["mean"] = mean.astype(np.float32)
        self._dtype, self._straight = "float16", None

    def cut(self, kept: int) -> None:
        """Leave the first directions."""
        self.arrays["directions"] = self.arrays["directions"][:kept].copy()
        self._straight = None

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved; files of 0.1.0 hold directions in float32, which are applied as are.

        Raises
        ------
        CorruptFile
            When they are not those that this stage leaves.
        """
        found = arrays.get("directions")
        self._dtype = "float32" if found is not None and found.dtype == np.float32 else "float16"
        super().restore(arrays, dim, metric)
        self._straight = None

    def directions(self, dim: int) -> FloatArray:
        """Give the directions, orthonormal rows of `dim` numbers."""
        if self._straight is None:
            found = self.arrays["directions"]
            self._straight = found if found.dtype == np.float32 else straightened(found)
        return self._straight


def check_rows(stage: Stage, wanted: int, rows: int | None) -> None:
    """Refuse to find more directions than there are rows.

    Raises
    ------
    InvalidInput
        With both numbers.
    """
    if rows is not None and wanted > rows:
        raise InvalidInput(
            f"{stage} looks for {wanted} directions and the sample has {rows} rows; fit on at least "
            f"{wanted}, or write {stage.name}{rows}."
        )


def origin(sample: FloatArray, metric: Metric) -> DoubleArray:
    """Give what directions are about: the mean, and under cosine nothing."""
    if metric == "cosine":
        return np.zeros(sample.shape[1])
    mean: DoubleArray = sample.mean(axis=0, dtype=np.float64)
    return mean


def principal(sample: FloatArray, mean: DoubleArray) -> DoubleArray:
    """Give orthonormal directions as rows, those of most variance first: as many as rows or dimensions."""
    rows, dim = sample.shape
    if rows < dim:
        return np.linalg.svd(sample - mean, full_matrices=False)[2]
    return np.linalg.eigh(moment(sample, mean))[1][:, ::-1].T


def moment(sample: FloatArray, mean: DoubleArray) -> DoubleArray:
    """Give the mean of the outer products of rows less a mean."""
    dim = sample.shape[1]
    total = np.zeros((dim, dim))
    for start, stop in spans(len(sample), FIT_ROWS):
        block = sample[start:stop] - mean
        total += block.T @ block
    return total / max(len(sample), 1)
