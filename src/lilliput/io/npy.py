"""The `.npy` format: a header of its own parsing, streaming in bounded memory, mapping, writing.

The length of the file is known before the header is believed, the header is short ASCII, its literal is
parsed and never evaluated, and numbers that the file could not hold are refused before anything is allocated.
Arrays of Python objects are never read. Either byte order and either memory order are read.
"""

import ast
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput, UnsupportedVersion
from lilliput.io.arrays import AnyArray, check_dim, check_dtype, check_rank, short_name
from lilliput.io.blocks import RawSource, Source, spans
from lilliput.io.elements import Elements
from lilliput.io.reading import Readable, RowFile, Seekable, fill, map_array, open_regular, read_exactly

MAGIC = b"\x93NUMPY"
MAX_HEADER = 10_000
MAX_RANK = 32
HEADER_BYTES = 128
_DESCR = re.compile(r"([<>|])([a-zA-Z])([0-9]{0,9})")
_NUMBERS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}


@dataclass(frozen=True)
class NpyHeader:
    """What a header says, checked against the bytes that follow it."""

    dtype: np.dtype[Any]
    fortran: bool
    shape: tuple[int, ...]
    offset: int


def read_header(stream: Readable, size: int, what: str) -> NpyHeader:
    """Read and check a header.

    Parameters
    ----------
    stream:
        At its beginning.
    size:
        How many bytes the whole array file has.
    what:
        What messages call it.

    Raises
    ------
    CorruptFile
        When this is no `.npy`, or its header and its length disagree.
    InvalidInput
        When it is one, but holds no plain numbers.
    UnsupportedVersion
        For a version of the format after 3.
    """
    if size < 10 or (begin := read_exactly(stream, 8, what))[:6] != MAGIC:
        raise CorruptFile(f"{what} is not a .npy file: it does not begin with the mark of that format.")
    if begin[6] not in (1, 2, 3):
        raise UnsupportedVersion(f"{what} is .npy version {begin[6]}.{begin[7]}; versions 1 to 3 are read.")
    length_bytes = 2 if begin[6] == 1 else 4
    length = int.from_bytes(read_exactly(stream, length_bytes, what), "little")
    offset = 8 + length_bytes + length
    if length > MAX_HEADER or offset > size:
        raise CorruptFile(
            f"{what} claims a header of {length} bytes; at most {MAX_HEADER} are read, and no more than the "
            f"{size} bytes of the file."
        )
    dtype, fortran, shape = _parse(read_exactly(stream, length, what), what)
    wanted = math.prod(shape) * dtype.itemsize
    # A size that is zero in one dimension must not let another be absurd.
    if math.prod(max(1, length) for length in shape) * dtype.itemsize > 2**62 or wanted != size - offset:
        raise CorruptFile(
            f"{what} claims shape {_short(shape)} of {dtype}, which is not the {size - offset} bytes that "
            "follow its header; copy it again from where it came."
        )
    return NpyHeader(dtype, fortran, shape, offset)


def _short(shape: tuple[int, ...]) -> str:
    text = str(shape)
    return text if len(text) <= 80 else text[:77] + "..."


def _parse(header: bytes, what: str) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    broken = CorruptFile(f"{what} has a .npy header that does not parse; copy it again from where it came.")
    if not header.isascii() or b"\\" in header or b"\0" in header:
        raise broken
    try:
        fields = ast.literal_eval(header.decode("ascii").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise broken from None
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise broken
    fortran, shape = fields["fortran_order"], fields["shape"]
    if type(fortran) is not bool or type(shape) is not tuple or len(shape) > MAX_RANK:
        raise broken
    if not all(type(length) is int and length >= 0 for length in shape):
        raise broken
    return _dtype(fields["descr"], what, broken), fortran, shape


def _dtype(descr: object, what: str, broken: CorruptFile) -> np.dtype[Any]:
    if isinstance(descr, list):
        raise InvalidInput(f"{what} holds records of several fields; save the matrix of vectors alone.")
    match = _DESCR.fullmatch(descr) if isinstance(descr, str) else None
    if match is None:
        raise broken
    order, kind, width = match.groups()
    if kind == "O":
        raise InvalidInput(f"{what} holds pickled Python objects, which are never read; save numbers.")
    if kind + width not in _NUMBERS or (order == "|") != (width == "1"):
        raise InvalidInput(f"{what} holds type {descr!r}; save integers or floats of 1 to 8 bytes.")
    return np.dtype(f"{order}{kind}{width}")


def array_header(shape: tuple[int, int], dtype: np.dtype[Any]) -> bytes:
    """Make a header of `HEADER_BYTES`, whatever the shape, so that it can be written again in its place."""
    fields = f"{{'descr': '{dtype.str}', 'fortran_order': False, 'shape': {shape}, }}"
    length = HEADER_BYTES - 10
    text = fields.ljust(length - 1) + "\n"
    return MAGIC + b"\x01\x00" + length.to_bytes(2, "little") + text.encode("ascii")


def fortran_rows(file: Seekable, header: NpyHeader, size: int, what: str) -> Iterator[AnyArray]:
    """Yield blocks of rows of a matrix stored column after column, reading a piece of each column a block."""
    rows, dim = header.shape
    for start, stop in spans(rows, size):
        columns = np.empty((dim, stop - start), dtype=header.dtype)
        for column in range(dim):
            file.seek(header.offset + (column * rows + start) * header.dtype.itemsize)
            fill(file, columns[column], what)
        yield columns.T
        del columns


class FortranFile(RawSource):
    """A `.npy` matrix stored column after column."""

    def __init__(self, path: Path, file_bytes: int, header: NpyHeader) -> None:
        rows, dim = header.shape
        check_dim(dim, str(path))
        check_dtype(header.dtype, str(path))
        super().__init__(str(path), rows, dim)
        self.element = short_name(header.dtype)
        self._path = path
        self._file_bytes = file_bytes
        self._header = header

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows in the file's dtype."""
        with open_regular(self._path, self._file_bytes) as (file, _):
            yield from fortran_rows(file, self._header, size, self.name)


def open_npy(path: str | os.PathLike[str]) -> Source:
    """Open a `.npy` file of vectors; nothing but its header is read yet.

    Raises
    ------
    CorruptFile
        When the file is not what its header says.
    InvalidInput
        When it holds no 2-D array of an accepted dtype.
    FileError
        When it cannot be read.

    Examples
    --------
    >>> np.save("vectors.npy", np.eye(3))
    >>> [block.shape for block in open_npy("vectors.npy").batches(2)]
    [(2, 3), (1, 3)]
    """
    path = Path(path)
    with open_regular(path) as (file, size):
        header = read_header(file, size, str(path))
    check_rank(header.shape, str(path))
    if header.fortran:
        return FortranFile(path, size, header)
    return RowFile(path, size, header.offset, header.shape[0], header.shape[1], header.dtype)


def read_npy(path: str | os.PathLike[str]) -> AnyArray:
    """Map a `.npy` file of numbers of any rank and width, read-only.

    Raises
    ------
    CorruptFile, InvalidInput, FileError
        As `open_npy`.
    """
    path = Path(path)
    with open_regular(path) as (file, size):
        header = read_header(file, size, str(path))
    return map_array(path, size, header.offset, header.shape, header.dtype, fortran=header.fortran)


def write_npy(file: BinaryIO, vectors: Elements) -> int:
    """Write vectors and return how many there were.

    Parameters
    ----------
    file:
        Writable and seekable: the header is written again when all rows have been counted.
    vectors:
        Of a type that numpy has.
    """
    rows = 0
    file.write(array_header((0, vectors.dim), vectors.dtype))
    for block in vectors.blocks():
        file.write(block.data)
        rows += len(block)
    file.seek(0)
    file.write(array_header((rows, vectors.dim), vectors.dtype))
    return rows
