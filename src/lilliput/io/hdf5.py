"""The `.h5` and `.hdf5` formats: data sets of vectors, read without the HDF5 library and written by it."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput, MissingExtra
from lilliput.io.arrays import AnyArray, check_dim, check_dtype, check_rank, short_name
from lilliput.io.blocks import RawSource, Source, joined
from lilliput.io.elements import ELEMENTS, Elements
from lilliput.io.hdf5_file import Object, Reader, checked
from lilliput.io.header import nbytes
from lilliput.io.reading import RowFile, check_expansion, choose, map_array, open_regular

TRAIN = "train"
CHUNK_BYTES = 2**20
GZIP, SHUFFLE, FLETCHER = 1, 2, 3


class _Dataset:
    """One data set of a file, checked against the file's length."""

    def __init__(self, path: Path, size: int, reader: Reader, name: str, what: Object) -> None:
        self.what = what
        self.name = f"{path}::{name}"
        self.path = path
        self.file_bytes = size
        self.shape, self.dtype = checked(what, name, path)
        self.bytes = nbytes(self.dtype, self.shape)
        self.index: dict[tuple[int, ...], tuple[int, int, int]] = {}
        if what.storage == "chunked":
            self._check_chunks(reader)
        elif self.bytes != what.size or (self.bytes and what.place + what.size > size):
            raise CorruptFile(
                f"{self.name} claims shape {self.shape} of {self.dtype}, which is not the {what.size} bytes "
                "that it has; copy it again."
            )

    def _check_chunks(self, reader: Reader) -> None:
        chunk, rank = self.what.chunk, len(self.shape)
        other = [step.id for step in self.what.filters if step.id not in (GZIP, SHUFFLE, FLETCHER)]
        if other:
            raise InvalidInput(f"{self.name} is packed by the filter {other[0]}; save it plain or by gzip.")
        if rank not in (1, 2) or len(chunk) != rank or 0 in chunk:
            raise InvalidInput(
                f"{self.name} has shape {self.shape} in chunks; vectors are rows of a 2-D array."
            )
        self.index = reader.chunks(self.what)
        counts = [-(-length // step) for length, step in zip(self.shape, chunk, strict=True)]
        wanted = int(np.prod(counts, dtype=object))
        if len(self.index) != wanted or any(
            at % step or at >= length
            for first in self.index
            for at, step, length in zip(first, chunk, self.shape, strict=True)
        ):
            raise InvalidInput(
                f"{self.name} has {len(self.index)} chunks and its shape wants {wanted}; write all of it."
            )
        for _, size, _ in self.index.values():
            check_expansion(nbytes(self.dtype, chunk), size, self.name)

    def bands(self) -> Iterator[AnyArray]:
        """Yield the rows of each row of chunks; what has one axis is a column."""
        rows, columns = (*self.shape, 1)[:2]
        high, wide = (*self.what.chunk, 1)[:2]
        with open_regular(self.path, self.file_bytes) as (file, size):
            reader = Reader(file.fileno(), size, self.path)
            for top in range(0, rows, high):
                band = np.empty((min(high, rows - top), columns), self.dtype)
                for left in range(0, columns, wide):
                    place = self.index[(top, left)[: len(self.shape)]]
                    piece = self._unpack(reader, *place).reshape(high, wide)
                    band[:, left : left + wide] = piece[: len(band), : columns - left]
                yield band

    def _unpack(self, reader: Reader, place: int, size: int, skipped: int) -> AnyArray:
        """Read a chunk and undo its filters, the last first."""
        wanted = nbytes(self.dtype, self.what.chunk)
        raw = os.pread(reader.file, size, place)
        for number, step in reversed(list(enumerate(self.what.filters))):
            if skipped >> number & 1:
                continue
            if step.id == FLETCHER:
                raw = _without_checksum(raw, self.name)
            elif step.id == GZIP:
                raw = _inflated(raw, wanted + 4, self.name)
            elif self.dtype.itemsize > 1:
                whole = len(raw) // self.dtype.itemsize * self.dtype.itemsize
                planes = np.frombuffer(raw[:whole], np.uint8).reshape(self.dtype.itemsize, -1)
                raw = np.ascontiguousarray(planes.T).tobytes() + raw[whole:]
        if len(raw) != wanted:
            raise CorruptFile(f"{self.name} has a chunk of {len(raw)} bytes for {wanted}; copy it again.")
        return np.frombuffer(raw, self.dtype)


class Chunked(RawSource):
    """A matrix in chunks; memory is bounded by a row of chunks and a block."""

    def __init__(self, dataset: _Dataset) -> None:
        rows, dim = dataset.shape
        check_dim(dim, dataset.name)
        check_dtype(dataset.dtype, dataset.name)
        super().__init__(dataset.name, rows, dim)
        self.element = short_name(dataset.dtype)
        self._dataset = dataset

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows in the data set's type."""
        yield from joined(self._dataset.bands(), size)


def _open(path: Path, column: str | None, *, vectors: bool) -> _Dataset:
    """Find a data set: the one named, or the only one that could be meant."""
    with open_regular(path) as (file, size):
        reader = Reader(file.fileno(), size, path)
        _, found = reader.objects()
        names = [name for name, what in found.items() if not vectors or _is_matrix(what)]
        if column is not None:
            column = column.strip("/")
            if column in found:
                names = [column]
        chosen = choose(names, column, path, "data set")
        return _Dataset(path, size, reader, chosen, found[chosen])


def open_hdf5(path: Path, column: str | None = None) -> Source:
    """Open a data set of vectors; nothing but the structure of the file is read yet.

    Raises
    ------
    CorruptFile
        When the file is not sound, or claims what it cannot hold. A wrong checksum shows as rows are read.
    InvalidInput
        When it is not clear which data set is meant, or its numbers lie elsewhere or are packed unusually.
    FileError
        When it cannot be read.
    """
    dataset = _open(path, column, vectors=True)
    check_rank(dataset.shape, dataset.name)
    if dataset.what.storage == "chunked":
        return Chunked(dataset)
    rows, dim = dataset.shape
    source = RowFile(path, dataset.file_bytes, dataset.what.place, rows, dim, dataset.dtype)
    source.name = dataset.name
    return source


def read_hdf5(path: Path, column: str | None = None) -> AnyArray:
    """Read a data set of numbers: mapped read-only where it lies in one piece, else in memory."""
    dataset = _open(path, column, vectors=False)
    if dataset.what.storage != "chunked":
        return map_array(path, dataset.file_bytes, dataset.what.place, dataset.shape, dataset.dtype)
    check_expansion(dataset.bytes, sum(size for _, size, _ in dataset.index.values()), dataset.name)
    bands = [*dataset.bands(), np.empty((0, (*dataset.shape, 1)[1]), dataset.dtype)]
    whole = np.concatenate(bands).reshape(dataset.shape)
    return whole.astype(whole.dtype.newbyteorder("="), copy=False)


def write_hdf5(file: BinaryIO, vectors: Elements, column: str | None) -> int:
    """Write vectors as one data set with checksums and return how many there were.

    Parameters
    ----------
    file:
        Readable, writable and empty.
    vectors:
        Of a type that numpy has.
    column:
        What the data set is called; by default `train`.
    """
    with h5py_or_refuse().File(file, "w", libver=("earliest", "v108")) as opened:
        return fill_dataset(opened, column or TRAIN, vectors)


def fill_dataset(opened: Any, name: str, vectors: Elements) -> int:
    """Write vectors as a data set of an open file and return how many there were."""
    rows = 0
    high = max(1, CHUNK_BYTES // (vectors.dim * vectors.dtype.itemsize))
    high = min(high, vectors.rows or high)
    dataset = opened.create_dataset(
        name,
        shape=(0, vectors.dim),
        maxshape=(None, vectors.dim),
        chunks=(high, vectors.dim),
        dtype=vectors.dtype,
        fletcher32=True,
        track_times=False,
    )
    for block in vectors.blocks():
        dataset.resize(rows + len(block), axis=0)
        dataset[rows:] = block
        rows += len(block)
    return rows


def h5py_or_refuse() -> Any:
    """Import h5py.

    Raises
    ------
    MissingExtra
        When it is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("h5py", "hdf5") from error
    return h5py


def _is_matrix(what: Object) -> bool:
    dtype = what.dtype
    return (
        what.shape is not None
        and len(what.shape) == 2
        and dtype is not None
        and short_name(dtype) in ELEMENTS
    )


def _inflated(raw: bytes, most: int, name: str) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, most)
    except zlib.error as error:
        raise CorruptFile(f"{name} has a chunk that does not unpack ({error}); copy it again.") from error


def _without_checksum(raw: bytes, name: str) -> bytes:
    """Verify and cut off the Fletcher checksum of a chunk: two sums modulo 65,535 of its 16-bit words."""
    data, stored = raw[:-4], int.from_bytes(raw[-4:], "little")
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype(np.uint64)
    low = int(words.sum()) % 65_535
    weights = np.arange(len(words), 0, -1, dtype=np.uint64)
    high = int((words * weights % np.uint64(65_535)).sum()) % 65_535
    if (stored & 0xFFFF) % 65_535 != low or (stored >> 16) % 65_535 != high:
        raise CorruptFile(f"{name} is damaged: a chunk does not match its checksum; restore a copy.")
    return data
