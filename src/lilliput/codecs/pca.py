"""`pcaD`: the D directions in which the vectors differ most.

Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine, 1901.
"""

from collections.abc import Sequence

import numpy as np

from lilliput.codecs.base import DoubleArray, Metric, fewer
from lilliput.codecs.subspace import Subspace
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import spans

FIT_ROWS = 4_096


class PCA(Subspace):
    """Project onto the leading eigenvectors of the covariance.

    Under cosine the directions are those of the second moment about the origin and nothing is subtracted: the
    origin is what angles are measured at, and a row that is nothing must stay nothing.
    """

    learns = True
    nested = True

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what keeps all directions, and parts of them."""
        return [f"pca{kept}" for kept in (dim, *fewer(dim))]

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse to find more directions than there are dimensions or rows."""
        super().check(dim, rows)
        if rows is not None and self._kept > rows:
            raise InvalidInput(
                f"{self.stage} looks for {self._kept} directions and the sample has {rows} rows; fit on at "
                f"least {self._kept}, or write {self.stage.name}{rows}."
            )

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Find the directions in float64."""
        dim = sample.shape[1]
        mean = np.zeros(dim) if metric == "cosine" else sample.mean(axis=0, dtype=np.float64)
        directions = _directions(sample, mean)[: self._kept]
        # An eigenvector's sign is a matter of the library's mood.
        largest = np.abs(directions).argmax(axis=1)
        signs = np.where(directions[np.arange(len(directions)), largest] < 0, -1.0, 1.0)
        self.arrays = {"directions": (directions * signs[:, None]).astype(np.float32, order="C")}
        if metric != "cosine":
            self.arrays["mean"] = mean.astype(np.float32)


def _directions(sample: FloatArray, mean: DoubleArray) -> DoubleArray:
    """Give orthonormal directions as rows, those of most variance first."""
    rows, dim = sample.shape
    if rows < dim:
        return np.linalg.svd(sample - mean, full_matrices=False)[2]
    moment = np.zeros((dim, dim))
    for start, stop in spans(rows, FIT_ROWS):
        block = sample[start:stop] - mean
        moment += block.T @ block
    return np.linalg.eigh(moment / rows)[1][:, ::-1].T
