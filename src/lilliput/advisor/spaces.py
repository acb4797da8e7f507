"""Codes of many candidates on the same rows, with the work that they share done once."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import Metric, QueryLearner, Transform
from lilliput.codecs.codec import Codec
from lilliput.codecs.layout import Rows
from lilliput.codecs.registry import names, stage_class
from lilliput.index.state import Store
from lilliput.io.arrays import FloatArray, block_rows
from lilliput.io.blocks import spans
from lilliput.spec import Stage, parse_codec

KEPT = 2  # codes, for candidates that differ in their refinement alone


class Coded(NamedTuple):
    """Codes of one codec, and the seconds that fitting and encoding took."""

    store: Store
    seconds: float


class Space(NamedTuple):
    """Rows behind a first stage."""

    head: Transform
    rows: FloatArray
    sample: FloatArray
    seconds: float


class Shared:
    """A codec whose first stage is one that others share: queries pass it, then what follows.

    What the first stage takes from every score of a query is left out, as it moves no row before another.
    """

    def __init__(self, head: Transform, kept: int, rest: Codec, metric: Metric) -> None:
        self._head, self._kept, self._rest, self._metric = head, kept, rest, metric

    def query(self, Q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Turn queries into what native scans take."""
        passed, _ = self._head.query(_core.normalize(Q) if self._metric == "cosine" else Q, self._metric)
        return self._rest.query(np.ascontiguousarray(passed[:, : self._kept]))

    def view(self, rows: Rows, guard: Any = None) -> _core.Codes:
        """Give rows the form that native scans take."""
        return self._rest.view(rows, guard)


class Spaces:
    """Rows behind the first stages of candidates, one such space at a time.

    A first stage that learns is fitted once for all that begin with it; where the numbers of a smaller one
    are the first of a larger one's, once for all sizes.

    Parameters
    ----------
    rows:
        float32 (n, d).
    fit:
        Numbers of the rows to fit on.
    metric, seed:
        As for a codec.
    threads:
        0 takes all.
    codecs:
        Those that will be asked for, so that the largest of a stage is known.
    queries:
        float32 (m, d), for stages that learn from such; None where there are none.
    """

    def __init__(
        self,
        rows: FloatArray,
        fit: NDArray[np.int64],
        metric: Metric,
        seed: int,
        threads: int,
        codecs: Iterable[str] = (),
        queries: FloatArray | None = None,
    ) -> None:
        self._rows, self._metric, self._seed, self._threads = rows, metric, seed, threads
        self._fit, self._queries = fit, queries
        self._widest: dict[str, int] = {}
        self._space: tuple[Stage, Space] | None = None
        self._codes: OrderedDict[str, Coded] = OrderedDict()
        self.expect(codecs)

    def expect(self, codecs: Iterable[str]) -> None:
        """Hear of codecs that will be asked for."""
        for text in codecs:
            first = parse_codec(text, names()).stages[0]
            if _nested(first, self._metric):
                self._widest[first.name] = max(self._widest.get(first.name, 0), first.numbers[0])

    def coded(self, text: str) -> Coded:
        """Fit a codec, encode the rows, and remember the codes for a while.

        Raises
        ------
        InvalidInput
            When the codes cannot hold the vectors.
        """
        if text not in self._codes:
            while len(self._codes) >= KEPT:
                self._codes.popitem(last=False)
            self._codes[text] = self._encoded(text)
        self._codes.move_to_end(text)
        return self._codes[text]

    def _encoded(self, text: str) -> Coded:
        first, *others = parse_codec(text, names()).stages
        if not others or not stage_class(first.name).learns:
            codec = Codec(text, metric=self._metric, seed=self._seed)
            return encoded(codec, self._rows, self._sample(), self._threads, self._queries)
        space = self._behind(first)
        kept = first.numbers[0] if _nested(first, self._metric) else space.rows.shape[1]
        # Rows that are to stay as short as they became would be scaled to unit length again under cosine.
        short = self._metric == "cosine" and space.head.keeps_length and isinstance(space.head, QueryLearner)
        metric = "ip" if short else self._metric
        rest = Codec(",".join(map(str, others)), metric=metric, seed=self._seed)
        coded = encoded(rest, space.rows[:, :kept], space.sample[:, :kept], self._threads)
        codec = cast(Codec, Shared(space.head, kept, rest, self._metric))  # does all that a search asks
        return Coded(Store(codec, coded.store.buffer), space.seconds + coded.seconds)

    def _behind(self, first: Stage) -> Space:
        if _nested(first, self._metric):
            widest = max(self._widest.get(first.name, 0), first.numbers[0])
            first = Stage(first.name, (widest, *first.numbers[1:]), first.options)
        if self._space is None or self._space[0] != first:
            self._space = None  # let go of the old one first
            self._space = first, self._made(first)
        return self._space[1]

    def _made(self, first: Stage) -> Space:
        started = time.perf_counter()
        head = stage_class(first.name)(first)
        assert isinstance(head, Transform)  # noqa: S101 - a parsed codec ends in its one quantiser
        sample = self._sample()
        if self._metric == "cosine":
            sample = _core.normalize(sample)
        head.check(sample.shape[1], len(sample))
        rng = np.random.default_rng((self._seed, 0))
        if isinstance(head, QueryLearner):
            head.fit_asked(sample, self._asked(), self._metric, rng)
        else:
            head.fit(sample, self._metric, rng)
        rows = np.empty((len(self._rows), head.out_dim(self._rows.shape[1])), dtype=np.float32)
        for start, stop in spans(len(rows), block_rows(self._rows.shape[1])):
            block = self._rows[start:stop]
            if self._metric == "cosine":
                block = _core.normalize(block, self._threads)
            rows[start:stop] = head.forward(block, self._threads)
        return Space(head, rows, head.forward(sample, self._threads), time.perf_counter() - started)

    def _asked(self) -> FloatArray | None:
        if self._queries is None:
            return None
        return _core.normalize(self._queries) if self._metric == "cosine" else self._queries

    def _sample(self) -> FloatArray:
        return self._rows[self._fit]


def encoded(
    codec: Codec, rows: FloatArray, sample: Any, threads: int, queries: FloatArray | None = None
) -> Coded:
    """Fit a codec on a sample and encode rows block by block, however wide the array is that they lie in."""
    started = time.perf_counter()
    codec.fit(sample, queries=queries, progress=False)
    buffer = codec.allocate(len(rows))
    for start, stop in spans(len(rows), block_rows(rows.shape[1])):
        block = np.ascontiguousarray(rows[start:stop])
        codec.encode_rows(block, buffer.part(start, stop), first_row=start, threads=threads)
    return Coded(Store(codec, buffer), time.perf_counter() - started)


def _nested(stage: Stage, metric: Metric) -> bool:
    found = stage_class(stage.name)
    return issubclass(found, Transform) and metric in found.nested and found.learns
