"""The `.npz` format: `.npy` arrays in a zip archive, unpacked as a stream in bounded memory.

What is refused before anything is unpacked: a directory longer than `READ_BYTES`, two entries of one name,
encryption, methods other than stored and deflate, an entry that the archive is too short to hold, and an
entry that unpacks to more than 200 times its packed bytes and more than 64 MiB in all.
An entry gives as many bytes as it declares, which its header must account for exactly, and its checksum is
verified by the last of them.
"""

import io
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput, LilliputError
from lilliput.io.arrays import AnyArray, check_dim, check_dtype, check_rank, short_name
from lilliput.io.blocks import RawSource, Source, spans
from lilliput.io.elements import Elements
from lilliput.io.npy import NpyHeader, array_header, fortran_rows, read_header
from lilliput.io.reading import (
    READ_BYTES,
    check_announced,
    check_expansion,
    choose,
    fill,
    open_regular,
)
from lilliput.names import Name

ENTRY = "vectors"

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    LookupError,
)


class _Bounded(io.FileIO):
    """A file that gives at most `READ_BYTES` at a time: `zipfile` reads a directory whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = READ_BYTES + 1 if size is None or size < 0 else size
        data = super().read(min(wanted, READ_BYTES + 1)) or b""
        if len(data) > READ_BYTES:
            raise zipfile.BadZipFile(f"it claims a directory of over {READ_BYTES} bytes")
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_SET and offset < 0:
            raise zipfile.BadZipFile("it places an entry before its beginning")
        return super().seek(offset, whence)


@contextmanager
def _archive(path: Path, file_bytes: int | None = None) -> Iterator[tuple[zipfile.ZipFile, int]]:
    """Open an archive and give it with its length."""
    with open_regular(path, file_bytes) as (file, size):
        try:
            with _Bounded(file.fileno(), closefd=False) as bounded, zipfile.ZipFile(bounded) as archive:
                yield archive, size
        except LilliputError:
            raise
        except _BROKEN as error:
            raise CorruptFile(f"{path} is not a sound .npz archive ({error}); copy it again.") from error


def _entry(archive: zipfile.ZipFile, size: int, path: Path, key: str | None) -> zipfile.ZipInfo:
    """Choose the array and refuse what it may not be."""
    entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
    names = [entry.filename.removesuffix(".npy") for entry in entries]
    if not names:
        raise CorruptFile(f"{path} holds no .npy arrays; save it with numpy.savez.")
    if len(set(names)) < len(names):
        raise CorruptFile(f"{path} holds two arrays of one name; save it again.")
    entry = entries[names.index(choose(names, key, path, "array"))]
    what = f"{path}[{names[entries.index(entry)]}]"
    if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidInput(f"{what} is encrypted or packed by an unusual method; save it with numpy.savez.")
    if entry.compress_size > size - entry.header_offset:
        raise CorruptFile(f"{what} claims {entry.compress_size} packed bytes, and the whole file has {size}.")
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        raise CorruptFile(f"{what} claims two different lengths; copy it again from where it came.")
    check_expansion(entry.file_size, entry.compress_size, what)
    return entry


@contextmanager
def _open_entry(
    path: Path, key: str | None, file_bytes: int | None = None
) -> Iterator[tuple[io.BufferedIOBase, NpyHeader, str, int]]:
    """Give an entry after its header, the header, its name in messages, and the archive's length."""
    with _archive(path, file_bytes) as (archive, size):
        entry = _entry(archive, size, path, key)
        what = f"{path}[{entry.filename.removesuffix('.npy')}]"
        with cast(io.BufferedIOBase, archive.open(entry)) as stream:
            yield stream, read_header(stream, entry.file_size, what), what, size


class ZipSource(RawSource):
    """A matrix in an archive."""

    def __init__(self, path: Path, key: str | None, file_bytes: int, header: NpyHeader, what: str) -> None:
        rows, dim = header.shape
        check_dim(dim, what)
        check_dtype(header.dtype, what)
        super().__init__(what, rows, dim)
        self.element = short_name(header.dtype)
        self._path = path
        self._key = key
        self._file_bytes = file_bytes
        self._header = header

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows in the entry's dtype."""
        with _open_entry(self._path, self._key, self._file_bytes) as (stream, header, what, _):
            if header != self._header:
                raise CorruptFile(f"{what} is another array than when it was opened; open it again.")
            if header.fortran:
                # Its columns lie apart and a packed stream has no random access.
                with tempfile.TemporaryFile() as file:
                    _unpack(stream, file, header.offset)
                    yield from fortran_rows(file, header, size, what)
                return
            for start, stop in spans(header.shape[0], size):
                yield _rows(stream, header, stop - start, what)


def _rows(stream: io.BufferedIOBase, header: NpyHeader, rows: int, what: str) -> AnyArray:
    block = np.empty((rows, header.shape[1]), dtype=header.dtype)
    fill(stream, block, what)
    return block


def _unpack(stream: io.BufferedIOBase, file: io.BufferedRandom, offset: int) -> None:
    file.seek(offset)
    while piece := stream.read(READ_BYTES):
        file.write(piece)
    file.flush()


def open_npz(path: str | os.PathLike[str], key: str | None = None) -> Source:
    """Open the vectors in a `.npz` archive; nothing but the header is unpacked yet.

    An array stored column after column is unpacked to a temporary file whenever it is read.

    Parameters
    ----------
    path:
        The archive.
    key:
        Which array; needed when there are several.

    Raises
    ------
    CorruptFile
        When the archive is not sound or claims what it cannot hold. A wrong checksum shows at the last block.
    InvalidInput
        When the array is not named, or is no 2-D array of an accepted dtype.
    FileError
        When it cannot be read.
    """
    path = Path(path)
    with _open_entry(path, key) as (_, header, what, size):
        check_rank(header.shape, what)
        return ZipSource(path, key, size, header, what)


def read_npz(path: str | os.PathLike[str], key: str | None = None) -> AnyArray:
    """Read an array of a `.npz` archive, of any rank and numeric dtype, into memory.

    Raises
    ------
    CorruptFile, InvalidInput, FileError
        As `open_npz`.
    """
    with _open_entry(Path(path), key) as (stream, header, what, _):
        array = np.empty(header.shape, dtype=header.dtype, order="F" if header.fortran else "C")
        fill(stream, array.T if header.fortran else array, what)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def write_npz(file: BinaryIO, vectors: Elements, column: str | None) -> int:
    """Write vectors as one array, not packed, and return how many there were.

    Parameters
    ----------
    file:
        Writable and seekable.
    vectors:
        Of a type that numpy has; their number must be known.
    column:
        What the array is called; by default `vectors`.

    Raises
    ------
    InvalidInput
        When there are not as many rows as announced: an archive's entry cannot be corrected.
    """
    rows, announced = 0, vectors.rows or 0
    name = ENTRY if column is None else Name(column)
    member = zipfile.ZipInfo(f"{name}.npy")  # of its own fixed date, so that equal vectors give equal files
    with zipfile.ZipFile(file, "w") as archive, archive.open(member, "w", force_zip64=True) as entry:
        entry.write(array_header((announced, vectors.dim), vectors.dtype))
        for block in vectors.blocks():
            entry.write(block.data)
            rows += len(block)
    check_announced(announced, rows)
    return rows
