"""Columns of Arrow tables that hold vectors, whatever file the tables come from.

A vector is a list of fixed or variable size; where its size is variable, all must have the length of the
first. What an array says of itself is validated before its numbers are looked at.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput, LilliputError, MissingExtra
from lilliput.io.arrays import ACCEPTED, AnyArray, check_dim, check_dtype, short_name
from lilliput.io.blocks import RawSource, joined
from lilliput.io.elements import ELEMENTS, Elements
from lilliput.io.reading import choose

NAME = "vector"
MAX_REASON = 200

Arrays = Callable[[int], Iterator[Any]]


def arrow() -> Any:
    """Import pyarrow with its file formats.

    Raises
    ------
    MissingExtra
        When it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "arrow") from error
    return pyarrow


@contextmanager
def sound(what: object, kind: str) -> Iterator[None]:
    """Turn whatever pyarrow says of bad bytes into a CorruptFile; errors of the system pass."""
    try:
        yield
    except LilliputError:
        raise
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        NotImplementedError,
        MemoryError,
        RuntimeError,
    ) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = " ".join(str(error).split())[:MAX_REASON].rstrip(".")
        raise CorruptFile(f"{what} is not a sound {kind} file ({reason}); copy it again.") from error


class ColumnSource(RawSource):
    """A column of vectors, array by array.

    Parameters
    ----------
    name:
        What messages call it.
    rows:
        How many vectors there must be.
    dim, dtype:
        Their dimensions and type.
    arrays:
        Gives the arrays of the column anew, of about so many rows as it is told.
    """

    def __init__(self, name: str, rows: int, dim: int, dtype: np.dtype[Any], arrays: Arrays) -> None:
        check_dim(dim, name)
        check_dtype(dtype, name)
        super().__init__(name, rows, dim)
        self.element = short_name(dtype)
        self._arrays = arrays

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows in the column's type."""
        yield from joined(self._blocks(size), size)

    def _blocks(self, size: int) -> Iterator[AnyArray]:
        row = 0
        for array in self._arrays(size):
            yield vectors_of(array, self.dim, self.name, row)
            row += len(array)
        if row != self.rows:
            raise CorruptFile(f"{self.name} has {row} rows where it claims {self.rows}; copy it again.")


def vector_columns(schema: Any) -> list[str]:
    """Name the columns that can hold vectors."""
    return [field.name for field in schema if _number_of(field.type) in ELEMENTS]


def pick(schema: Any, column: str | None, path: Path, *, numbers: bool = False) -> str:
    """Choose the column of vectors, or with `numbers` any column of numbers that is named.

    Raises
    ------
    InvalidInput
        When it is not clear which is meant, or what is named holds no vectors.
    """
    names = vector_columns(schema)
    if column is not None and column not in names and column in schema.names:
        kind = schema.field(column).type if schema.names.count(column) == 1 else None
        if kind is None or not numbers or not _is_number(kind):
            listed = f"; here that is {', '.join(names[:20])}" if names else ""
            raise InvalidInput(
                f"{path}::{column} is {str(kind)[:80]}; a column of vectors has lists of {ACCEPTED}{listed}."
            )
        names = [column]
    if numbers and column is None and not names:
        names = [field.name for field in schema if _is_number(field.type)]
    chosen = choose(names, column, path, "column")
    if schema.names.count(chosen) > 1:
        raise InvalidInput(f"{path} has two columns named {chosen[:80]!r}; rename one.")
    return chosen


def column_dtype(kind: Any) -> np.dtype[Any]:
    """Give numpy's type of the numbers of a column."""
    dtype: np.dtype[Any] = np.dtype(_inner(kind).to_pandas_dtype())
    return dtype


def first_length(kind: Any, arrays: Arrays, what: str) -> int:
    """Give the dimensions of a column: those of its type, or the length of its first list.

    Raises
    ------
    InvalidInput
        When there is no row to tell.
    """
    size = getattr(_storage(kind), "list_size", None)
    if size is not None:
        return int(size)
    for array in arrays(1):
        if len(array):
            head = _checked(array.slice(0, 1), what)
            return int(head.value_lengths()[0].as_py() or 0) if not head.null_count else _refuse_null(what, 0)
    raise InvalidInput(f"{what} has no rows, so its dimensions are unknown.")


def vectors_of(array: Any, dim: int, what: str, first_row: int) -> AnyArray:
    """Give an array's vectors as a matrix.

    Raises
    ------
    CorruptFile
        When its parts do not fit each other.
    InvalidInput
        For a null, or a vector of another length, with its row.
    """
    array = _checked(array, what)
    if array.null_count:
        _refuse_null(what, first_row + int(np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))[0]))
    if getattr(array.type, "list_size", None) is None:
        lengths = array.value_lengths().to_numpy(zero_copy_only=False)
        other = np.flatnonzero(lengths != dim)
        if other.size:
            at = int(other[0])
            raise InvalidInput(
                f"{what} has {int(lengths[at])} dimensions in row {first_row + at} and {dim} in row 0; "
                "rows of one length were wanted."
            )
    values = array.flatten()
    if values.null_count:
        at = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0]) // dim
        raise InvalidInput(f"{what} has a null number in row {first_row + at}; fill or drop it.")
    numbers: AnyArray = values.to_numpy(zero_copy_only=False)
    return numbers.reshape(-1, dim)


def whole(kind: Any, arrays: Arrays, what: str) -> AnyArray:
    """Give a whole column, of vectors or of numbers, in its own type."""
    blocks, row = [], 0
    dim = first_length(kind, arrays, what) if _number_of(kind) else 0
    for array in arrays(2**16):
        if dim:
            blocks.append(vectors_of(array, dim, what, row))
        else:
            checked = _checked(array, what)
            if checked.null_count:
                raise InvalidInput(f"{what} has {checked.null_count} nulls; fill or drop them.")
            blocks.append(checked.to_numpy(zero_copy_only=False))
        row += len(array)
    shape = (0, dim) if dim else (0,)
    return np.concatenate(blocks) if blocks else np.empty(shape, column_dtype(kind))


def schema_of(vectors: Elements, column: str | None, metadata: dict[str, str] | None = None) -> Any:
    """Describe a table of one column of vectors, none of them null."""
    pa = arrow()
    number = pa.field("item", pa.from_numpy_dtype(vectors.dtype), nullable=False)
    field = pa.field(column or NAME, pa.list_(number, vectors.dim), nullable=False)
    return pa.schema([field], metadata=metadata)


def table_blocks(vectors: Elements, schema: Any) -> Iterator[Any]:
    """Yield blocks of vectors as record batches."""
    pa = arrow()
    for block in vectors.blocks():
        array = pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), type=schema.field(0).type)
        yield pa.record_batch([array], schema=schema)


def _storage(kind: Any) -> Any:
    return getattr(kind, "storage_type", kind)  # a fixed-shape tensor is an extension over lists


def _inner(kind: Any) -> Any:
    return getattr(_storage(kind), "value_type", kind)


def _number_of(kind: Any) -> str:
    """Give the short name of the numbers in a list, such as "f32" or "i64"; nothing for what is no list."""
    pa = arrow()
    storage = _storage(kind)
    is_list = (
        pa.types.is_list(storage) or pa.types.is_large_list(storage) or pa.types.is_fixed_size_list(storage)
    )
    return short_name(column_dtype(kind)) if is_list and _is_number(storage.value_type) else ""


def _is_number(kind: Any) -> bool:
    types = arrow().types
    return bool(types.is_integer(kind) or types.is_floating(kind))


def _checked(array: Any, what: str) -> Any:
    array = getattr(array, "storage", array)
    with sound(what, "Arrow"):
        array.validate(full=True)
    return array


def _refuse_null(what: str, row: int) -> int:
    raise InvalidInput(f"{what} has no vector in row {row} but a null; fill or drop it.")
