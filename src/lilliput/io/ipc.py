"""The Arrow formats `.arrow` and `.feather` (file) and `.arrows` (stream), and the shards of data sets.

A file is a stream between two marks, so both are read as streams. The messages of a stream are walked first:
each must lie within the file, the last must be the mark of the end, and record batches say how many rows they
have. So a file that was cut is noticed even where it was cut between two messages. Memory is bounded by one
record batch of the one column.
"""

import struct
from collections.abc import Iterator
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
from lilliput.io.reading import Seekable, check_expansion, open_regular, read_exactly
from lilliput.limits import LIMITS

MAGIC = b"ARROW1\0\0"
CONTINUES = b"\xff\xff\xff\xff"
PREFIX = 8
SCHEMA, RECORDS = 1, 3  # kinds of messages


class Shard:
    """One file of record batches, walked through once.

    Attributes
    ----------
    rows:
        How many rows its batches say they have.
    schema:
        What Arrow calls its columns.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with open_regular(path) as (file, size), sound(path, "Arrow"):
            self._start = len(MAGIC) if size >= PREFIX and read_exactly(file, PREFIX, path) == MAGIC else 0
            self.rows = _walk(file, self._start, size, path)
            file.seek(self._start)
            self.schema = _stream(file).schema
        self.bytes = size

    def arrays(self, column: str, kind: Any) -> Iterator[Any]:
        """Yield a column batch by batch; only its bytes are kept.

        Raises
        ------
        CorruptFile
            When it is not there with this type, or the batches are not sound.
        """
        if self.schema.names.count(column) != 1 or self.schema.field(column).type != kind:
            raise CorruptFile(
                f"{self._path} has no column {column[:80]!r} of {str(kind)[:80]}; copy it again."
            )
        with open_regular(self._path, self.bytes) as (file, _), sound(self._path, "Arrow"):
            file.seek(self._start)
            for batch in _stream(file, self.schema.get_field_index(column)):
                yield batch.column(0)


def _stream(file: Any, field: int | None = None) -> Any:
    pa = arrow()
    options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=None if field is None else [field])
    return pa.ipc.open_stream(pa.PythonFile(file, mode="r"), options=options)


def _walk(file: Seekable, at: int, size: int, path: Path) -> int:
    """Pass over every message up to the mark of the end, and count the rows."""
    rows, first = 0, True
    while True:
        if size - at < PREFIX:
            raise CorruptFile(f"{path} ends before its end mark, so it was cut; copy it again.")
        file.seek(at)
        prefix = read_exactly(file, PREFIX, path)
        (length,) = struct.unpack("<i", prefix[4:])
        if prefix[:4] != CONTINUES or not 0 <= length <= min(LIMITS.max_header_bytes, size - at - PREFIX):
            raise CorruptFile(
                f"{path} is no Arrow file or stream: it has no message at byte {at}. What Arrow before 0.15 "
                "or Feather version 1 wrote must be saved again."
            )
        if not length:
            return rows
        try:
            kind, body, count = _message(read_exactly(file, length, path))
        except (struct.error, ValueError) as error:
            raise CorruptFile(f"{path} has a damaged message at byte {at}; copy it again.") from error
        at += PREFIX + length
        if (kind == SCHEMA) != first or not 0 <= body <= size - at or not 0 <= count <= 2**48:
            raise CorruptFile(f"{path} has a message before byte {at} that cannot be; copy it again.")
        at, rows, first = at + body, rows + count, False


def _message(raw: bytes) -> tuple[int, int, int]:
    """Read the kind of a message, the bytes that follow it, and its rows, from its flatbuffer."""
    table = _number("<I", raw, 0)
    kind = _field("<B", raw, table, 1)
    count = 0
    if kind == RECORDS:
        place = _place(raw, table, 2)
        count = _field("<q", raw, place + _number("<I", raw, place), 0) if place else -1
    return kind, _field("<q", raw, table, 3), count


def _field(form: str, raw: bytes, table: int, number: int) -> int:
    """Read a field of a table; zero when it is left out."""
    place = _place(raw, table, number)
    return _number(form, raw, place) if place else 0


def _place(raw: bytes, table: int, number: int) -> int:
    index = table - _number("<i", raw, table)
    inside = 4 + 2 * number < _number("<H", raw, index)
    offset = _number("<H", raw, index + 4 + 2 * number) if inside else 0
    return table + offset if offset else 0


def _number(form: str, raw: bytes, at: int) -> int:
    if not 0 <= at <= len(raw) - struct.calcsize(form):
        raise ValueError("it points out of itself")
    return int(struct.unpack_from(form, raw, at)[0])


class Shards:
    """A column of one or several files that belong together."""

    def __init__(self, path: Path, files: list[Path], column: str | None, *, numbers: bool) -> None:
        self._shards = [Shard(file) for file in files]
        with sound(path, "Arrow"):  # a name may be no text
            schema = self._shards[0].schema
            self._name = pick(schema, column, path, numbers=numbers)
            self.kind = schema.field(self._name).type
            self.dtype = column_dtype(self.kind)
        self.what = f"{path}::{self._name}"
        self.rows = sum(shard.rows for shard in self._shards)
        self.bytes = sum(shard.bytes for shard in self._shards)

    def arrays(self, size: int) -> Iterator[Any]:
        """Yield the column in the arrays that the files hold."""
        for shard in self._shards:
            yield from shard.arrays(self._name, self.kind)

    def source(self) -> ColumnSource:
        """Give the column as a source."""
        dim = first_length(self.kind, self.arrays, self.what)
        check_expansion(self.rows * dim * self.dtype.itemsize, self.bytes, self.what)
        return ColumnSource(self.what, self.rows, dim, self.dtype, self.arrays)

    def read(self) -> AnyArray:
        """Give the whole column in memory."""
        return whole(self.kind, self.arrays, self.what)


def open_ipc(path: Path, column: str | None = None) -> ColumnSource:
    """Open a column of vectors; the messages are walked, and the first batch read where it must tell.

    Raises
    ------
    CorruptFile
        When the file is not sound, or was cut.
    InvalidInput
        When it is not clear which column is meant.
    FileError
        When it cannot be read.
    """
    return Shards(path, [path], column, numbers=False).source()


def read_ipc(path: Path, column: str | None = None) -> AnyArray:
    """Read a column of vectors or of numbers into memory, in its own type."""
    return Shards(path, [path], column, numbers=True).read()


def write_file(file: BinaryIO, vectors: Elements, column: str | None) -> int:
    """Write vectors in the file format, as a column of fixed-size lists, and return how many there were."""
    return _write(arrow().ipc.new_file, file, vectors, schema_of(vectors, column))


def write_stream(
    file: BinaryIO, vectors: Elements, column: str | None, metadata: dict[str, str] | None = None
) -> int:
    """Write vectors in the stream format, as a column of fixed-size lists, and return how many there were."""
    return _write(arrow().ipc.new_stream, file, vectors, schema_of(vectors, column, metadata))


def _write(new: Any, file: BinaryIO, vectors: Elements, schema: Any) -> int:
    rows = 0
    with new(arrow().PythonFile(file, mode="w"), schema) as writer:
        for batch in table_blocks(vectors, schema):
            writer.write_batch(batch)
            rows += len(batch)
    return rows
