"""The `.fbin`, `.u8bin` and `.i8bin` formats of the billion-scale benchmarks.

A file is two little-endian uint32, the rows and the dimensions, and then the rows. They are defined at
https://big-ann-benchmarks.com.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.arrays import AnyArray, check_dim
from lilliput.io.blocks import Source
from lilliput.io.elements import Elements
from lilliput.io.reading import RowFile, map_array, open_regular, read_exactly

DTYPES: dict[str, np.dtype[Any]] = {
    ".fbin": np.dtype("<f4"),
    ".u8bin": np.dtype("u1"),
    ".i8bin": np.dtype("i1"),
}
HEADER_BYTES = 8


def _shape(path: Path) -> tuple[int, int, int]:
    """Read the rows, the dimensions and the file's length, which must agree."""
    itemsize = DTYPES[path.suffix.lower()].itemsize
    with open_regular(path) as (file, size):
        header = read_exactly(file, HEADER_BYTES, path)
    rows, dim = (int.from_bytes(header[at : at + 4], "little") for at in (0, 4))
    if rows * dim * itemsize != size - HEADER_BYTES:
        raise CorruptFile(
            f"{path} claims {rows} vectors of {dim} dimensions, which is not the {size - HEADER_BYTES} bytes "
            "that follow; copy it again from where it came, and check that its suffix fits its type."
        )
    return rows, dim, size


def open_bin(path: str | os.PathLike[str]) -> Source:
    """Open a file of vectors in one of these formats, told apart by its suffix.

    Raises
    ------
    CorruptFile
        When the header and the length of the file disagree.
    InvalidInput
        When it has no dimensions, or too many.
    FileError
        When it cannot be read.
    """
    path = Path(path)
    rows, dim, size = _shape(path)
    return RowFile(path, size, HEADER_BYTES, rows, dim, DTYPES[path.suffix.lower()])


def read_bin(path: str | os.PathLike[str]) -> AnyArray:
    """Map a file in one of these formats, read-only, as (rows, dim).

    Raises
    ------
    CorruptFile, InvalidInput, FileError
        As `open_bin`.
    """
    path = Path(path)
    rows, dim, size = _shape(path)
    check_dim(dim, str(path))
    return map_array(path, size, HEADER_BYTES, (rows, dim), DTYPES[path.suffix.lower()])


def write_bin(file: BinaryIO, vectors: Elements) -> int:
    """Write vectors and return how many there were.

    Parameters
    ----------
    file:
        Writable and seekable: the count is written last.
    vectors:
        Of the type of one of the formats.

    Raises
    ------
    InvalidInput
        When there are more rows than the format can count.
    """
    rows = 0
    file.write(bytes(HEADER_BYTES))
    for block in vectors.blocks():
        file.write(block.data)
        rows += len(block)
    if rows >= 2**32:
        raise InvalidInput(f"A count goes to {2**32 - 1} rows and there were {rows}; write .npy instead.")
    file.seek(0)
    file.write(rows.to_bytes(4, "little") + vectors.dim.to_bytes(4, "little"))
    return rows
