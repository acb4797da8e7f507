"""`clip`: numbers held within a limit, for embeddings in which a few dimensions outweigh all others.

Luo, Kulmizev and Mao, "Positional Artefacts Propagate Through Masked Language Model Embeddings", ACL 2021.
"""

from collections.abc import Sequence

import numpy as np

from lilliput import _core
from lilliput.codecs.base import Metric, Shapes, take_numbers
from lilliput.codecs.options import number_between, take_options
from lilliput.codecs.remap import Remap
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

Z = 5.0
FIT_NUMBERS = 2**22


class Clip(Remap):
    """Hold the numbers of rows and queries within plus and minus one limit.

    The limit is z times the root mean square of the typical dimension (the median over dimensions), so that
    it does not move with the few that are to be held; limits of each dimension's own would. A dimension that
    lies beyond the limit in all rows counts alike in all scores. On embeddings without such dimensions next
    to nothing is clipped. ``quantile=0.999`` takes the limit from the magnitudes of all numbers instead.

    Queries are held too: numbers that outweigh all others would drown them when a query is rounded, and pull
    them from rows that no longer have such numbers.
    """

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

    def learn(self, sample: FloatArray) -> None:
        """Find the limit; none where the typical dimension is nothing."""
        some = sample[:: -(-sample.size // FIT_NUMBERS)]
        if self._quantile is None:
            means = np.square(some, dtype=np.float64).mean(axis=0)
            limit = self._z * float(np.sqrt(np.median(means)))
        else:
            limit = float(np.quantile(np.abs(some), self._quantile))
        held = limit if limit > 0 else np.finfo(np.float32).max
        self.arrays = {"limit": np.array([held], dtype=np.float32)}

    def there(self, x: FloatArray, threads: int) -> FloatArray:
        """Hold vectors within the limit."""
        return _core.clamp(x, float(np.abs(self.arrays["limit"][0])), threads)

    def back(self, y: FloatArray, dim: int, threads: int) -> FloatArray:
        """Leave vectors as they are: the nearest of those that clip to them."""
        return y.copy()
