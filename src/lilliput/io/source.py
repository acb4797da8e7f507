"""Anything that holds vectors, as a stream of checked float32 blocks."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from lilliput.errors import InvalidInput, WrongType
from lilliput.io.arrays import (
    AnyArray,
    FloatArray,
    check_dim,
    check_dtype,
    check_rank,
    short_name,
    to_floats,
)
from lilliput.io.blocks import BlockSource, RawSource, Source, spans
from lilliput.io.foreign import Sliceable, sliceable
from lilliput.io.mapped import drop_pages
from lilliput.io.open import open_vectors

__all__ = ["ArraySource", "BatchSource", "Source", "as_matrix", "as_source"]

WANTED = (
    "an array of shape (rows, dim), a path, a list of rows, an Arrow fixed-size list, a tensor in memory, "
    "or an iterator of batches"
)


class ArraySource(RawSource):
    """An array, mapped or not, or anything else that gives its rows by number."""

    def __init__(self, array: Sliceable | AnyArray, name: str) -> None:
        check_rank(array.shape, name)
        check_dim(array.shape[1], name)
        super().__init__(name, array.shape[0], array.shape[1])
        self.rows: int = array.shape[0]
        self._array = array
        if isinstance(array, np.ndarray) or self.rows:
            dtype = array.dtype if isinstance(array, np.ndarray) else array.take(0, 1).dtype
            check_dtype(dtype, name)
            self.element = short_name(dtype)

    @property
    def is_float_matrix(self) -> bool:
        """Whether the whole can be one block without a copy."""
        array = self._array
        return isinstance(array, np.ndarray) and array.dtype == np.float32 and array.flags.c_contiguous

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows, as views where the array allows."""
        for start, stop in spans(self.rows, size):
            if isinstance(self._array, np.ndarray):
                block = self._array[start:stop]
                yield block
                drop_pages(self._array, block)
            else:
                yield self._array.take(start, stop)


class BatchSource(BlockSource):
    """Batches that an iterable gives, cut and joined to blocks of one size."""

    def __init__(self, batches: Iterable[Any], name: str, dim: int | None) -> None:
        iterator = iter(batches)
        self._first: AnyArray | None = None
        for batch in iterator:
            self._first = _batch(batch, name, 0, dim)
            dim = int(self._first.shape[1])
            break
        if dim is None:
            raise InvalidInput(f"{name} gave no batch, so its dimensions are unknown; pass at least one.")
        check_dim(dim, name)
        super().__init__(name, None, dim)
        self.once = iterator is batches
        self._batches = batches
        self._iterator: Iterator[Any] | None = iterator if self.once else None

    def checked(self, size: int) -> Iterator[FloatArray]:
        """Yield blocks of exactly `size` rows but for the last; copies, as a batch may be used again."""
        block, filled, done = np.empty((size, self.dim), dtype=np.float32), 0, 0
        for batch in self._each():
            at = 0
            while at < len(batch):
                count = min(size - filled, len(batch) - at)
                block[filled : filled + count] = to_floats(batch[at : at + count], self.name, done)
                at, filled, done = at + count, filled + count, done + count
                if filled == size:
                    yield _frozen(block)
                    block, filled = np.empty((size, self.dim), dtype=np.float32), 0
        if filled:
            yield _frozen(block[:filled])

    def _each(self) -> Iterator[AnyArray]:
        if not self.once:
            for number, batch in enumerate(self._batches):
                yield _batch(batch, self.name, number, self.dim)
            return
        iterator, self._iterator = self._iterator, None
        if iterator is None:
            raise InvalidInput(
                f"{self.name} is an iterator and has been read already; pass an array, a path or a list of "
                "batches where the vectors are needed twice."
            )
        first, self._first = self._first, None
        if first is not None:
            yield first
        for number, batch in enumerate(iterator, start=1):
            yield _batch(batch, self.name, number, self.dim)


def as_source(x: Any, *, name: str = "X", dim: int | None = None) -> Source:
    """Take vectors in any accepted form as a stream of float32 blocks.

    Nothing is copied whole. Arrays, paths and lists can be read again and again; an iterator once.

    Parameters
    ----------
    x:
        An array-like of shape (rows, dim); a `numpy.memmap`; a path, as for `open_vectors`; an Arrow array of
        fixed-size lists; a tensor in memory, by DLPack; an iterable of such batches; a `Source`.
        Numbers are float16, bfloat16, float32, float64, int8, uint8, or Python's own.
    name:
        What messages call it.
    dim:
        The number of dimensions that is wanted; None takes any.

    Returns
    -------
    Source
        It may have no rows at all; whoever needs some must say so.

    Raises
    ------
    InvalidInput
        For another rank, dtype or dimension, and from `batches` for NaN and infinity with the row.
    WrongType
        For something that holds no vectors.
    FileError, CorruptFile
        From the reader of a path.

    Examples
    --------
    >>> source = as_source([[1.0, 2.0], [3.0, 4.0]])
    >>> source.rows, source.dim
    (2, 2)
    >>> [block.shape for block in source.batches(1)]
    [(1, 2), (1, 2)]
    """
    source = _source(x, name, dim)
    check_dim(source.dim, getattr(source, "name", name), dim)
    return source


def _source(x: Any, name: str, dim: int | None) -> Source:
    if isinstance(x, Source):
        return x
    if isinstance(x, (str, os.PathLike)):
        return open_vectors(x)
    array = _as_array(x, name)
    if array is not None:
        source = ArraySource(array, name)
        if isinstance(x, (list, tuple)) and _of_python(x):
            source.element = "f32"  # Python's own numbers carry no width
        return source
    if isinstance(x, Iterable) and not isinstance(x, (bytes, bytearray, memoryview, dict, set, frozenset)):
        return BatchSource(x, name, dim)
    raise WrongType(f"{name} is a {type(x).__name__}; vectors are {WANTED}.")


def as_matrix(x: Any, *, name: str = "X", dim: int | None = None, allow_vector: bool = False) -> FloatArray:
    """Take vectors whole, as one C-contiguous float32 matrix.

    Parameters
    ----------
    x, name, dim:
        As for `as_source`. A float32 matrix is not copied.
    allow_vector:
        Take one vector of shape (dim,) too, as a matrix of one row.

    Returns
    -------
    ndarray
        Float32, shape (rows, dim), read-only.

    Raises
    ------
    InvalidInput, WrongType, FileError, CorruptFile
        As `as_source`.

    Examples
    --------
    >>> as_matrix([1, 2, 3], name="Q", allow_vector=True).shape
    (1, 3)
    """
    if type(x) is np.ndarray and x.dtype == np.float32 and x.ndim == 2 and x.flags.c_contiguous and len(x):
        check_dim(x.shape[1], name, dim)  # what one query costs is mostly what is asked of its type
        return to_floats(x, name, 0)
    if allow_vector and not isinstance(x, (str, os.PathLike, Source)):
        array = _as_array(x, name)
        if array is not None and len(array.shape) == 1:
            whole = array if isinstance(array, np.ndarray) else array.take(0, array.shape[0])
            x = whole[None, :]
    source = as_source(x, name=name, dim=dim)
    if isinstance(source, ArraySource) and source.is_float_matrix and source.rows:
        return next(source.batches(source.rows))
    if source.rows is None:
        blocks = list(source.batches())
        return _frozen(np.concatenate(blocks) if blocks else np.empty((0, source.dim), dtype=np.float32))
    matrix = np.empty((source.rows, source.dim), dtype=np.float32)
    at = 0
    for block in source.batches():
        matrix[at : at + len(block)] = block
        at += len(block)
    return _frozen(matrix)


def _frozen(matrix: FloatArray) -> FloatArray:
    matrix.flags.writeable = False
    return matrix


def _batch(batch: Any, name: str, number: int, dim: int | None) -> AnyArray:
    what = f"Batch {number} of {name}"
    array = _as_array(batch, what)
    if array is None:
        raise WrongType(f"{what} is a {type(batch).__name__}; a batch is an array of shape (rows, dim).")
    check_rank(array.shape, what)
    check_dim(array.shape[1], what, dim)
    whole = array if isinstance(array, np.ndarray) else array.take(0, array.shape[0])
    check_dtype(whole.dtype, what)
    return whole


def _as_array(x: Any, name: str) -> Sliceable | AnyArray | None:
    """Find the array in what was passed, without a copy where it is one; None when there is none."""
    if isinstance(x, np.ma.MaskedArray):
        raise InvalidInput(f"{name} is a masked array; fill or drop what is masked.")
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, (list, tuple)):
        return None if _holds_batches(x) else _from_rows(x, name)
    found = sliceable(x, name)
    if found is None and hasattr(x, "__array__"):
        return np.asarray(x)
    return found


def _holds_batches(rows: list[Any] | tuple[Any, ...]) -> bool:
    return bool(rows) and len(getattr(rows[0], "shape", ())) == 2


def _from_rows(rows: list[Any] | tuple[Any, ...], name: str) -> AnyArray:
    try:
        array = np.asarray(rows)
    except ValueError as error:
        raise InvalidInput(
            f"{name} has rows that differ in length; rows of one length were wanted."
        ) from error
    # Python's own integers carry no width that could say whether these are ids.
    return array.astype(np.float64) if _of_python(rows) and array.dtype.kind in "iu" else array


def _of_python(rows: list[Any] | tuple[Any, ...]) -> bool:
    return not rows or not hasattr(rows[0], "dtype")
