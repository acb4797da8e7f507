"""`whiten`: directions of like variance, so that none outweighs the others.

Su, Cao, Liu and Ou, "Whitening Sentence Representations for Better Semantics and Faster Retrieval", 2021.
Shrinkage: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal
of Multivariate Analysis, 2004.
"""

from collections.abc import Sequence

import numpy as np

from lilliput.codecs.affine import Affine
from lilliput.codecs.base import DoubleArray, check_kept, take_numbers
from lilliput.codecs.options import number_between, take_options
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import spans
from lilliput.spec import Stage

FIT_ROWS = 4_096
# Shares of the largest variance, or of the mean square, that are rounding and no variance.
FLAT = 1e-10


class Whiten(Affine):
    """Subtract the mean, turn to the directions of most variance, divide each by its standard deviation.

    Variances are first drawn towards their mean by the share ``shrinkage``, from 0 to 1; without the option
    Ledoit and Wolf's, the share that comes nearest to the true covariance. With many rows that is little, and
    whitening so far hurt sentence embeddings that were trained for search; 0.9 cost them little and sometimes
    helped. ``whitenD`` keeps the first D directions.
    """

    learns = True

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell a little and all that the covariance bears: judgments alone tell which is better."""
        return ("whiten(shrinkage=0.9)", "whiten")

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        text = dict(stage.options).get("shrinkage")
        self._shrinkage = None if text is None else number_between(text, 0, 1, stage)

    def numbers(self) -> int | None:
        """Read from the spelling how many directions are kept; None for all."""
        plain, _ = take_options(self.stage, "shrinkage")
        return take_numbers(plain, "the directions to keep")[0] if plain.numbers else None

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse to keep more directions than there are dimensions."""
        check_kept(self.out_dim(dim), dim, self.stage)

    def learn(self, sample: FloatArray) -> None:
        """Find mean, directions and variances in float64."""
        dim = sample.shape[1]
        mean = sample.mean(axis=0, dtype=np.float64)
        covariance, fourth = _moments(sample, mean)
        variances, directions = np.linalg.eigh(covariance)
        variances, directions = np.maximum(variances[::-1], 0), directions[:, ::-1].T
        share = self._shrinkage
        if share is None:
            share = _shrinkage(covariance, fourth, len(sample))
        variances = (1 - share) * variances + share * variances.mean()
        matrix = directions * _weights(variances, float(mean @ mean) / dim)[:, None]
        # An eigenvector's sign is a matter of the library's mood.
        largest = np.abs(matrix).argmax(axis=1)
        matrix *= np.where(matrix[np.arange(dim), largest] < 0, -1.0, 1.0)[:, None]
        self.arrays = {
            "matrix": matrix[: self.out_dim(dim)].astype(np.float32, order="C"),
            "origin": mean.astype(np.float32),
            "offset": np.zeros(self.out_dim(dim), dtype=np.float32),
        }
        self._inverse = None


def _moments(sample: FloatArray, mean: DoubleArray) -> tuple[DoubleArray, float]:
    """Give the covariance, and the mean of the fourth powers of the distances from the mean."""
    rows, dim = sample.shape
    moment, fourth = np.zeros((dim, dim)), 0.0
    for start, stop in spans(rows, FIT_ROWS):
        block = sample[start:stop] - mean
        moment += block.T @ block
        fourth += float(np.square(np.einsum("ij,ij->i", block, block)).sum())
    return moment / rows, fourth / rows


def _shrinkage(covariance: DoubleArray, fourth: float, rows: int) -> float:
    """Give the share of a multiple of the identity that Ledoit and Wolf find best."""
    square = float(np.square(covariance).sum())
    spread = square - float(np.trace(covariance)) ** 2 / len(covariance)
    noise = (fourth - square) / rows
    return min(max(noise / spread, 0.0), 1.0) if spread > 0 else 0.0


def _weights(variances: DoubleArray, square: float) -> DoubleArray:
    """Give one over the standard deviations, 0 where there is no variance, and 1 if there is none at all."""
    most = float(variances[0])
    if most <= FLAT * square or most == 0:
        return np.ones(len(variances))
    flat = variances <= FLAT * most
    return np.where(flat, 0, 1 / np.sqrt(np.where(flat, 1, variances)))
