"""`leanvecD`: D directions that keep the scores of rows with queries, wherever queries lie.

Tepper, Bhati, Aguerrebere, Hildebrand and Willke, "LeanVec: searching vectors faster by making them fit",
2023.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, QueryLearner, Shapes, Shortener, squares
from lilliput.codecs.directions import stored, straightened
from lilliput.codecs.lean import Fold, best_share, error, frank_wolfe, leading, mixed
from lilliput.codecs.nearness import ASKED, ROWS, Nearness, some
from lilliput.codecs.options import take_options
from lilliput.codecs.pca import check_rows, moment, origin
from lilliput.errors import InvalidInput, InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

# What each leaves, which in a file tells how `leanvecD` without a method was fitted.
METHODS = {"id": ("directions",), "es": ("mixed",), "fw": ("queries", "rows")}
PARTS = 3  # of the queries: each is held out once
FEWEST = 30  # queries: with fewer it is not asked whether they lie elsewhere
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)  # of the queries' moment in the mixture
DESCENT_SHARES = (0.3, 0.6, 0.9, 1.0)


class LeanVec(Shortener, QueryLearner):
    """Project rows and queries so that products between them change least.

    ``method=id`` takes queries to lie as rows do: the leading directions of the rows' second moment. ``es``
    takes those of a mixture of both second moments, whose share of queries is chosen on queries held out;
    ``fw`` goes on from there by Frank-Wolfe to one projection for rows and another for queries, which take
    twice the bytes. Without a method it is ``id`` where there are no queries, or fewer than 30, and else what
    finds more neighbours of queries held out, ``id`` or ``es``.
    Scores are nearer with ``fw`` than with ``es``, and recall is about the same.

    Under cosine ``id`` scales rows to unit length again, which finds more where queries lie among rows; the
    others leave them as they are: what was cut off is at right angles to the queries that were learnt from.
    Under l2 the last of the D numbers is how long the part of a row is that no direction sees. It counts as
    distance, so that scores are nearer to those of the original rows than decoded rows could say.
    """

    learns = True
    nested: ClassVar[Collection[Metric]] = ("ip", "cosine")
    unasked: ClassVar[tuple[Metric, ...]] = ("l2",)

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what keeps a half and a quarter of the dimensions."""
        return [f"leanvec{kept}" for kept in dict.fromkeys((dim // 2, dim // 4)) if kept]

    def __init__(self, stage: Stage) -> None:
        plain, options = take_options(stage, "method")
        super().__init__(plain)
        self.stage = stage
        self._method = self._asked_for = options.get("method", "")
        if options and self._method not in METHODS:
            raise InvalidSpec(f"'{stage}' gives method={self._method}; it is one of {', '.join(METHODS)}.")
        self._maps: tuple[FloatArray, FloatArray] | None = None

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse to find more directions than there are dimensions or rows."""
        super().check(dim, rows)
        check_rows(self.stage, self._kept, rows)

    @property
    def method(self) -> str:
        """How the directions were found; empty before that, unless it was asked for."""
        return self._method

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the directions, or both projections; the mean, and under l2 the mean of the lengths unseen."""
        shape = (self._directions(metric), dim)
        found: Shapes = dict.fromkeys(METHODS[self._method or "id"], ("float16", shape))
        if metric != "cosine":
            found["mean"] = ("float32", (dim,))
        if metric == "l2":
            found["rest"] = ("float32", (1,))
        return found

    def fit_asked(
        self, sample: FloatArray, queries: FloatArray | None, metric: Metric, rng: np.random.Generator
    ) -> None:
        """Learn the directions in float64.

        Raises
        ------
        InvalidInput
            For a method that learns from queries, where there are none.
        """
        self._method = self._asked_for
        if queries is None:
            if self._method in ("es", "fw"):
                raise InvalidInput(
                    f"'{self.stage}' learns from queries and there are none; pass queries to fit, or write "
                    f"{self.stage.name}{self._kept}."
                )
            self._method = "id"
        mean = origin(sample, metric)
        self.arrays = {} if metric == "cosine" else {"mean": mean.astype(np.float32)}
        learner = _Learner(sample, queries, mean, metric, rng)
        if not self._method:
            self._method = learner.method()
        kept = self._directions(metric)
        if self._method == "fw":
            a, b = learner.descend(kept)
            self.arrays |= {"queries": a.astype(np.float16), "rows": b.astype(np.float16)}
        else:
            (name,) = METHODS[self._method]
            self.arrays[name] = stored(learner.directions(self._method)[:kept])
        self._settle()
        if metric == "l2":
            self.arrays["rest"] = np.zeros(1, dtype=np.float32)
            self.arrays["rest"][0] = self.forward(some(sample, ROWS, rng))[:, -1].mean(dtype=np.float64)

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved; errors are those of any stage."""
        if not self._asked_for:
            self._method = "es" if "mixed" in arrays else "id"
        super().restore(arrays, dim, metric)
        self._settle()

    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Project rows; under l2 add what their length has besides."""
        mean = self.arrays.get("mean")
        return through(x, self._projections()[1], mean, self.arrays.get("rest"), threads)

    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Give the vectors whose products with queries are those of the projections."""
        matrix = self._projections()[0]
        seen = np.ascontiguousarray(y[:, : len(matrix)])
        x = _core.project(seen, np.ascontiguousarray(matrix.T), None, threads)
        mean = self.arrays.get("mean")
        return x if mean is None else x + mean

    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Project queries.

        Under l2 scores are minus the squared distances to the original rows, but for the error of products.
        """
        mean, matrix = self.arrays.get("mean"), self._projections()[0]
        if metric != "l2" or mean is None:
            u = _core.project(q, matrix)
            return u, np.zeros(len(q)) if mean is None else q.astype(np.float64) @ mean
        u = _core.project(q, matrix, mean)
        rest = np.full((len(u), 1), -self.arrays["rest"][0], dtype=np.float32)
        return np.hstack([u, rest]), squares(u) - squares(q - mean)

    def _directions(self, metric: Metric) -> int:
        return self._kept - (metric == "l2")

    def _settle(self) -> None:
        """Follow from the method and the arrays what they imply."""
        self.keeps_length = self._method in ("es", "fw")
        self._maps = None

    def _projections(self) -> tuple[FloatArray, FloatArray]:
        """Give the matrices that queries and rows are multiplied with."""
        if self._maps is None:
            found = [self.arrays[name] for name in METHODS[self._method]]
            if self._method == "fw":
                self._maps = found[0].astype(np.float32), found[1].astype(np.float32)
            else:
                self._maps = (straightened(found[0]),) * 2
        return self._maps


class _Learner:
    """Second moments of rows and queries, and what is learnt from them."""

    def __init__(
        self,
        sample: FloatArray,
        queries: FloatArray | None,
        mean: DoubleArray,
        metric: Metric,
        rng: np.random.Generator,
    ) -> None:
        self._sample, self._metric, self._rng, self._mean = sample, metric, rng, mean
        self._rows = moment(sample, mean)
        if queries is None:
            return
        # Under ip a mean is taken from the rows alone: products with it are the same for every row.
        about = mean if metric == "l2" else np.zeros(len(mean))
        self._parts = [queries[part] for part in np.array_split(rng.permutation(len(queries)), PARTS)]
        self._moments = [moment(part, about) * len(part) for part in self._parts]
        self._count = len(queries)
        self._queries = np.sum(self._moments, axis=0) / self._count
        self._kept = sorted({max(1, len(mean) // part) for part in (8, 4, 2)})

    @cached_property
    def share(self) -> float:
        """How much queries count in the mixture of both moments."""
        if self._count < PARTS:
            return SHARES[len(SHARES) // 2]
        return best_share(self._folds(), self._rows, self._kept, SHARES)

    def method(self) -> str:
        """Say what finds more neighbours of queries held out: `id` or `es`."""
        if self._count < FEWEST:
            return "id"
        rows = np.ascontiguousarray(some(self._sample, ROWS, self._rng))
        mean = None if self._metric == "cosine" else self._mean.astype(np.float32)
        gain = 0.0
        plain = leading(self._rows).astype(np.float32)
        for fold, held in zip(self._folds(), self._parts, strict=True):
            queries = np.ascontiguousarray(some(held, ASKED, self._rng))
            near = Nearness(rows, queries, self._metric)
            learnt = leading(mixed(self.share, fold.learnt, self._rows)).astype(np.float32)
            for kept in self._kept:
                gain += self._found(near, learnt[:kept], mean, again=False)
                gain -= self._found(near, plain[:kept], mean, again=True)
        return "es" if gain > 0 else "id"

    def directions(self, method: str) -> DoubleArray:
        """Give orthonormal directions, the first ones the most useful."""
        return leading(self._rows if method == "id" else mixed(self.share, self._queries, self._rows))

    def descend(self, kept: int) -> tuple[DoubleArray, DoubleArray]:
        """Give projections of queries and rows; the share of queries is what loses least on some held out."""
        share = DESCENT_SHARES[len(DESCENT_SHARES) // 2]
        if self._count >= PARTS:
            fold = self._folds()[0]
            start = leading(mixed(self.share, fold.learnt, self._rows))[:kept]
            lost = []
            for tried in DESCENT_SHARES:
                a, b, _ = frank_wolfe(mixed(tried, fold.learnt, self._rows), self._rows, start)
                lost.append(error(a, b, fold.held, self._rows))
            share = DESCENT_SHARES[int(np.argmin(lost))]
        start = self.directions("es")[:kept]
        a, b, _ = frank_wolfe(mixed(share, self._queries, self._rows), self._rows, start)
        return a, b

    def _folds(self) -> list[Fold]:
        total = self._queries * self._count
        return [
            Fold((total - held) / max(self._count - len(part), 1), held / max(len(part), 1))
            for held, part in zip(self._moments, self._parts, strict=True)
        ]

    def _found(self, near: Nearness, matrix: FloatArray, mean: FloatArray | None, *, again: bool) -> float:
        """Measure the recall of a projection; `again`: rows are scaled to unit length under cosine."""
        far = self._metric == "l2"
        rest = np.zeros(1, dtype=np.float32) if far else None
        y = through(near.rows, np.ascontiguousarray(matrix), mean, rest)
        u = _core.project(near.queries, np.ascontiguousarray(matrix), mean if far else None)
        if far:
            u = np.hstack([u, np.zeros((len(u), 1), dtype=np.float32)])
        return float(near.recall(_core.normalize(y) if again and mean is None else y, u).mean())


def through(
    x: FloatArray, matrix: FloatArray, mean: FloatArray | None, rest: FloatArray | None, threads: int = 0
) -> FloatArray:
    """Project rows.

    Parameters
    ----------
    x:
        (n, dim).
    matrix:
        (D, dim), of spectral norm up to 1.
    mean:
        What is subtracted first, (dim,).
    rest:
        (1,). Where there is one, a last number is added: the length that the projection left out, less this.
    threads:
        0 takes all.
    """
    y = _core.project(x, matrix, mean, threads)
    if rest is None:
        return y
    whole = _core.squared_norms(x if mean is None else x - mean, threads)
    unseen = np.sqrt(np.maximum(whole - _core.squared_norms(y, threads), 0))
    return np.hstack([y, (unseen - rest)[:, None]])
