"""Opening a file that may be missing, hostile or changing, and reading rows from it."""

import io
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lilliput.errors import CorruptFile, FileError, InvalidInput
from lilliput.io.arrays import AnyArray, check_dim, check_dtype, short_name
from lilliput.io.blocks import RawSource, spans
from lilliput.io.files import explained

READ_BYTES = 256 * 2**10
MAX_EXPANSION = 200
FREE_EXPANSION = 64 * 2**20


class Readable(Protocol):
    """A stream of bytes: a file, or an entry of an archive; `typing.BinaryIO` does not know `readinto`."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes; none at the end."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read into a buffer and say how many bytes came."""


class Seekable(Readable, Protocol):
    """A stream of bytes with places."""

    def seek(self, offset: int, /) -> int:
        """Go to a place."""


def _without_waiting(path: str, flags: int) -> int:
    # A named pipe would otherwise block the open until somebody writes to it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


@contextmanager
def open_regular(path: Path, expected: int | None = None) -> Iterator[tuple[io.FileIO, int]]:
    """Open a regular file and give it with its length.

    Parameters
    ----------
    path:
        The file.
    expected:
        Its length when it was looked at first.

    Raises
    ------
    FileError
        When it is missing, a folder, a device or a pipe, or may not be read.
    CorruptFile
        When its length has changed.
    InvalidInput
        When the path holds a NUL character.
    """
    if "\0" in str(path):
        raise InvalidInput(f"{str(path)!r} holds a NUL character; that is no path of a file.")
    with explained("read", path), io.FileIO(path, opener=_without_waiting) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise FileError(f"{path} is a device or a pipe; the path of a regular file was wanted.")
        if expected is not None and found.st_size != expected:
            raise CorruptFile(f"{path} had {expected} bytes and now has {found.st_size}; open it again.")
        yield file, found.st_size


def read_exactly(stream: Readable, size: int, what: object) -> bytes:
    """Read `size` bytes of a header.

    Raises
    ------
    CorruptFile
        When the stream ends before that.
    """
    pieces, left = [], size
    while left:
        piece = stream.read(left)
        if not piece:
            raise CorruptFile(f"{what} ends inside its header; copy it again from where it came.")
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def fill(stream: Readable, target: AnyArray, what: object) -> None:
    """Read a C-contiguous array's bytes.

    Raises
    ------
    CorruptFile
        When the stream ends before the array is full.
    """
    view = target.reshape(-1).view(np.uint8).data
    at = 0
    while at < len(view):
        count = stream.readinto(view[at : at + READ_BYTES])
        if not count:
            raise CorruptFile(f"{what} ends before its last vector; copy it again from where it came.")
        at += count


def check_expansion(claimed: int, held: int, what: object) -> None:
    """Refuse what unpacks to far more than it takes in its file.

    Parameters
    ----------
    claimed, held:
        Bytes unpacked, and packed.
    what:
        What messages call it.

    Raises
    ------
    CorruptFile
        Above `FREE_EXPANSION` bytes, when it grows more than `MAX_EXPANSION` times.
    """
    if claimed > max(FREE_EXPANSION, MAX_EXPANSION * held):
        raise CorruptFile(
            f"{what} unpacks from {held} to {claimed} bytes; above {FREE_EXPANSION} bytes at most "
            f"{MAX_EXPANSION} times is unpacked. Save it again unpacked."
        )


def row_type(dtype: np.dtype[Any], dim: int, prefix: int = 0) -> np.dtype[Any]:
    """Describe a row of a file: `prefix` bytes, then `dim` numbers."""
    return np.dtype([("prefix", np.uint8, (prefix,)), ("x", dtype, (dim,))])


class RowFile(RawSource):
    """Rows of equal length that follow each other in a file.

    Parameters
    ----------
    path, file_bytes:
        The file and the length that it had when it was opened.
    offset:
        Where the first row begins.
    rows, dim, dtype:
        The shape and type of the numbers.
    prefix:
        Bytes before the numbers of each row.
    """

    def __init__(
        self,
        path: Path,
        file_bytes: int,
        offset: int,
        rows: int,
        dim: int,
        dtype: np.dtype[Any],
        prefix: int = 0,
    ) -> None:
        check_dim(dim, str(path))
        check_dtype(dtype, str(path))
        super().__init__(str(path), rows, dim)
        self.rows: int = rows
        self.element = short_name(dtype)
        self._path = path
        self._file_bytes = file_bytes
        self._offset = offset
        self._row = row_type(dtype, dim, prefix)

    def check_block(self, block: AnyArray, first_row: int) -> None:
        """Look at the prefixes of rows; the plain form has none."""

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows in the file's dtype."""
        with open_regular(self._path, self._file_bytes) as (file, _):
            file.seek(self._offset)
            for start, stop in spans(self.rows, size):
                yield self._read(file, start, stop)

    def _read(self, file: Readable, start: int, stop: int) -> AnyArray:
        block = np.empty(stop - start, dtype=self._row)
        fill(file, block, self._path)
        self.check_block(block, start)
        numbers: AnyArray = block["x"]
        return numbers


def map_array(
    path: Path,
    file_bytes: int,
    offset: int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    fortran: bool = False,
) -> AnyArray:
    """Map a file's numbers read-only; numbers in the other byte order are converted, in memory.

    Raises
    ------
    FileError
        When the file cannot be read.
    CorruptFile
        When its length has changed.
    """
    with open_regular(path, file_bytes):
        if 0 in shape:
            return np.empty(shape, dtype=dtype.newbyteorder("="))
        try:
            array: AnyArray = np.memmap(
                path, dtype=dtype, mode="r", offset=offset, shape=shape, order="F" if fortran else "C"
            )
        except ValueError as error:
            raise CorruptFile(f"{path} became shorter while it was opened; open it again.") from error
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


def shown(path: Path, key: str | None) -> str:
    """Name a file, or an entry of it, in a message."""
    return str(path) if key is None else f"{path}[{key}]"


def choose(names: Sequence[str], column: str | None, path: object, kind: str) -> str:
    """Choose what in a file holds the vectors: the one named, or the only one there is.

    Parameters
    ----------
    names:
        What could.
    column:
        What the caller named.
    path, kind:
        The file, and what messages call its parts: "column", "array", "data set".

    Raises
    ------
    InvalidInput
        Listing them, when it is not clear which.
    """
    listed = ", ".join(name[:80] for name in names[:20]) + (", …" if len(names) > 20 else "")
    if column is not None and column not in names:
        raise InvalidInput(f"{path} holds no {kind} {column!r} of vectors; it holds {listed or 'none'}.")
    if column is None and len(names) != 1:
        if not names:
            raise InvalidInput(f"{path} holds no {kind} of vectors.")
        raise InvalidInput(
            f"{path} holds the {kind}s {listed}; say which, as {path}::{names[0][:80]} or by column=."
        )
    return names[0] if column is None else column


def check_announced(announced: int, rows: int) -> None:
    """Refuse a source that gave another number of rows than it said.

    Raises
    ------
    InvalidInput
        Naming both.
    """
    if rows != announced:
        raise InvalidInput(f"The source announced {announced} rows and gave {rows}; make them agree.")
