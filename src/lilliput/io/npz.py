"""The `.npz` format: `.npy` arrays in a zip archive, unpacked as a stream in bounded memory.

What is refused before anything is unpacked: a directory longer than `READ_BYTES`, two entries of one name,
encryption, methods other than stored and deflate, an entry that the archive is too short to hold, and an
entry that unpacks to more than `MAX_EXPANSION` times its packed bytes and more than `FREE_EXPANSION` in all.
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
from lilliput.io.arrays import AnyArray, check_dim, check_dtype, check_rank
from lilliput.io.blocks import RawSource, Source, spans
from lilliput.io.npy import NpyHeader, array_header, fortran_rows, read_header
from lilliput.io.reading import READ_BYTES, fill, open_regular

MAX_EXPANSION = 200
FREE_EXPANSION = 64 * 2**20
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
    listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    if key is None and len(names) > 1:
        raise InvalidInput(f"{path} holds the arrays {listed}; say which with key=, or save one as .npy.")
    if key is not None and key not in names:
        raise InvalidInput(f"{path} holds no array {key!r}; it holds {listed}.")
    entry = entries[0 if key is None else names.index(key)]
    what = f"{path}[{names[entries.index(entry)]}]"
    if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidInput(f"{what} is encrypted or packed by an unusual method; save it with numpy.savez.")
    if entry.compress_size > size - entry.header_offset:
        raise CorruptFile(f"{what} claims {entry.compress_size} packed bytes, and the whole file has {size}.")
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        raise CorruptFile(f"{what} claims two different lengths; copy it again from where it came.")
    if entry.file_size > max(FREE_EXPANSION, MAX_EXPANSION * entry.compress_size):
        raise CorruptFile(
            f"{what} unpacks from {entry.compress_size} to {entry.file_size} bytes; above {FREE_EXPANSION} "
            f"bytes at most {MAX_EXPANSION} times is unpacked. Save it with numpy.savez, which does not pack."
        )
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


def write_npz(file: BinaryIO, source: Source) -> int:
    """Write vectors as one float32 array, `vectors`, not packed, and return how many there were.

    Parameters
    ----------
    file:
        Writable and seekable.
    source:
        The vectors, whose number must be known.

    Raises
    ------
    InvalidInput
        When the number of rows is not known, or not as announced: an archive's entry cannot be corrected.
    """
    if source.rows is None:
        raise InvalidInput("An iterator's number of rows is not known, and .npz needs it first; write .npy.")
    rows = 0
    member = zipfile.ZipInfo(f"{ENTRY}.npy")  # of its own fixed date, so that equal vectors give equal files
    with zipfile.ZipFile(file, "w") as archive, archive.open(member, "w", force_zip64=True) as entry:
        entry.write(array_header((source.rows, source.dim), np.dtype("<f4")))
        for block in source.batches():
            entry.write(block.astype("<f4", copy=False).data)
            rows += len(block)
    if rows != source.rows:
        raise InvalidInput(f"The source announced {source.rows} rows and gave {rows}; make them agree.")
    return rows
