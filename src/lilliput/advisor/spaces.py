"""What codecs share, made once: vectors projected on their leading directions, or cut short."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import Metric
from lilliput.codecs.codec import Codec
from lilliput.codecs.registry import names
from lilliput.io.arrays import FloatArray
from lilliput.spec import parse_codec

FIT_ROWS = 16_384


class Spaces:
    """Rows and queries in every space that candidates quantise in.

    The directions of `pcaD` are the first D of those for a larger D, so that one fit serves all. A codec for
    what follows then ranks these rows as the whole codec ranks the original ones.

    Parameters
    ----------
    rows:
        float32 (n, d).
    queries:
        float32 (m, d).
    fit:
        Numbers of the rows to fit on.
    metric, seed:
        As for a codec.
    threads:
        0 takes all.
    """

    def __init__(
        self,
        rows: FloatArray,
        queries: FloatArray,
        fit: NDArray[np.int64],
        metric: Metric,
        seed: int,
        threads: int,
    ) -> None:
        self.rows, self.queries = rows, queries
        self.metric, self.seed, self.threads = metric, seed, threads
        self._fit = fit[:: max(1, len(fit) // FIT_ROWS)][:FIT_ROWS]

    @property
    def most_kept(self) -> int:
        """How many directions can be found."""
        return min(int(self.rows.shape[1]), len(self._fit))

    def fitted(self, text: str) -> tuple[Codec, FloatArray, FloatArray]:
        """Fit what follows a leading `mrl` or `pca`, and give the rows and queries that it then sees."""
        stages = parse_codec(text, names()).stages
        rows, queries = self.rows, self.queries
        if stages[0].name in ("mrl", "pca"):
            kept = stages[0].numbers[0]
            if stages[0].name == "pca":
                rows, queries = self._projected
            rows, queries = np.ascontiguousarray(rows[:, :kept]), np.ascontiguousarray(queries[:, :kept])
            stages = stages[1:]
        codec = Codec(",".join(map(str, stages)), metric=self.metric, seed=self.seed)
        return codec.fit(rows[self._fit], progress=False), rows, queries

    @cached_property
    def _projected(self) -> tuple[FloatArray, FloatArray]:
        codec = Codec(f"pca{self.most_kept},f32", metric=self.metric, seed=self.seed)
        _, arrays = codec.fit(self.rows[self._fit], progress=False).state()
        directions, mean = arrays["0.directions"], arrays.get("0.mean")
        rows = _core.project(self.rows, directions, mean, self.threads)
        # A mean taken from a query only shifts its inner products with all rows alike, but not under l2.
        queries = _core.project(self.queries, directions, mean if self.metric == "l2" else None, self.threads)
        return rows, queries
