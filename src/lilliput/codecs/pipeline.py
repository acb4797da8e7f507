"""Stages joined: vectors to codes, codes to vectors, and queries to what the scan multiplies."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, QueryLearner, Step, Terms, Transform, squares
from lilliput.codecs.layout import Layout, Rows
from lilliput.codecs.registry import build
from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.arrays import FloatArray, block_rows
from lilliput.io.blocks import spans
from lilliput.spec import CodecSpec

# Squared distances are at most four times the largest squared length; float32 has to hold them.
MAX_SQUARED_LENGTH = float(np.finfo(np.float32).max) / 16
SURE_SQUARED_LENGTH = 0.99 * MAX_SQUARED_LENGTH  # as float32 sums it

MOST_ASKED = 65_536  # queries that stages learn from
ENCODED_BYTES = 2**21  # of rows that pass through all stages together, and stay in cache between them


class Pipeline:
    """Transforms and a quantiser for vectors of one width and one metric.

    Under cosine rows are scaled to unit length, and again after transforms that shorten them: what was cut
    off would otherwise count as if it were at right angles to every query. So scores are those of the unit
    vectors that decoding gives, unless a transform moves rows and queries to another space, where they are
    those of what came before the quantiser.

    Parameters
    ----------
    spec:
        The stages.
    metric:
        What scores mean.
    dim:
        Dimensions of the vectors.
    made:
        Stages that are there already, by their number.

    Raises
    ------
    InvalidSpec
        When the stages do not make a pipeline.
    InvalidInput
        When a stage cannot work with so many dimensions.
    """

    def __init__(
        self, spec: CodecSpec, metric: Metric, dim: int, made: Mapping[int, Transform] | None = None
    ) -> None:
        self.spec = spec
        self.metric = metric
        self.dim = dim
        self.transforms, self.quantiser = build(spec, made)
        self._forms: tuple[object, _core.QueryForm, _core.QueryForm | None] | None = None
        self._dims = [dim]
        for transform in self.transforms:
            transform.check(self._dims[-1], None)
            self._dims.append(transform.out_dim(self._dims[-1]))
        self.quantiser.check(self._dims[-1], None)

    @property
    def steps(self) -> list[Step]:
        """The stages in the order in which a vector passes them."""
        return [*self.transforms, self.quantiser]

    @property
    def learns(self) -> bool:
        """Whether fitting looks at vectors at all."""
        return any(step.learns for step in self.steps)

    @property
    def layout(self) -> Layout:
        """What a row of codes is made of."""
        return self.quantiser.layout(self._dims[-1], self.metric)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What fitting learnt, by number of the stage and name."""
        return {
            f"{number}.{name}": array
            for number, step in enumerate(self.steps)
            for name, array in step.arrays.items()
        }

    def fit(self, sample: FloatArray, seed: int, queries: FloatArray | None = None) -> None:
        """Fit each stage on what the ones before it make of the sample, which is overwritten.

        Parameters
        ----------
        sample:
            float32 (rows, dim).
        seed:
            Of what is drawn by chance.
        queries:
            float32 (m, dim), for stages that learn from such; they get what the stages before make of them.

        Raises
        ------
        InvalidInput
            When a stage cannot work with such vectors.
        """
        check_lengths(sample, 0)
        last = max((number for number, step in enumerate(self.steps) if step.learns), default=-1)
        if self.metric == "cosine" and last >= 0:
            sample = _by_block(_core.normalize, sample, self.dim)
        asked = self._asked(queries)
        for number, step in enumerate(self.steps):
            dim = self._dims[number]
            step.check(dim, len(sample) if step.learns else None)
            # A stage that does not learn needs no vectors, only their width.
            given = sample if step.learns else np.empty((0, dim), dtype=np.float32)
            rng = np.random.default_rng((seed, number))
            if isinstance(step, QueryLearner):
                step.fit_asked(given, asked, self.metric, rng)
            else:
                step.fit(given, self.metric, rng)
            if isinstance(step, Transform):
                self._dims[number + 1] = step.out_dim(dim)
                if asked is not None:
                    asked = step.query(asked, self.metric)[0]
            if number < last:
                through = partial(moved, self.transforms[number])
                sample = _by_block(through, sample, self._dims[number + 1])
                if self._shortens and number + 1 == len(self.transforms):
                    sample = _by_block(_core.normalize, sample, self._dims[-1])
        self.spec = CodecSpec(tuple(step.settled() for step in self.steps))
        self._forms = None

    def _asked(self, queries: FloatArray | None) -> FloatArray | None:
        """Give some of the queries as the first stage gets them, where any stage learns from them."""
        learning = any(isinstance(stage, QueryLearner) for stage in self.transforms)
        if queries is None or not len(queries) or not learning:
            return None
        check_lengths(queries, 0, "query")
        some = queries[:: -(-len(queries) // MOST_ASKED)]
        return _core.normalize(some) if self.metric == "cosine" else some

    @property
    def _shortens(self) -> bool:
        """Whether rows are scaled to unit length again."""
        return self.metric == "cosine" and not all(stage.keeps_length for stage in self.transforms)

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take arrays that were saved.

        Raises
        ------
        CorruptFile
            When they are not those that these stages leave.
        """
        left = dict(arrays)
        for number, step in enumerate(self.steps):
            prefix = f"{number}."
            mine = {name.removeprefix(prefix): left.pop(name) for name in arrays if name.startswith(prefix)}
            step.restore(mine, self._dims[number], self.metric)
        if left:
            raise CorruptFile(
                f"The saved codec {self.spec} holds {min(left)!r}, which is not its own; save it again."
            )
        self._forms = None

    def encode(self, x: FloatArray, into: Rows, *, first_row: int, threads: int) -> None:
        """Write the codes of finite rows in place; `first_row` is the number of row 0 in messages."""
        for start, stop in spans(len(x), max(1, ENCODED_BYTES // (4 * self.dim))):
            block, part = x[start:stop], into.part(start, stop)
            if not self.transforms:
                longest = self.quantiser.encode_raw(
                    block, part, unit=self.metric == "cosine", threads=threads
                )
                if longest is not None:
                    refuse_too_long(block, longest, first_row + start)
                    continue
            if self.metric == "cosine":
                came, (block, longest) = block, _core.unit_rows(block, threads)
                refuse_too_long(came, longest, first_row + start)
            else:
                check_lengths(block, first_row + start)
            for transform in self.transforms:
                block = moved(transform, block, threads, first_row + start)
            if self._shortens:
                block = _core.normalize(block, threads)
            self.quantiser.encode(block, part, first_row=first_row + start, threads=threads)

    def decode(self, rows: Rows, *, first_row: int, threads: int) -> FloatArray:
        """Give the vectors that codes stand for; unit vectors under cosine.

        Raises
        ------
        InvalidInput
            When a row of the codes stands for no finite vector.
        """
        x = np.empty((len(rows.rows), self.dim), dtype=np.float32)
        for start, stop in spans(len(x), block_rows(self.dim)):
            block = self.reconstruct(rows.part(start, stop), threads)
            bad = _core.first_bad_row(block)
            if bad >= 0:
                raise InvalidInput(
                    f"Row {first_row + start + bad} of the codes stands for no finite vector; pass codes "
                    "that this codec made."
                )
            x[start:stop] = _core.normalize(block, threads) if self.metric == "cosine" else block
        return x

    def reconstruct(self, rows: Rows, threads: int) -> FloatArray:
        """Give the vectors that scores are computed with: as decoded, of whatever length."""
        with np.errstate(over="ignore", invalid="ignore"):
            x = self.quantiser.decode(rows, self._dims[-1])
            for transform, dim in zip(self.transforms[::-1], self._dims[-2::-1], strict=True):
                x = transform.backward(x, dim, threads)
        return x

    def query(self, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the queries and the biases that the scan takes."""
        made = self.sure_query(q)
        if made is not None:
            return made
        check_lengths(q, 0, "query")
        return self._through(_core.normalize(q) if self.metric == "cosine" else q)

    def sure_query(self, q: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Do as `query`; None where a query is not finite, or nearly too long."""
        _, first, last = self._made_forms()
        made = first(q)
        if made is None or first is last:
            return made
        return self._through(made[0], last)

    def _through(self, q: FloatArray, form: _core.QueryForm | None = None) -> tuple[FloatArray, FloatArray]:
        """Take queries through all stages; `form` may stand for the last."""
        bias: DoubleArray | None = None
        for transform in self.transforms:
            q, taken = transform.query(q, self.metric)
            if not transform.keeps_scores:
                check_mapped(q, transform, 0, "query")
                bias = None  # what was taken from scores before counts no more
            bias = taken if bias is None else bias + taken
        made = form(q, bias) if form else None
        if made is not None:
            return made
        q, taken = self.quantiser.query(q, self.metric)
        bias = taken if bias is None else bias + taken
        return np.ascontiguousarray(q), bias.astype(np.float32)

    def _made_forms(self) -> tuple[object, _core.QueryForm, _core.QueryForm | None]:
        """Give their source, what checks queries and scales them to unit length, and the quantiser's part.

        Where no transform lies between, one does both.
        """
        learnt = self.quantiser.arrays
        if self._forms is None or self._forms[0] is not learnt:
            terms = self.quantiser.terms(self.metric)
            unit = self.metric == "cosine"
            if terms is not None and not self.transforms:
                whole = self._form(self.dim, unit, terms)
                self._forms = learnt, whole, whole
            else:
                last = None if terms is None else self._form(self._dims[-1], False, terms)
                self._forms = learnt, _core.QueryForm(self.dim, SURE_SQUARED_LENGTH, unit, False), last
        return self._forms

    def _form(self, dim: int, unit: bool, terms: Terms) -> _core.QueryForm:
        return _core.QueryForm(dim, SURE_SQUARED_LENGTH, unit, self.metric == "l2", *terms)


def check_lengths(x: FloatArray, first_row: int, what: str = "row") -> None:
    """Refuse vectors so long that float32 cannot hold the squares of their distances.

    Raises
    ------
    InvalidInput
        With the number of the vector.
    """
    refuse_too_long(x, _core.longest(x), first_row, what)


def refuse_too_long(x: FloatArray, longest: float, first_row: int, what: str = "row") -> None:
    """Refuse vectors as `check_lengths`; `longest` is the greatest of their squared lengths.

    Raises
    ------
    InvalidInput
        With the number of the vector.
    """
    if longest < SURE_SQUARED_LENGTH:
        return
    too_long = squares(x) > MAX_SQUARED_LENGTH
    if too_long.any():
        raise InvalidInput(
            f"{what.capitalize()} {first_row + int(too_long.argmax())} is longer than "
            f"{MAX_SQUARED_LENGTH**0.5:.1g}, so float32 cannot hold its squared distances; scale the vectors "
            "down."
        )


def moved(transform: Transform, x: FloatArray, threads: int = 0, first_row: int = 0) -> FloatArray:
    """Map rows, and check those that land in another space.

    Raises
    ------
    InvalidInput
        With the number of the row, when no score can be computed with it.
    """
    y = transform.forward(x, threads)
    if not transform.keeps_scores:
        check_mapped(y, transform, first_row, "row")
    return y


def check_mapped(y: FloatArray, transform: Transform, first_row: int, what: str) -> None:
    """Refuse vectors that a stage made infinite, undefined or too long.

    Raises
    ------
    InvalidInput
        With the number of the vector.
    """
    bad = _core.first_bad_row(y)
    if bad >= 0:
        raise InvalidInput(
            f"'{transform.stage}' maps {what} {first_row + bad} to numbers that are not finite; leave such "
            "vectors out, or fit the stage on vectors like them."
        )
    check_lengths(y, first_row, what)


def _by_block(change: Callable[[FloatArray], FloatArray], x: FloatArray, dim: int) -> FloatArray:
    """Change rows block by block, in place where the width stays."""
    out = x if dim == x.shape[1] else np.empty((len(x), dim), dtype=np.float32)
    for start, stop in spans(len(x), block_rows(x.shape[1])):
        out[start:stop] = change(x[start:stop])
    return out
