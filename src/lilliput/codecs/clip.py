"""`clip`: numbers held within a limit, for embeddings in which a few dimensions outweigh all others.

Luo, Kulmizev and Mao, "Positional Artefacts Propagate Through Masked Language Model Embeddings", ACL 2021.
"""

from collections.abc import Sequence

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, Transform, take_numbers
from lilliput.codecs.options import number_between, take_options
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

Z = 5.0
FIT_NUMBERS = 2**22


class Clip(Transform):
    """Hold the numbers of rows, not of queries, within plus and minus one limit.

    The limit is z times the root mean square of the typical dimension (the median over dimensions), so that
    it does not move with the few that are to be held; limits of each dimension's own would. Where a dimension
    lies beyond the limit in all rows, it counts alike in all scores. On embeddings without such dimensions
    next to nothing is clipped. ``quantile=0.999`` takes the limit from the magnitudes of all numbers instead.
    """

    role = "shape"
    learns = True

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell the one form."""
        return ("clip",)

    def __init__(self, stage: Stage) -> None:
        plain, options = take_options(stage, "z", "quantile")
        super().__init__(stage)
        take_numbers(plain)
        self._z = number_between(options.get("z", str(Z)), 0.1, 1000, stage)
        self._quantile = number_between(options["quantile"], 0.5, 1, stage) if "quantile" in options else None

    def out_dim(self, dim: int) -> int:
        """Say that the dimensions stay."""
        return dim

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the limit."""
        return {"limit": ("float32", (1,))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Find the limit; none where the typical dimension is nothing."""
        some = sample[:: -(-sample.size // FIT_NUMBERS)]
        if self._quantile is None:
            means = np.square(some, dtype=np.float64).mean(axis=0)
            limit = self._z * float(np.sqrt(np.median(means)))
        else:
            limit = float(np.quantile(np.abs(some), self._quantile))
        held = limit if limit > 0 else np.finfo(np.float32).max
        self.arrays = {"limit": np.array([held], dtype=np.float32)}

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Hold rows within the limit."""
        return _core.clamp(x, float(np.abs(self.arrays["limit"][0])), threads)

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Leave rows as they are: the nearest vectors that clip to them."""
        return y

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Leave queries as they are."""
        return q, np.zeros(len(q))
