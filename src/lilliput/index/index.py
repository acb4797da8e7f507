"""The index: structure over codes, with refinement, filters, updates, and recall instead of knobs."""

import os
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import METRICS
from lilliput.codecs.codec import Codec
from lilliput.codecs.codec import codec as make_codec
from lilliput.codecs.registry import names
from lilliput.codecs.sample import reservoir, sample_size
from lilliput.errors import FileError, InvalidInput, LilliputWarning, NotFitted, ReadOnly
from lilliput.index.build import add_rows, checked_ids
from lilliput.index.calibration import KS, Calibration
from lilliput.index.effort import Effort
from lilliput.index.files import load_index, save_index
from lilliput.index.filters import by_filter, rows_to_scan
from lilliput.index.hits import Hits, IdArray, RangeHits, ScoreArray
from lilliput.index.ids import as_array, as_ids, refuse_repeats, refuse_unknown
from lilliput.index.measure import measure, watch_stored
from lilliput.index.options import check_k, check_radius, check_recall, check_refine, check_threads
from lilliput.index.state import State, Store
from lilliput.index.structure import STRUCTURES, build
from lilliput.index.watch import Watch
from lilliput.io.container import Verify
from lilliput.io.source import as_matrix, as_source
from lilliput.limits import LIMITS
from lilliput.progress import ProgressOption, Track
from lilliput.spec import IndexSpec, parse_index

DEFAULT_RECALL = 0.95
DEFAULT_REFINE = 4.0
COMPACT_AT = 0.25  # of the rows in use: removed ones


class Index:
    """Vectors, compressed and searchable.

    Searches may run side by side, and beside one writer: each sees the index as it was when it began.

    Parameters
    ----------
    spec:
        A structure, the codec to search, and perhaps a finer codec to refine with: ``"flat | int8 | f16"``.
        ``"flat"`` alone is ``"flat | f32"``.
    metric:
        "ip", "l2" (squared) or "cosine".
    seed:
        From 0; the same seed and vectors give the same index.

    Raises
    ------
    InvalidSpec
        When the spec does not parse; the message holds the nearest names.
    InvalidInput
        For another metric.

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((1000, 32))
    >>> index = Index("flat | int8 | f16").fit(X).add(X)
    >>> ids, scores = index.search(X[:2], k=3)
    >>> ids[:, 0].tolist(), scores.shape
    ([0, 1], (2, 3))
    """

    def __init__(self, spec: str, *, metric: str = "cosine", seed: int = 0) -> None:
        self._spec = _with_codec(parse_index(spec, STRUCTURES, names()))
        if metric not in METRICS:
            raise InvalidInput(f"The metric {metric!r} is not known; it is one of {', '.join(METRICS)}.")
        self._structure = build(self._spec.structure)
        self._metric, self._seed = metric, seed
        self._new_codecs()  # so that a spec that cannot be made is refused here
        self._state: State | None = None
        self._watch: Watch | None = None
        self._calibration: Calibration | None = None
        self._mapped = False
        self._closed = False
        self._writing = threading.RLock()

    def fit(self, X: Any, queries: Any = None, *, progress: ProgressOption = None) -> Self:
        """Train the codecs, and keep queries that recall is measured with.

        Parameters
        ----------
        X:
            Vectors (n, d) in any form that `as_source` takes; sampled by reservoir.
        queries:
            Vectors (m, d) like those that will be searched for, of which up to 1,000 are kept. Where a stage
            learns from queries too, no more than half are kept and it learns from the others: recall would
            else be measured with what was learnt by heart. None keeps up to 1,000 of the sampled rows, and
            scores them without themselves.
        progress:
            None, False or a callable.

        Raises
        ------
        InvalidInput
            For vectors that cannot be used, none at all, and an index that holds vectors already.
        Cancelled
            When the callable returned False; the index is as before.
        """
        with self._writing:
            if self._state is not None and self._state.count:
                raise InvalidInput(
                    f"The index holds {self._state.count} vectors; fit a new one and add them to it."
                )
            source = as_source(X)
            rng = np.random.default_rng(self._seed)
            with Track(progress, source.rows or 0, "sampling") as step:
                sample = reservoir(source, sample_size(source.dim), rng, step)
            if not len(sample):
                raise InvalidInput("X has no rows; fit on at least one.")
            given = None if queries is None else as_matrix(queries, name="queries", dim=source.dim)
            pool = sample if given is None else given
            codecs = self._new_codecs()
            learning = given is not None and any(codec.learns_queries for codec in codecs)
            kept, others = _parted(len(pool), rng, learning)
            taught = given[others] if given is not None and learning else given
            codecs = [codec.fit(sample, queries=taught, progress=False) for codec in codecs]
            self._state = State(tuple(Store(codec, codec.allocate(0)) for codec in codecs))
            self._watch = Watch.start(pool[kept].copy(), given is None, self._metric) if len(kept) else None
            self._calibration = None
        return self

    def add(
        self, X: Any, ids: Any = None, *, progress: ProgressOption = None, threads: int | None = None
    ) -> Self:
        """Encode and store vectors; all of them or none.

        Parameters
        ----------
        X:
            Vectors (n, d) in any form that `as_source` takes; read in blocks.
        ids:
            int64 (n,), 0 or larger; None goes on from the largest ever used.
        progress:
            None, False or a callable.
        threads:
            None takes every core that this process may use.

        Raises
        ------
        NotFitted
            Before `fit`.
        InvalidInput
            For vectors that cannot be used, with the row, and for an id that is given twice or stored
            already.
        ReadOnly
            When the index was opened mapped.
        Cancelled
            When the callable returned False; nothing was added.
        """
        with self._writing:
            state = self._writable("add to it")
            source = as_source(X, dim=state.stores[0].codec.dim)
            known = checked_ids(state, ids, source)
            self._publish(*add_rows(state, self._watch, source, known, progress, check_threads(threads)))
        return self

    def remove(self, ids: Any) -> Self:
        """Take vectors out; their room is given back once a quarter of the rows are gone.

        Parameters
        ----------
        ids:
            int64 (n,).

        Raises
        ------
        UnknownId
            When one of them is not stored; nothing was removed.
        InvalidInput, ReadOnly, NotFitted
            As `add`.
        """
        with self._writing:
            state = self._writable("remove from it")
            gone = as_ids(ids)
            refuse_repeats(gone)
            rows = state.rows_of(gone)
            refuse_unknown(gone, rows)
            if not len(gone):
                return self
            state = state.without(rows)
            if state.n - state.count > COMPACT_AT * state.n:
                state = state.compact()
            self._publish(state, self._watch.without(gone) if self._watch is not None else None)
        return self

    def search(
        self,
        Q: Any,
        k: int = 10,
        recall: float | None = None,
        filter: Any = None,
        exact: bool = False,
        threads: int | None = None,
        explain: bool = False,
        ef: int | None = None,
        nprobe: int | None = None,
        refine: float | None = None,
    ) -> Hits:
        """Find the k best vectors for each query.

        Parameters
        ----------
        Q:
            Queries (m, d), or one vector (d,), which gives one-dimensional results.
        k:
            Results a query, at most 16,384; more than there are vectors is no error.
        recall:
            The recall of the original vectors' neighbours to reach, in (0, 1]; None is 0.95. The least effort
            that calibration found to reach it is taken.
        filter:
            None; int64 ids; one boolean a stored vector; or a list of one of these a query.
        exact:
            Score every vector with the finest codes held.
        threads:
            None takes every core that this process may use.
        explain:
            Say in `Hits.explain` what was done.
        ef, nprobe:
            Knobs of other structures.
        refine:
            Candidates that the refine codes rank, as a multiple of k; overrides `recall`.

        Raises
        ------
        NotFitted
            Before `fit`.
        InvalidInput
            For queries, k, recall or a filter that cannot be used.
        CorruptFile
            When a page of a mapped index turns out damaged.

        Warns
        -----
        LilliputWarning
            When the recall is out of reach; `Hits.expected_recall` says what is expected.

        Examples
        --------
        >>> X = np.eye(4, dtype=np.float32)
        >>> Index("flat", metric="ip").fit(X).add(X).search(X[2], k=1).ids.tolist()
        [2]
        """
        state = self._readable()
        queries = as_matrix(Q, name="Q", dim=state.stores[0].codec.dim, allow_vector=True)
        single = _is_vector(Q)
        k, workers = check_k(k), check_threads(threads)
        for knob, value in (("ef", ef), ("nprobe", nprobe)):
            if value is not None:
                raise InvalidInput(
                    f"{knob}={value} was given and '{self.spec}' has no such knob; leave it out."
                )
        effort, expected = self._effort(state, k, check_recall(recall), check_refine(refine), exact)
        if exact and len(state.stores) == 2:
            state = _finest(state)
        found = np.full((len(queries), k), -1, dtype=np.int64)
        scores = np.full((len(queries), k), np.nan, dtype=np.float32)
        scanned = []
        for part, rows in by_filter(state, filter, len(queries)):
            chosen = slice(None) if part is None else np.asarray(part)
            found[chosen], scores[chosen] = self._structure.search(
                state, queries[chosen], k, effort, rows, workers
            )
            scanned.append(state.n if rows is None else len(rows))
        ids = state.ids_of(found)
        said: dict[str, Any] = {}
        if explain:
            bounds = state.stores[-1].bounds(found, queries)
            said = self._explained(state, effort, k, scanned, workers)
            said["bounds"] = bounds[0] if single and bounds is not None else bounds
        return self._hits(ids, scores, single, expected, said)

    def range_search(
        self, Q: Any, radius: float, *, filter: Any = None, threads: int | None = None
    ) -> RangeHits:
        """Find every vector whose score is at least the radius (l2: whose squared distance is at most it).

        Every vector is scored with the finest codes held.

        Parameters
        ----------
        Q:
            Queries (m, d) or (d,).
        radius:
            A score of the metric.
        filter, threads:
            As for `search`; one filter for all queries.

        Raises
        ------
        NotFitted, InvalidInput, CorruptFile
            As `search`.
        """
        state = self._readable()
        radius = check_radius(radius)
        store, codes = state.stores[-1], state.codes[-1]
        queries = as_matrix(Q, name="Q", dim=store.codec.dim, allow_vector=True)
        prepared, bias = store.codec.query(queries)
        bar = np.full(len(queries), -radius if self._metric == "l2" else radius, dtype=np.float32)
        rows = rows_to_scan(state, filter)
        offsets, found, scores = _core.within(
            codes, prepared, bias, bar, rows, state.ids, check_threads(threads)
        )
        return RangeHits(offsets, state.ids_of(found), self._public(scores), self._metric)

    def scores(self, Q: Any, ids: Any, *, threads: int | None = None) -> ScoreArray:
        """Score given vectors with the finest codes held.

        Parameters
        ----------
        Q:
            Queries (m, d) or (d,).
        ids:
            int64 (r,), the same for all queries, or (m, r).
        threads:
            As for `search`.

        Returns
        -------
        ndarray
            float32, shape (m, r), or (r,) for one query vector.

        Raises
        ------
        UnknownId
            When an id is not stored.
        NotFitted, InvalidInput, CorruptFile
            As `search`.
        """
        state = self._readable()
        store, codes = state.stores[-1], state.codes[-1]
        queries = as_matrix(Q, name="Q", dim=store.codec.dim, allow_vector=True)
        wanted = as_array(ids, "ids")
        if wanted.ndim == 2 and len(wanted) != len(queries):
            raise InvalidInput(
                f"ids have the shape {wanted.shape} for {len(queries)} queries; give (m, r) or (r,)."
            )
        flat = as_ids(wanted.reshape(-1) if wanted.ndim == 2 else wanted)
        rows = state.rows_of(flat)
        refuse_unknown(flat, rows)
        if wanted.ndim == 2:
            rows = rows.reshape(wanted.shape)
        else:
            rows = np.ascontiguousarray(np.broadcast_to(rows, (len(queries), len(rows))))
        prepared, bias = store.codec.query(queries)
        scores = self._public(_core.scores(codes, prepared, bias, rows, check_threads(threads)))
        return scores[0] if _is_vector(Q) else scores

    def calibrate(self, queries: Any = None, ks: Sequence[int] = KS) -> Self:
        """Measure effort against recall of the original vectors.

        It is done by itself when the number of vectors has changed by a fifth.

        Parameters
        ----------
        queries:
            Vectors (m, d) to measure with, and to keep. This needs the original vectors, so the finest codes
            must be ``f32``; otherwise give queries to `fit`.
        ks:
            Numbers of results to measure for, at most 128.

        Raises
        ------
        NotFitted, InvalidInput
            Before `fit`; for queries that cannot be used or come too late.
        """
        with self._writing:
            state = self._readable()
            numbers = tuple(check_k(k) for k in ks)
            watch = self._watch if queries is None else self._watch_again(state, queries)
            self._calibration = self._measured(state, watch, numbers)
            self._watch = watch
        return self

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the index to a folder, in place of an index that was there.

        Whatever happens, the old index is there or the new one.

        Raises
        ------
        NotFitted
            Before `fit`.
        FileError
            When the folder cannot be written or holds something else; what was there stays.
        """
        with self._writing:
            state = self._readable().compact()
            if not self._mapped:
                self._state = state
            if self._calibration is None or self._calibration.rows != state.n:
                self._calibration = self._measured(state, self._watch, KS)
            params = {"spec": self.spec, "metric": self._metric, "seed": self._seed}
            save_index(Path(folder), params, state, self._watch, self._calibration)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], mmap: bool = True, verify: Verify = "lazy") -> Self:
        """Open an index that `save` wrote.

        Parameters
        ----------
        folder:
            The folder.
        mmap:
            Map the codes, read-only, so that opening takes no time and memory is the system's to give; False
            reads them into memory, where they can be changed.
        verify:
            "lazy" verifies each page of the codes at first touch, "full" all of them now.

        Raises
        ------
        FileError, CorruptFile, UnsupportedVersion
            When the folder cannot be read, is damaged, or was written by a newer version.
        """
        params, state, watch, calibration, files = load_index(Path(folder), mmap, verify)
        try:
            index = cls(str(params["spec"]), metric=str(params["metric"]), seed=int(params["seed"]))
        except (KeyError, TypeError, ValueError) as error:
            raise FileError(
                f"The manifest of {folder} names no index that this version knows: {error}"
            ) from error
        wanted = [(str(codec), index.metric) for codec in index._spec.codecs]
        if wanted != [(store.codec.spec, store.codec.metric) for store in state.stores]:
            raise FileError(
                f"The codes in {folder} are not those of '{index.spec}'; restore the folder from a copy."
            )
        index._state, index._watch, index._calibration, index._mapped = state, watch, calibration, mmap
        files.close()
        return index

    def close(self) -> None:
        """Let go of the codes and of mapped files."""
        with self._writing:
            self._state, self._watch, self._calibration, self._closed = None, None, None, True

    @property
    def spec(self) -> str:
        """The canonical spelling; once fitted, with what fitting chose."""
        if self._state is None:
            return str(self._spec)
        return " | ".join([str(self._spec.structure), *(store.codec.spec for store in self._state.stores)])

    @property
    def metric(self) -> str:
        """What scores mean."""
        return self._metric

    @property
    def dim(self) -> int:
        """Dimensions of the vectors."""
        return self._readable().stores[0].codec.dim

    @property
    def nbytes(self) -> int:
        """Every byte that searching needs: codes, refinement, ids, shared arrays; page checksums excepted."""
        return self._readable().nbytes

    @property
    def bytes_per_vector(self) -> float:
        """`nbytes` over the number of vectors; NaN where there are none."""
        state = self._readable()
        return state.nbytes / state.count if state.count else float("nan")

    @property
    def exact_scores(self) -> bool:
        """Whether the finest codes are the original floats."""
        return str(self._spec.codecs[-1]) == "f32"

    @property
    def calibration(self) -> Calibration | None:
        """What was measured last."""
        return self._calibration

    def __len__(self) -> int:
        return 0 if self._state is None else self._state.count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Index({self.spec!r}, metric={self._metric!r}, seed={self._seed}) of {len(self)} vectors"

    def _readable(self) -> State:
        state = self._state
        if state is None:
            if self._closed:
                raise NotFitted("The index is closed; open it again.")
            raise NotFitted(f"'{self.spec}' is not fitted yet; call fit with vectors first.")
        return state

    def _writable(self, purpose: str) -> State:
        if self._mapped:
            raise ReadOnly(f"The index is mapped from its files; open it with mmap=False to {purpose}.")
        return self._readable()

    def _effort(
        self, state: State, k: int, recall: float | None, refine: float | None, exact: bool
    ) -> tuple[Effort, float | None]:
        if exact:
            return Effort(), 1.0 if self.exact_scores else None
        if refine is not None:
            if len(state.stores) == 1:
                raise InvalidInput(
                    f"refine={refine} was given and '{self.spec}' has no refine codec; leave it out."
                )
            return Effort(refine), None
        target = DEFAULT_RECALL if recall is None else recall
        point = self._calibration.choose(k, target) if self._calibration is not None else None
        if point is None:
            return Effort(DEFAULT_REFINE), None
        if point.low < target and point.recall < target:
            warnings.warn(
                f"A recall of {target:g} at k={k} is out of reach of '{self.spec}' on these vectors; about "
                f"{point.recall:.3f} is expected. Finer codes reach more.",
                LilliputWarning,
                stacklevel=3,
            )
        return point.effort, point.recall

    def _new_codecs(self) -> list[Codec]:
        return [make_codec(str(c), metric=self._metric, seed=self._seed) for c in self._spec.codecs]

    def _publish(self, state: State, watch: Watch | None) -> None:
        """Measure where it is time, then show everything at once: whoever interrupts this changes nothing."""
        calibration = self._calibration
        if calibration is None or calibration.stale(state.count):
            calibration = self._measured(state, watch, KS)
        self._state, self._watch, self._calibration = state, watch, calibration

    def _watch_again(self, state: State, queries: Any) -> Watch:
        if not self.exact_scores:
            raise InvalidInput(
                f"'{self.spec}' does not keep the original vectors, so new queries have no true "
                "neighbours here; give them to fit, before the vectors are added."
            )
        return watch_stored(state, as_matrix(queries, name="queries", dim=self.dim), self._metric)

    def _measured(self, state: State, watch: Watch | None, ks: tuple[int, ...]) -> Calibration | None:
        return None if watch is None else measure(self._structure, state, watch, ks)

    def _explained(
        self, state: State, effort: Effort, k: int, scanned: list[int], threads: int
    ) -> dict[str, Any]:
        refined = len(state.stores) == 2
        return {
            "structure": str(self._spec.structure),
            "codecs": [store.codec.spec for store in state.stores],
            "rows_scanned": scanned[0] if len(scanned) == 1 else scanned,
            "candidates": effort.candidates(k, scanned[0]) if refined and scanned else None,
            "refine": effort.refine if refined else None,
            "threads": threads or _core.default_threads(),
            "isa": _core.default_isa(),
        }

    def _public(self, scores: ScoreArray) -> ScoreArray:
        return np.maximum(-scores, np.float32(0)) if self._metric == "l2" else scores

    def _hits(
        self, ids: IdArray, scores: ScoreArray, single: bool, expected: float | None, said: dict[str, Any]
    ) -> Hits:
        counts: Any = (ids >= 0).sum(axis=1)
        scores = self._public(scores)
        if single:
            ids, scores, counts = ids[0], scores[0], int(counts[0])
        return Hits(ids, scores, counts, self._metric, self._metric != "l2", expected, said)


def _parted(
    queries: int, rng: np.random.Generator, learning: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose which queries are kept to measure with, and which are learnt from."""
    most = max(1, queries // 2) if learning else queries
    order = rng.permutation(queries)
    kept = min(most, LIMITS.calibration_queries)
    return np.sort(order[:kept]), np.sort(order[kept:])


def _with_codec(spec: IndexSpec) -> IndexSpec:
    return spec if spec.codecs else parse_index(f"{spec.structure} | f32", STRUCTURES, names())


def _is_vector(Q: Any) -> bool:
    """Say whether what `as_matrix` took was one vector."""
    if isinstance(Q, (list, tuple)):
        return bool(Q) and np.ndim(Q[0]) == 0
    return len(getattr(Q, "shape", ())) == 1


def _finest(state: State) -> State:
    return State(state.stores[-1:], state.n, state.ids, state.id_map, state.live, state.next_id)
