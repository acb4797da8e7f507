"""The `.fvecs`, `.ivecs` and `.bvecs` formats of the TEXMEX data sets.

Each row is a little-endian int32, its number of dimensions, and then the numbers: float32, int32 or uint8.
They are defined at http://corpus-texmex.irisa.fr. All rows must have the same length here.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.arrays import AnyArray, block_rows, check_dim
from lilliput.io.blocks import Source, spans
from lilliput.io.elements import Elements
from lilliput.io.mapped import drop_pages
from lilliput.io.reading import RowFile, map_array, open_regular, read_exactly

DTYPES: dict[str, np.dtype[Any]] = {
    ".fvecs": np.dtype("<f4"),
    ".ivecs": np.dtype("<i4"),
    ".bvecs": np.dtype("u1"),
}
PREFIX_BYTES = 4


class VecsFile(RowFile):
    """Rows that each begin with their number of dimensions."""

    def check_block(self, block: AnyArray, first_row: int) -> None:
        """Refuse a row whose number of dimensions is another one."""
        _check_prefixes(block["prefix"], self.dim, self.name, first_row)


def _check_prefixes(prefixes: AnyArray, dim: int, what: str, first_row: int) -> None:
    found = np.ascontiguousarray(prefixes).view("<i4")[:, 0]
    other = np.flatnonzero(found != dim)
    if other.size:
        raise CorruptFile(
            f"{what} has {int(found[other[0]])} dimensions in row {first_row + int(other[0])} and {dim} in "
            "row 0; rows of one length were wanted."
        )


def _shape(path: Path) -> tuple[int, int, int]:
    """Read the rows, the dimensions of the first and the file's length, which must agree."""
    itemsize = DTYPES[path.suffix.lower()].itemsize
    with open_regular(path) as (file, size):
        dim = int.from_bytes(read_exactly(file, PREFIX_BYTES, path), "little", signed=True)
    row_bytes = PREFIX_BYTES + dim * itemsize
    if dim < 0 or size % row_bytes:
        raise CorruptFile(
            f"{path} begins with a row of {dim} dimensions, and its {size} bytes are no whole number of such "
            "rows; copy it again from where it came, and check that its suffix fits its type."
        )
    check_dim(dim, str(path))
    return size // row_bytes, dim, size


def open_vecs(path: str | os.PathLike[str]) -> Source:
    """Open a `.fvecs` or `.bvecs` file of vectors; their lengths are checked as they are read.

    Raises
    ------
    CorruptFile
        When the length of the file does not fit its first row.
    InvalidInput
        When it has no dimensions or too many, or is `.ivecs`, which holds ids.
    FileError
        When it cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() == ".ivecs":
        raise InvalidInput(f"{path} holds int32 numbers, which are ids, not vectors; use read_array.")
    rows, dim, size = _shape(path)
    return VecsFile(path, size, 0, rows, dim, DTYPES[path.suffix.lower()], PREFIX_BYTES)


def read_vecs(path: str | os.PathLike[str]) -> AnyArray:
    """Map a file in one of these formats, read-only, as (rows, dim); the length of every row is checked.

    Raises
    ------
    CorruptFile, InvalidInput, FileError
        As `open_vecs`.
    """
    path = Path(path)
    rows, dim, size = _shape(path)
    mapped = map_array(path, size, 0, (rows, size // rows), np.dtype("u1"))
    for start, stop in spans(rows, block_rows(dim)):
        _check_prefixes(mapped[start:stop, :PREFIX_BYTES], dim, str(path), start)
        drop_pages(mapped, mapped[start:stop])
    return mapped[:, PREFIX_BYTES:].view(DTYPES[path.suffix.lower()])


def write_vecs(file: BinaryIO, vectors: Elements) -> int:
    """Write vectors and return how many there were.

    Parameters
    ----------
    file:
        Writable.
    vectors:
        Of the type of one of the formats.

    Raises
    ------
    InvalidInput
        When there are no vectors: the format has no place to say their dimensions.
    """
    rows = 0
    for block in vectors.blocks():
        row = np.empty(len(block), dtype=[("dim", "<i4"), ("x", vectors.dtype, (vectors.dim,))])
        row["dim"] = vectors.dim
        row["x"] = block
        file.write(row.data)
        rows += len(block)
    if not rows:
        raise InvalidInput("Rows that each say their length cannot be an empty set; write .npy instead.")
    return rows
