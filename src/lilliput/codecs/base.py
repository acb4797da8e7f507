"""What a stage of a codec is: a transform (floats to floats) or a quantiser (floats to bytes)."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.layout import Layout, Rows
from lilliput.errors import CorruptFile, InvalidInput, InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

Metric = Literal["ip", "l2", "cosine"]
METRICS: tuple[Metric, ...] = get_args(Metric)
Role = Literal["shorten", "spread", "shape"]

Shapes = dict[str, tuple[str, tuple[int, ...]]]
DoubleArray = NDArray[np.float64]


class Step:
    """What transforms and quantisers share: a spelling, and arrays that fitting leaves.

    Parameters
    ----------
    stage:
        The parsed spelling. A subclass refuses numbers and options that it does not know.

    Attributes
    ----------
    arrays:
        What fitting learnt, by name; it is all that a file or a pickle holds.
    learns:
        Whether `fit` looks at the sample.
    """

    learns: bool = False

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what is worth trying on vectors of `dim` numbers, most bytes first; nothing else is tried."""
        return ()

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.arrays: dict[str, NDArray[Any]] = {}

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse a number of dimensions, or of sampled rows, that the stage cannot work with.

        Raises
        ------
        InvalidInput
            With both numbers. `rows` is None where the stage has been fitted before.
        """

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Fill `arrays` from a sample (rows, dim) and a source of chance."""

    def settled(self) -> Stage:
        """Spell the fitted stage, with what fitting chose where the spelling left it open."""
        return self.stage

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Say the dtype and shape of each array that fitting leaves, for vectors of `dim` numbers."""
        return {}

    def check_savable(self) -> None:
        """Refuse to be saved, for a stage that its arrays do not make again.

        Raises
        ------
        NotSavable
            When there is nothing else that a file may hold.
        """

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved.

        Raises
        ------
        CorruptFile
            When they are not those that this stage leaves.
        """
        wanted = self.shapes(dim, metric)
        if set(arrays) != set(wanted):
            raise CorruptFile(
                f"The saved stage {self.stage} holds the arrays {sorted(arrays)} and not {sorted(wanted)}; "
                "save the codec again."
            )
        for name, (dtype, shape) in wanted.items():
            found = arrays[name]
            if found.dtype != np.dtype(dtype) or found.shape != shape:
                raise CorruptFile(
                    f"The array {name} of the saved stage {self.stage} is {found.dtype} {found.shape} and "
                    f"{dtype} {shape} was wanted; save the codec again."
                )
            if found.dtype.kind == "f" and not np.isfinite(found).all():
                raise CorruptFile(
                    f"The array {name} of the saved stage {self.stage} holds numbers that are not finite; "
                    "save the codec again."
                )
        self.arrays = {name: np.ascontiguousarray(arrays[name]) for name in wanted}


class Transform(Step, ABC):
    """A map of vectors to fewer, better-spread or otherwise better numbers.

    Attributes
    ----------
    role:
        What it is for: fewer numbers, the same spread evenly, or other values.
    keeps_length:
        Whether a vector is as long after as before, or under cosine is to stay as short as it became.
    keeps_scores:
        Whether scores are those of the vectors that `backward` gives. If not, queries and rows both move to
        another space, and scores are those of that space.
    nested:
        The metrics under which the first numbers that come out of a larger one are what comes out of a
        smaller one, fitted alike.
    """

    role: ClassVar[Role] = "shorten"
    keeps_length: bool = False
    keeps_scores: ClassVar[bool] = True
    nested: ClassVar[Collection[Metric]] = ()

    @abstractmethod
    def out_dim(self, dim: int) -> int:
        """Say how many numbers come out of `dim`."""

    @abstractmethod
    def forward(self, x: FloatArray, threads: int = 0) -> FloatArray:
        """Map rows (n, dim) to (n, out_dim)."""

    @abstractmethod
    def backward(self, y: FloatArray, dim: int, threads: int = 0) -> FloatArray:
        """Map rows (n, out_dim) back to the nearest vectors (n, dim)."""

    @abstractmethod
    def query(self, q: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Map queries, and give what the map took from every score of each query.

        Returns
        -------
        u:
            (m, out_dim). If the stage keeps scores, ``dot(q, backward(y)) = dot(u, y) + bias`` for ``ip`` and
            ``cosine``, and ``-|q - backward(y)|² = -|u - y|² + bias`` for ``l2``.
        bias:
            (m,).
        """


class QueryLearner(Transform):
    """A transform that also learns from queries, where there are any.

    Attributes
    ----------
    unasked:
        The metrics under which it is worth trying without queries.
    """

    unasked: ClassVar[Collection[Metric]] = ()

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Fill `arrays` from a sample alone."""
        self.fit_asked(sample, None, metric, rng)

    @abstractmethod
    def fit_asked(
        self, sample: FloatArray, queries: FloatArray | None, metric: Metric, rng: np.random.Generator
    ) -> None:
        """Fill `arrays` from a sample (rows, dim) and queries (m, dim), both as they reach the stage."""


class Shortener(Transform):
    """A transform whose one number is how many dimensions it keeps."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        (self._kept,) = take_numbers(stage, "the dimensions to keep")

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse to keep more dimensions than there are."""
        check_kept(self._kept, dim, self.stage)

    def out_dim(self, dim: int) -> int:
        """Say how many numbers are kept."""
        return self._kept


class Terms(NamedTuple):
    """What `Quantiser.query` makes of queries, where native code can make the same of them in one call.

    Attributes
    ----------
    step:
        float32 (1,) or one a number that the kernel takes: what queries are multiplied by; under l2 twice.
    mean:
        float32 (dim,) or longer: whose product with a query is its bias; what l2 measures from.
    centred:
        Whether queries are less their length times the mean.
    signs:
        uint8 (rounds, dim) of the rotation that comes last.
    constant:
        What every bias is less under l2.
    """

    step: FloatArray | None = None
    mean: FloatArray | None = None
    centred: bool = False
    signs: NDArray[np.uint8] | None = None
    constant: float = 0.0


class Quantiser(Step, ABC):
    """The last stage: rows of floats to rows of bytes that a kernel family scores.

    Attributes
    ----------
    gains_by:
        Roles of the transforms that are worth trying before it.
    """

    gains_by: ClassVar[frozenset[Role]] = frozenset(("shorten", "shape", "spread"))

    def book(self, metric: Metric) -> _core.Codebook | None:
        """Give the words that rows of word numbers stand for; None where rows hold numbers."""
        return None

    def gate(self) -> tuple[float, float] | None:
        """Say how the signs of a row bound its dot product with a query q, or that they do not.

        The bound is ``slope * dot(q, signs) + noise * |q|`` in units of the row's integers.
        """
        return None

    def row_errors(self, rows: Rows, dim: int) -> FloatArray | None:
        """Give what each row (n,) brings to the error of its scores; None where no bound is known.

        Times what the query brings it is a bound that 99.9 % of errors keep, of the score against that of the
        vector which was encoded.
        """
        return None

    def query_errors(self, queries: FloatArray) -> FloatArray:
        """Give what each query (m,), as `query` made it, brings to the errors of its scores."""
        raise NotImplementedError(f"'{self.stage}' knows no bound of its errors.")

    @abstractmethod
    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say what a row of `dim` numbers becomes."""

    @abstractmethod
    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the codes of rows (n, dim) in place.

        Raises
        ------
        InvalidInput
            For a number that the codes cannot hold; `first_row` is the number of row 0 in the message.
        """

    def encode_raw(self, x: FloatArray, into: Rows, *, unit: bool, threads: int = 0) -> float | None:
        """Write the codes of rows (n, dim) that nobody has measured yet, if one pass over them can do it.

        Parameters
        ----------
        x:
            Finite rows of any length.
        into:
            Where to write.
        unit:
            Whether rows are scaled to unit length first.
        threads:
            0 takes every core that this process may use.

        Returns
        -------
        float or None
            The greatest squared length of a row as it came, which may be infinite; None where nothing was
            written, and `encode` has to be called with rows that were measured and scaled.
        """
        return None

    @abstractmethod
    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Give the vectors (n, dim) that the codes stand for."""

    @abstractmethod
    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Give the queries and the biases (m,) that the kernel takes, so that larger scores are better."""

    def terms(self, metric: Metric) -> Terms | None:
        """Say what `query` computes; None where that takes other terms."""
        return None


def take_numbers(stage: Stage, *wanted: str) -> tuple[int, ...]:
    """Check the numbers of a stage that has no options.

    Parameters
    ----------
    stage:
        The parsed stage.
    wanted:
        What each number is.

    Raises
    ------
    InvalidSpec
        For another count of numbers, for a zero, and for any option.
    """
    if stage.options:
        key = stage.options[0][0]
        raise InvalidSpec(f"'{stage}' gives the option {key!r} and {stage.name} has none; leave it out.")
    if len(stage.numbers) != len(wanted):
        form = stage.name + "x".join("N" for _ in wanted)
        what = f", N being {' and '.join(wanted)}" if wanted else " with no number"
        raise InvalidSpec(f"'{stage}' has {len(stage.numbers)} numbers; write {form}{what}.")
    if 0 in stage.numbers:
        raise InvalidSpec(f"'{stage}' keeps nothing; write a number from 1 on.")
    return stage.numbers


def check_kept(kept: int, dim: int, stage: Stage) -> None:
    """Refuse to keep more dimensions than there are.

    Raises
    ------
    InvalidInput
        With both numbers.
    """
    if kept > dim:
        raise InvalidInput(
            f"{stage} keeps {kept} dimensions and its vectors have {dim}; write {stage.name}{dim} or fewer."
        )


def fewer(dim: int) -> list[int]:
    """List numbers of dimensions worth keeping, falling: eighths and a sixteenth, in eights where possible.

    >>> fewer(384)
    [336, 288, 240, 192, 144, 96, 48, 24]
    """
    sizes = {max(1, dim * part // 16) for part in (14, 12, 10, 8, 6, 4, 2, 1)}
    rounded = {size if size < 16 else size // 8 * 8 for size in sizes}
    return sorted((size for size in rounded if size < dim), reverse=True)


def squares(x: FloatArray) -> DoubleArray:
    """Give the squared length of each row, summed in float64."""
    total: DoubleArray = np.einsum("ij,ij->i", x, x, dtype=np.float64)
    return total


def negated_distance(u: FloatArray) -> tuple[FloatArray, DoubleArray]:
    """Turn queries into those whose dot products, with -|y|² for each row, are minus the squared distance."""
    return 2 * u, -squares(u)
