"""The codec: fit, encode, decode, save, in scikit-learn's manners."""

import operator
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs import files
from lilliput.codecs.base import METRICS, Metric, QueryLearner
from lilliput.codecs.foreign import Stages, portable, read_stages, respelt
from lilliput.codecs.layout import ByteArray, Layout, Rows
from lilliput.codecs.pipeline import Pipeline
from lilliput.codecs.registry import build
from lilliput.codecs.sample import reservoir, sample_size
from lilliput.errors import CorruptFile, InvalidInput, NotFitted, WrongType
from lilliput.io.arrays import FloatArray, block_rows, check_dim
from lilliput.io.blocks import Source, spans
from lilliput.io.container import Container
from lilliput.io.source import as_matrix, as_source
from lilliput.progress import ProgressOption, Track

MAX_SEED = 2**63 - 1
MAX_THREADS = 1_024
FLOAT32 = np.dtype(np.float32)  # the one that native arrays share, found sooner than its equals


class Codec:
    """Turn vectors into bytes and back.

    A codec is a pipeline: transforms (fewer or better-spread numbers), then one quantiser (numbers to bytes).
    As scikit-learn wants it, nothing is checked before `fit`; `codec` checks at once.

    Parameters
    ----------
    spec:
        The stages, such as ``"int8"`` or ``"pca192,int8"``; or a list of texts and fitted scikit-learn
        transformers, such as ``["mrl256", transformer, "int8"]``. A transformer that is a matrix and an
        offset becomes a stage like any other. With another one, decoding takes its `inverse_transform`, and
        the codec cannot be saved or pickled. Under cosine a transformer gets unit vectors.
    metric:
        ``"ip"``, ``"l2"`` or ``"cosine"``; codes may depend on it. Under cosine rows are scaled to unit
        length. A row of zeros stays so and scores 0, except with codes about a mean, which hold no zero:
        `bin`, `pq`, and a scale for each dimension.
    seed:
        From 0; the same seed and vectors give the same codes.

    Examples
    --------
    >>> codec = Codec("pca8,int8", metric="cosine")
    >>> codes = codec.fit_transform(np.random.default_rng(0).standard_normal((100, 32)))
    >>> codes.shape, codes.dtype
    ((100, 12), dtype('uint8'))
    >>> codec.decode(codes).shape
    (100, 32)
    """

    def __init__(self, spec: str | Sequence[Any], *, metric: str = "cosine", seed: int = 0) -> None:
        self._spec: Any = spec
        self._metric = metric
        self._seed = seed
        self._pipeline: Pipeline | None = None

    @property
    def spec(self) -> str:
        """The canonical spelling of the stages; once fitted, with what fitting chose.

        Raises
        ------
        InvalidSpec
            When they cannot be parsed.
        """
        return str(self._pipeline.spec if self._pipeline else read_stages(self._spec, self._metric)[0])

    @property
    def metric(self) -> str:
        """What scores mean."""
        return self._metric

    @property
    def seed(self) -> int:
        """The source of chance."""
        return self._seed

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the parameters as they were passed."""
        return {"spec": self._spec, "metric": self._metric, "seed": self._seed}

    def set_params(self, **params: Any) -> Self:
        """Change parameters; what was fitted with others is forgotten.

        Raises
        ------
        InvalidInput
            For a name that is none of the parameters.
        """
        known = self.get_params()
        for name in params:
            if name not in known:
                raise InvalidInput(f"{name!r} is no parameter of a codec; they are {', '.join(known)}.")
        if params:
            self.__dict__.clear()
            Codec.__init__(self, **(known | params))
        return self

    def fit(self, X: Any, y: Any = None, *, queries: Any = None, progress: ProgressOption = None) -> Self:
        """Learn what the stages need from a sample of the vectors.

        At most 262,144 rows, and at most 128 MiB of float32, are sampled by reservoir. A codec whose stages
        learn nothing reads the first block alone.

        Parameters
        ----------
        X:
            Vectors (n, d) in any form that `as_source` takes.
        y:
            Ignored; scikit-learn passes it.
        queries:
            Vectors (m, d) like those that will be searched for. `leanvec` learns from them, at most 65,536;
            other stages have no use for them.
        progress:
            None, False or a callable.

        Raises
        ------
        InvalidSpec
            When the spec cannot be parsed or makes no pipeline.
        InvalidInput
            For vectors or parameters that cannot be used.
        Cancelled
            When the callable returned False; an earlier fit stays.

        Examples
        --------
        >>> Codec("bin").fit(np.eye(8)).code_size
        1
        """
        (spec, made), metric, seed = self._checked()
        source = as_source(X)
        pipeline = Pipeline(spec, metric, source.dim, made)
        asked = None if queries is None else as_matrix(queries, name="queries", dim=source.dim)
        sample = _sample(source, pipeline, seed, progress)
        if not len(sample):
            raise InvalidInput("X has no rows; fit on at least one.")
        pipeline.fit(sample, seed, asked)
        self._adopt(pipeline)
        return self

    def encode(
        self,
        X: Any,
        out: str | os.PathLike[str] | None = None,
        *,
        progress: ProgressOption = None,
        threads: int | None = None,
    ) -> ByteArray:
        """Turn vectors into codes.

        Parameters
        ----------
        X:
            Vectors (n, d) in any form that `as_source` takes; converted block by block.
        out:
            A file for the codes and the codec, where they do not fit in memory. It appears when it is whole,
            in place of what was there; `open_codes` reads it.
        progress:
            None, False or a callable.
        threads:
            None takes every core that this process may use.

        Returns
        -------
        ndarray
            uint8, shape (n, code_size); with `out` it is the file, mapped read-only.

        Raises
        ------
        NotFitted
            Before `fit`.
        InvalidInput
            For vectors that cannot be used, with the row.
        FileError
            When the file cannot be written; what was there stays.
        Cancelled
            When the callable returned False; what was there stays.

        Examples
        --------
        >>> Codec("f16").fit(np.eye(8)).encode(np.eye(8)).shape
        (8, 16)
        """
        pipeline = self._fitted()
        source = as_source(X, dim=pipeline.dim)
        if out is not None:
            files.refuse_same(X, out)
        with Track(progress, source.rows or 0, "encoding") as step:
            blocks = self._blocks(source, step, _checked_threads(threads))
            if out is not None:
                return files.write_codes(out, self.state(), blocks, (source.rows, self.code_size))
            if source.rows is None:
                return np.concatenate([np.empty((0, self.code_size), dtype=np.uint8), *blocks])
            codes = np.empty((source.rows, self.code_size), dtype=np.uint8)
            at = 0
            for block in blocks:
                codes[at : at + len(block)] = block
                at += len(block)
            return codes

    def decode(self, codes: Any, *, threads: int | None = None) -> FloatArray:
        """Turn codes back into the vectors that they stand for.

        Parameters
        ----------
        codes:
            uint8, shape (n, code_size), as `encode` gave them.
        threads:
            None takes every core that this process may use.

        Returns
        -------
        ndarray
            float32, shape (n, d); unit vectors under cosine, zeros for zeros.

        Raises
        ------
        NotFitted
            Before `fit`.
        InvalidInput
            For an array of another dtype or shape, codes that stand for no finite vector, and a transformer
            without `inverse_transform`.

        Examples
        --------
        >>> codec = Codec("f32", metric="ip").fit(np.eye(2))
        >>> codec.decode(codec.encode([[0.5, 2.0]]))
        array([[0.5, 2. ]], dtype=float32)
        """
        pipeline = self._fitted()
        codes = self._checked_codes(codes)
        count = _checked_threads(threads)
        x = np.empty((len(codes), pipeline.dim), dtype=np.float32)
        for start, stop in spans(len(codes), block_rows(pipeline.dim)):
            rows = pipeline.layout.unpack(codes[start:stop])
            x[start:stop] = pipeline.decode(rows, first_row=start, threads=count)
        return x

    def fit_transform(self, X: Any, y: Any = None, **options: Any) -> ByteArray:
        """Fit, then encode the same vectors; options are those of `fit`."""
        return self.fit(X, y, **options).encode(X)

    def transform(self, X: Any) -> ByteArray:
        """Encode, under scikit-learn's name."""
        return self.encode(X)

    def inverse_transform(self, codes: Any) -> FloatArray:
        """Decode, under scikit-learn's name."""
        return self.decode(codes)

    @property
    def dim(self) -> int:
        """Dimensions of the vectors that the codec was fitted on."""
        return self._fitted().dim

    @property
    def layout(self) -> Layout:
        """What a row of codes is made of."""
        return self._fitted().layout

    @property
    def code_size(self) -> int:
        """Bytes of a row, its factors among them."""
        return self.layout.code_size

    @property
    def overhead_bytes(self) -> int:
        """Bytes of what all rows share: means, directions, signs."""
        return sum(array.nbytes for array in self._fitted().arrays.values())

    @property
    def learns_queries(self) -> bool:
        """Whether fitting has a use for queries.

        Raises
        ------
        InvalidSpec
            When the stages cannot be parsed or make no pipeline.
        """
        transforms, _ = build(*read_stages(self._spec, self._metric))
        return any(isinstance(stage, QueryLearner) for stage in transforms)

    def allocate(self, n: int) -> Rows:
        """Make room for the codes of n rows, not yet written."""
        return self.layout.allocate(n)

    def encode_rows(
        self, X: FloatArray, into: Rows | None = None, *, first_row: int = 0, threads: int = 0
    ) -> Rows:
        """Encode rows that are checked already, in the form that the scan reads.

        Parameters
        ----------
        X:
            Finite float32, C-contiguous, shape (n, d).
        into:
            Where to write, such as a part of what `allocate` gave; None allocates.
        first_row:
            The number of row 0 in messages.
        threads:
            0 takes every core that this process may use.

        Raises
        ------
        InvalidInput
            For a number that the codes cannot hold, with its row. Of the others some have been written.
        """
        pipeline = self._fitted()
        if into is None:
            into = pipeline.layout.allocate(len(X))
        pipeline.encode(X, into, first_row=first_row, threads=threads)
        return into

    def decode_rows(self, rows: Rows, *, threads: int = 0) -> FloatArray:
        """Decode rows in the form that the scan reads; errors are those of `decode`."""
        return self._fitted().decode(rows, first_row=0, threads=threads)

    def pack(self, rows: Rows) -> ByteArray:
        """Join bytes and factors of each row to codes (n, code_size)."""
        return self.layout.pack(rows)

    def unpack(self, codes: Any) -> Rows:
        """Take codes apart into bytes and factors.

        Raises
        ------
        InvalidInput
            For an array of another dtype or shape.
        """
        codes = self._checked_codes(codes)
        return self.layout.unpack(codes)

    def view(self, rows: Rows, guard: _core.PageGuard | None = None) -> _core.Codes:
        """Give rows the form that native scans take; `guard` verifies them where they are mapped."""
        layout, pipeline = self.layout, self._fitted()
        book, gate = pipeline.quantiser.book(pipeline.metric), pipeline.quantiser.gate()
        others = rows.alpha, rows.beta, guard, book, gate, rows.shift, rows.more
        return _core.Codes(layout.kind, layout.dim, rows.rows, *others)

    def query(self, Q: Any) -> tuple[FloatArray, FloatArray]:
        """Turn queries into what native scans take.

        Parameters
        ----------
        Q:
            Vectors (m, d).

        Returns
        -------
        queries:
            float32, shape (m, layout.dim).
        bias:
            float32, shape (m,). With it, ``alpha * dot(query, row) + shift * sum(query) + beta + bias`` is
            the score: the dot product, the cosine, or minus the squared distance.

        Raises
        ------
        InvalidInput
            For vectors that cannot be used.
        """
        pipeline = self._fitted()
        dim = pipeline.dim
        # One query's scan takes as long as a few calls: the common case is looked at in native code alone.
        if type(Q) is np.ndarray and Q.dtype is FLOAT32 and Q.ndim == 2 and Q.shape[1] == dim and len(Q):
            made = pipeline.sure_query(Q)
            if made is not None:
                return made
        return pipeline.query(as_matrix(Q, name="queries", dim=dim))

    def bounds(self, codes: Any, Q: Any) -> FloatArray:
        """Bound the errors of scores; 99.9 % of them are smaller.

        Parameters
        ----------
        codes:
            uint8, shape (n, code_size), as `encode` gave them.
        Q:
            Vectors (m, d).

        Returns
        -------
        ndarray
            float32, shape (m, n): how far the score of codes may lie from that of the vectors that the
            quantiser was given. What transforms before it lost is not in it.

        Raises
        ------
        NotFitted
            Before `fit`.
        InvalidInput
            For arrays that cannot be used, and where the quantiser knows no bound.

        Examples
        --------
        >>> X = np.random.default_rng(0).standard_normal((100, 32))
        >>> codec = Codec("rabitq4").fit(X)
        >>> codec.bounds(codec.encode(X), X[:2]).shape
        (2, 100)
        """
        rows = self.unpack(codes)
        of_rows = self.row_errors(rows)
        if of_rows is None:
            raise InvalidInput(
                f"'{self._fitted().quantiser.stage}' knows no bound of its errors; take rabitqB for one."
            )
        return np.outer(self.query_errors(Q), of_rows)

    def row_errors(self, rows: Rows) -> FloatArray | None:
        """Give what rows (n,) bring to the errors of their scores; None where no bound is known."""
        return self._fitted().quantiser.row_errors(rows, self.layout.dim)

    def query_errors(self, Q: Any) -> FloatArray:
        """Give what queries (m,) bring to the errors of their scores: the bound is the product."""
        return self._fitted().quantiser.query_errors(self.query(Q)[0])

    def state(self) -> files.State:
        """Give what a file keeps: text under text, and arrays by name.

        Raises
        ------
        NotSavable
            When a stage is a transformer that is no matrix and offset.
        """
        pipeline = self._fitted()
        for step in pipeline.steps:
            step.check_savable()
        metadata = {"spec": str(pipeline.spec), "metric": pipeline.metric, "seed": str(self._seed)}
        return metadata | {"dim": str(pipeline.dim)}, pipeline.arrays

    @classmethod
    def from_state(cls, metadata: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make a fitted codec of what `state` gave.

        Raises
        ------
        CorruptFile
            When it is not what `state` gives.
        """
        seed, dim = metadata.get("seed", ""), metadata.get("dim", "")
        if not re.fullmatch("[0-9]{1,19}", seed) or not re.fullmatch("[0-9]{1,9}", dim):
            raise CorruptFile("The saved codec lacks its seed or its dimensions; save it again.")
        codec = cls(metadata.get("spec", ""), metric=metadata.get("metric", ""), seed=int(seed))
        try:
            (spec, _), metric, _ = codec._checked()
            check_dim(int(dim), "The saved codec")
            pipeline = Pipeline(spec, metric, int(dim))
        except InvalidInput as error:
            raise CorruptFile(f"The saved codec cannot be made again: {error}") from error
        pipeline.restore(arrays)
        codec._spec = respelt(spec, pipeline.transforms)
        codec._adopt(pipeline)
        return codec

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the codec to a file, in place of what was there.

        Raises
        ------
        NotFitted
            Before `fit`.
        NotSavable
            When a stage is a transformer that is no matrix and offset.
        FileError
            When the file cannot be written; what was there stays.
        """
        files.save_state(path, self.state())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a codec from a file that `save` wrote, or from a file of codes.

        Raises
        ------
        FileError
            When the file cannot be read or holds no codec.
        CorruptFile
            When it is damaged.
        """
        with Container.open(Path(path)) as container:
            return cls.from_state(*files.read_state(container))

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether `fit` has been called."""
        return self._pipeline is not None

    def __sklearn_clone__(self) -> Self:
        """Give an unfitted twin; transformers in the list stay fitted, for they are part of what it is."""
        return type(self)(**self.get_params())

    def __sklearn_tags__(self) -> Any:
        """Describe the codec to scikit-learn, which alone asks: it transforms, and needs no target."""
        from sklearn.utils import Tags, TargetTags, TransformerTags  # type: ignore[import,unused-ignore]

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Give parameters, text and arrays; nothing that runs."""
        params = self.get_params() | {"spec": portable(self._spec)}
        return {"params": params, "fitted": self.state() if self._pipeline else None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Codec.__init__(self, **state["params"])
        if state["fitted"] is not None:
            self._adopt(self.from_state(*state["fitted"])._fitted())

    def __repr__(self) -> str:
        return f"Codec({self._spec!r}, metric={self._metric!r}, seed={self._seed!r})"

    def _checked(self) -> tuple[Stages, Metric, int]:
        """Check the parameters, which the constructor may not."""
        stages = read_stages(self._spec, self._metric)
        build(*stages)
        for metric in METRICS:
            if metric == self._metric:
                return stages, metric, _whole(self._seed, "seed", 0, MAX_SEED)
        raise InvalidInput(f"The metric {self._metric!r} is not known; it is one of {', '.join(METRICS)}.")

    def _adopt(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.n_features_in_ = pipeline.dim

    def _fitted(self) -> Pipeline:
        if self._pipeline is None:
            raise NotFitted(f"{self!r} is not fitted yet; call fit with vectors first.")
        return self._pipeline

    def _checked_codes(self, codes: Any) -> ByteArray:
        width = self.code_size
        array = np.asarray(codes)
        if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != width:
            raise InvalidInput(
                f"codes are {array.dtype} of shape {array.shape}; {self!r} makes uint8 of shape (n, {width})."
            )
        return array

    def _blocks(self, source: Source, step: Track, threads: int) -> Iterator[ByteArray]:
        done = 0
        for block in source.batches():
            yield self.pack(self.encode_rows(block, first_row=done, threads=threads))
            done += len(block)
            step(done)


def codec(spec: str | Sequence[Any], *, metric: str = "cosine", seed: int = 0) -> Codec:
    """Make a codec and check its parameters at once.

    Parameters
    ----------
    spec, metric, seed:
        Those of `Codec`.

    Raises
    ------
    InvalidSpec
        When the spec cannot be parsed or makes no pipeline.
    InvalidInput
        For an unknown metric or a seed that is no number from 0.

    Examples
    --------
    >>> codec(" pca192, int8 ").spec
    'pca192,int8'
    """
    made = Codec(spec, metric=metric, seed=seed)
    made._checked()
    return made


def _sample(source: Source, pipeline: Pipeline, seed: int, progress: ProgressOption) -> FloatArray:
    if not pipeline.learns:
        return next(source.batches(), np.empty((0, source.dim), dtype=np.float32))
    with Track(progress, source.rows or 0, "sampling") as step:
        return reservoir(source, sample_size(source.dim), np.random.default_rng(seed), step)


def _checked_threads(threads: int | None) -> int:
    return 0 if threads is None else _whole(threads, "number of threads", 1, MAX_THREADS)


def _whole(value: Any, what: str, least: int, most: int) -> int:
    try:
        number = operator.index(value)
    except TypeError as error:
        raise WrongType(f"The {what} is a {type(value).__name__}; it is a whole number.") from error
    if not least <= number <= most:
        raise InvalidInput(f"The {what} is {number}; it is a whole number from {least} to {most}.")
    return number
