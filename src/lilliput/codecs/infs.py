"""`infsD`: the D dimensions that tell most and repeat least, as paths through all of them have it.

Roffo, Melzi and Cristani, "Infinite feature selection", ICCV 2015.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.base import DoubleArray, Metric, Shapes, squares
from lilliput.codecs.nearness import some
from lilliput.codecs.sizing import Sized
from lilliput.errors import CorruptFile
from lilliput.io.arrays import FloatArray

FIT_ROWS = 4_096
SPREAD = 0.5  # how much dispersion counts, beside how little two dimensions say the same
REACH = 0.9  # of the longest factor at which the sum over paths has an end
ALIKE = 9  # digits in which scores have to differ: what is alike goes by number


class InfiniteSelection(Sized):
    """Keep D dimensions as they are; the others come back as zeros.

    Two dimensions have an affinity: half of it the larger of their standard deviations (as a share of the
    largest there is), half one minus the magnitude of their rank correlation. A dimension's score is the sum
    over all paths of any length that begin with it, each the product of its affinities. A dimension that
    never changes has affinity to none.
    """

    learns = True

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what keeps a half and a quarter of the dimensions."""
        return [f"infs{kept}" for kept in dict.fromkeys((dim // 2, dim // 4)) if kept]

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the numbers of the dimensions, best first."""
        return {"kept": ("uint32", (self.out_dim(dim),))}

    def learn(self, sample: FloatArray, metric: Metric) -> None:
        """Rank the dimensions of at most 4,096 rows."""
        rows = some(sample, FIT_ROWS, np.random.default_rng(0))
        self.arrays = {"kept": ranking(rows.astype(np.float64))[: self._kept].astype(np.uint32)}

    def cut(self, kept: int) -> None:
        """Leave the best."""
        self.arrays["kept"] = self.arrays["kept"][:kept].copy()

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved.

        Raises
        ------
        CorruptFile
            When they are not those that this stage leaves.
        """
        super().restore(arrays, dim, metric)
        kept = self.arrays["kept"]
        if len(np.unique(kept)) < len(kept) or kept.max() >= dim:
            raise CorruptFile(f"The saved stage {self.stage} keeps no such dimensions; save the codec again.")

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Pick the dimensions out of rows."""
        return np.ascontiguousarray(x[:, self.arrays["kept"]])

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Fill up with zeros."""
        x = np.zeros((len(y), dim), dtype=np.float32)
        x[:, self.arrays["kept"]] = y
        return x

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Pick from queries; under l2 the rest of a query is as far from every row."""
        if metric != "l2":
            return self.forward(q), np.zeros(len(q))
        rest = np.delete(q, self.arrays["kept"], axis=1)
        return self.forward(q), -squares(rest)


def ranking(rows: DoubleArray) -> NDArray[np.int64]:
    """Give the dimensions of rows (n, d), the highest score first; of like scores the lower number.

    Examples
    --------
    >>> ranking(np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 1.0], [1.0, 0.0, 3.0], [5.0, 0.0, 2.0]]))
    array([0, 2, 1])
    """
    scores = scores_of(affinities(rows))
    most = float(scores.max())
    return np.argsort(-np.round(scores / most if most > 0 else scores, ALIKE), kind="stable")


def affinities(rows: DoubleArray) -> DoubleArray:
    """Give the affinity (d, d) of each two dimensions of rows (n, d), from 0 to 1."""
    deviations = rows.std(axis=0)
    moving = rows.max(axis=0) > rows.min(axis=0)
    most = float(deviations.max())
    spread = deviations / most if most > 0 else deviations
    ranks = np.stack([mean_ranks(column) for column in rows.T], axis=1)
    ranks -= ranks.mean(axis=0)
    lengths = np.sqrt(np.einsum("ij,ij->j", ranks, ranks))
    ranks /= np.where(lengths > 0, lengths, 1)
    apart = 1 - np.minimum(np.abs(ranks.T @ ranks), 1)
    found = SPREAD * np.maximum(spread[:, None], spread) + (1 - SPREAD) * apart
    return np.asarray(np.where(moving[:, None] & moving, found, 0.0))


def scores_of(affinity: DoubleArray) -> DoubleArray:
    """Sum the rows of ``(I - r A)^-1 - I``, paths of any length, with r 0.9 over the largest eigenvalue."""
    radius = float(np.linalg.eigvalsh(affinity)[-1])
    if radius <= 0:
        return np.zeros(len(affinity))
    paths = np.eye(len(affinity)) - REACH / radius * affinity
    return np.asarray(np.linalg.solve(paths, np.ones(len(affinity))) - 1)


def mean_ranks(values: DoubleArray) -> DoubleArray:
    """Rank numbers from 0; those that are equal share the mean of their ranks.

    Examples
    --------
    >>> mean_ranks(np.array([3.0, 1.0, 3.0, 2.0]))
    array([2.5, 0. , 2.5, 1. ])
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts + 1) / 2)[place])
