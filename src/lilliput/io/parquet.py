"""The `.parquet` format: a column of vectors, read in batches; page checksums are verified and written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lilliput.errors import CorruptFile
from lilliput.io.arrays import AnyArray
from lilliput.io.columns import (
    ColumnSource,
    arrow,
    column_dtype,
    first_length,
    pick,
    schema_of,
    sound,
    table_blocks,
    whole,
)
from lilliput.io.elements import Elements
from lilliput.io.reading import READ_BYTES, check_expansion, open_regular
from lilliput.limits import LIMITS

SMALLEST = 12


@contextmanager
def _opened(path: Path, file_bytes: int | None = None) -> Iterator[tuple[Any, int]]:
    """Open a file and give it with its length."""
    pa = arrow()
    with open_regular(path, file_bytes) as (file, size), sound(path, ".parquet"):
        if size < SMALLEST:
            raise CorruptFile(f"{path} is {size} bytes long and no .parquet file; copy it again.")
        yield (
            pa.parquet.ParquetFile(
                pa.PythonFile(file, mode="r"),
                buffer_size=READ_BYTES,
                pre_buffer=False,
                page_checksum_verification=True,
                thrift_string_size_limit=LIMITS.max_header_bytes,
            ),
            size,
        )


class _Column:
    """One column of a file, checked as far as the footer goes."""

    def __init__(self, path: Path, column: str | None, *, numbers: bool) -> None:
        self._path = path
        with _opened(path) as (file, size):
            schema = file.schema_arrow
            self._name = pick(schema, column, path, numbers=numbers)
            self.what = f"{path}::{self._name}"
            self.kind = schema.field(self._name).type
            self.dtype = column_dtype(self.kind)
            self.rows = self._check_footer(file.metadata)
            self._size = size

    def _check_footer(self, metadata: Any) -> int:
        """Refuse more numbers than the file can hold, and give the rows."""
        rows = claimed = held = 0
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            if not 0 <= group.num_rows <= 2**48:
                raise CorruptFile(f"{self.what} claims {group.num_rows} rows; copy it again.")
            rows += group.num_rows
            for leaf in (group.column(at) for at in range(group.num_columns)):
                if leaf.path_in_schema == self._name or leaf.path_in_schema.startswith(f"{self._name}."):
                    if not 0 <= leaf.num_values <= group.num_rows * LIMITS.max_dim:
                        raise CorruptFile(f"{self.what} claims {leaf.num_values} numbers; copy it again.")
                    claimed += leaf.num_values * self.dtype.itemsize
                    held += max(0, leaf.total_compressed_size)
        if rows != metadata.num_rows or (rows and not claimed):
            raise CorruptFile(f"{self.what} claims {metadata.num_rows} rows and has {rows}; copy it again.")
        check_expansion(max(rows, claimed), held, self.what)
        return rows

    def arrays(self, size: int) -> Iterator[Any]:
        """Yield the column in arrays of about `size` rows."""
        with _opened(self._path, self._size) as (file, _):
            for batch in file.iter_batches(size, columns=[self._name], use_threads=False):
                if batch.schema.names != [self._name] or batch.schema.field(0).type != self.kind:
                    raise CorruptFile(
                        f"{self.what} is another column than when it was opened; open it again."
                    )
                yield batch.column(0)


def open_parquet(path: Path, column: str | None = None) -> ColumnSource:
    """Open a column of vectors; nothing but the footer is read yet, and the first row where it must tell.

    Memory is bounded by a page of the file and a block.

    Raises
    ------
    CorruptFile
        When the file is not sound, or claims what it cannot hold.
    InvalidInput
        When it is not clear which column is meant.
    FileError
        When it cannot be read.
    """
    found = _Column(path, column, numbers=False)
    dim = first_length(found.kind, found.arrays, found.what)
    return ColumnSource(found.what, found.rows, dim, found.dtype, found.arrays)


def read_parquet(path: Path, column: str | None = None) -> AnyArray:
    """Read a column of vectors or of numbers into memory, in its own type."""
    found = _Column(path, column, numbers=True)
    return whole(found.kind, found.arrays, found.what)


def write_parquet(file: BinaryIO, vectors: Elements, column: str | None) -> int:
    """Write vectors as a column of fixed-size lists and return how many there were.

    Parameters
    ----------
    file:
        Writable.
    vectors:
        Of a type that Arrow has.
    column:
        What the column is called; by default `vector`.
    """
    pa = arrow()
    schema = schema_of(vectors, column)
    rows = 0
    with pa.parquet.ParquetWriter(
        pa.PythonFile(file, mode="w"),
        schema,
        compression="none",  # floats hardly shrink
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
    ) as writer:
        for batch in table_blocks(vectors, schema):
            writer.write_table(pa.Table.from_batches([batch]))  # a row group each, so that none waits in memory
            rows += len(batch)
    return rows
