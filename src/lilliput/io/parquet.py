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
from lilliput.io.parquet_footer import Chunk, read_footer
from lilliput.io.reading import READ_BYTES, check_expansion, open_regular
from lilliput.limits import LIMITS


@contextmanager
def _opened(path: Path, file_bytes: int | None = None) -> Iterator[tuple[Any, int, list[Chunk], int]]:
    """Open a file and give it with the rows and chunks of its footer, and its length."""
    pa = arrow()
    with open_regular(path, file_bytes) as (file, size), sound(path, ".parquet"):
        rows, chunks = read_footer(file, size, path)
        opened = pa.parquet.ParquetFile(
            pa.PythonFile(file, mode="r"),
            buffer_size=READ_BYTES,
            pre_buffer=False,
            page_checksum_verification=True,
            thrift_string_size_limit=LIMITS.max_header_bytes,
        )
        yield opened, rows, chunks, size


class _Column:
    """One column of a file, checked as far as the footer goes."""

    def __init__(self, path: Path, column: str | None, *, numbers: bool) -> None:
        self._path = path
        with _opened(path) as (file, rows, chunks, size):
            schema = file.schema_arrow
            self._name = pick(schema, column, path, numbers=numbers)
            self.what = f"{path}::{self._name}"
            self.kind = schema.field(self._name).type
            self.dtype = column_dtype(self.kind)
            self.rows = self._check_footer(rows, chunks)
            self._size = size

    def _check_footer(self, rows: int, chunks: list[Chunk]) -> int:
        """Refuse more numbers than the file can hold, and give the rows."""
        own = [chunk for chunk in chunks if ".".join(chunk.path).startswith(f"{self._name}.")]
        own = own or [chunk for chunk in chunks if chunk.path == (self._name,)]
        claimed = sum(chunk.numbers for chunk in own) * self.dtype.itemsize
        if sum(chunk.rows for chunk in own) != rows or any(
            chunk.numbers > chunk.rows * LIMITS.max_dim for chunk in own
        ):
            raise CorruptFile(f"{self.what} claims other numbers of rows in two places; copy it again.")
        check_expansion(max(rows, claimed), sum(chunk.bytes for chunk in own), self.what)
        return rows

    def arrays(self, size: int) -> Iterator[Any]:
        """Yield the column in arrays of about `size` rows."""
        with _opened(self._path, self._size) as (file, *_):
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
            writer.write_table(
                pa.Table.from_batches([batch])
            )  # a row group each, so that none waits in memory
            rows += len(batch)
    return rows
