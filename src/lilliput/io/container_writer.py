"""Writes containers: tensors of known shape, block by block, with checksums as they go."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lilliput import _core
from lilliput.errors import FileError, InvalidInput
from lilliput.io.beside import Sibling
from lilliput.io.files import explained, fail, layer, write_all
from lilliput.io.header import HEAD, PAGE, PAGES, build_header
from lilliput.limits import LIMITS

Layout = Mapping[str, tuple[DTypeLike, tuple[int, ...]]]
UNCHANGED = "What was there before is unchanged."


@dataclass(frozen=True)
class Written:
    """What a finished container is known by: its length, and the checksum that covers all of it."""

    bytes: int
    head: int


class ContainerWriter:
    """Write the tensors of one container in the order of its layout.

    Codes can be larger than memory, so a tensor is handed over in as many pieces as one likes. Made by
    `new_container` and by a folder's writer, which see to it that nothing half-written is ever found.

    Parameters
    ----------
    file:
        A descriptor open for writing at the start of an empty file. It stays the caller's.
    path:
        What the file will be, for messages.
    layout:
        Name, dtype and shape of each tensor.
    metadata:
        Text under text, kept in the header.
    format:
        The name of what the file holds.
    """

    def __init__(
        self, file: int, path: str | Path, layout: Layout, metadata: Mapping[str, str], format: str
    ) -> None:
        header, self._slots = build_header(
            {name: (np.dtype(dtype), tuple(map(int, shape))) for name, (dtype, shape) in layout.items()},
            metadata,
            format,
        )
        self._file = file
        self._path = path
        self._names = list(self._slots)
        self._at = 0
        self._checksums: list[NDArray[np.uint32]] = []
        self._open_page = 0
        self._open_bytes = 0
        self._head = _core.crc32c(header)
        self._bytes = len(header)
        with explained("saved", path, UNCHANGED):
            fail("file.header")
            write_all(file, memoryview(header))

    def write(self, name: str, block: NDArray[np.generic]) -> None:
        """Append a block to a tensor.

        Parameters
        ----------
        name:
            The tensor that is not yet full, or the next one.
        block:
            The next elements in C order, of the tensor's dtype and any shape.

        Raises
        ------
        InvalidInput
            When it is not this tensor's turn, or the block has another dtype or does not fit.
        """
        self._skip_to(name)
        slot = self._slots[name]
        if block.dtype.newbyteorder("<") != slot.dtype:
            raise InvalidInput(f"The tensor {name!r} is {slot.dtype}; this block is {block.dtype}.")
        if block.nbytes > slot.end - self._at:
            raise InvalidInput(f"The tensor {name!r} has shape {slot.shape}; this block overflows it.")
        for piece in _pieces(block, slot.dtype):
            self._write(piece)

    def finish(self) -> Written:
        """Write the checksums and wait until the file is on disk.

        Raises
        ------
        InvalidInput
            When a tensor is not full.
        """
        self._skip_to(PAGES)
        if self._open_bytes:
            self._checksums.append(np.array([self._open_page], dtype=np.uint32))
        pages = _bytes_of(np.concatenate([np.empty(0, np.uint32), *self._checksums]).astype("<u4"))
        head = _core.crc32c(pages, self._head)
        with explained("saved", self._path, UNCHANGED):
            fail("file.checksums")
            write_all(self._file, pages)
            write_all(self._file, _bytes_of(np.array([head], dtype="<u4")))
            fail("file.sync")
            layer().sync(self._file)
        return Written(self._bytes + self._slots[HEAD].end, head)

    def _skip_to(self, name: str) -> None:
        """Pass over full tensors and fill pads until it is this tensor's turn."""
        if name not in self._names:
            raise InvalidInput(f"The tensor {name!r} is written already or was not announced.")
        while self._names[0] != name:
            slot = self._slots[self._names[0]]
            missing = slot.end - self._at
            if missing and not self._names[0].startswith("__pad"):
                raise InvalidInput(f"The tensor {self._names[0]!r} lacks {missing} bytes; write them first.")
            self._write(memoryview(bytes(missing)))
            self._names.pop(0)

    def _write(self, data: memoryview) -> None:
        with explained("saved", self._path, UNCHANGED):
            fail("file.data")
            write_all(self._file, data)
        self._at += len(data)
        first = min(len(data), PAGE - self._open_bytes) if self._open_bytes else 0
        whole = (len(data) - first) // PAGE * PAGE
        if first:
            self._continue_page(data[:first])
        if whole:
            self._checksums.append(_core.crc32c_pages(data[first : first + whole], PAGE))
        self._continue_page(data[first + whole :])

    def _continue_page(self, data: memoryview) -> None:
        self._open_page = _core.crc32c(data, self._open_page)
        self._open_bytes += len(data)
        if self._open_bytes == PAGE:
            self._checksums.append(np.array([self._open_page], dtype=np.uint32))
            self._open_page = self._open_bytes = 0


def write_container(
    path: str | Path, tensors: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str], *, format: str
) -> None:
    """Write arrays as a container, in place of what was there.

    Parameters
    ----------
    path:
        The file; its folder must exist. It is replaced in one step, once the new one is on disk.
    tensors:
        Arrays of integers or floats of 2 to 8 bytes, or bytes, by name.
    metadata:
        Text under text.
    format:
        The name of what the file holds.

    Raises
    ------
    InvalidInput
        When a name, dtype or piece of metadata has no form in the file.
    FileError
        When the file cannot be written; what was there stays.

    Examples
    --------
    >>> write_container("codec.safetensors", {"mean": np.zeros(3, np.float32)}, {"spec": "x"}, format="codec")
    >>> os.path.exists("codec.safetensors")
    True
    """
    with new_container(path, layout_of(tensors), metadata, format=format) as writer:
        for name, array in tensors.items():
            writer.write(name, array)


@contextmanager
def new_container(
    path: str | Path, layout: Layout, metadata: Mapping[str, str], *, format: str
) -> Iterator[ContainerWriter]:
    """Write a container block by block, in place of what was there.

    The file appears under its name when the block ends, whole and on disk; an exception leaves what was
    there.

    Parameters
    ----------
    path:
        The file; its folder must exist.
    layout:
        Name, dtype and shape of each tensor, in the order in which they will be written.
    metadata:
        Text under text.
    format:
        The name of what the file holds.

    Raises
    ------
    InvalidInput
        When a name, dtype or piece of metadata has no form in the file, or a tensor was not filled.
    FileError
        When the file cannot be written.

    Examples
    --------
    >>> with new_container("codes.safetensors", {"codes": ("u1", (4, 3))}, {}, format="codes") as writer:
    ...     for block in np.zeros((2, 2, 3), np.uint8):
    ...         writer.write("codes", block)
    """
    target = Path(os.path.realpath(path))
    with explained("saved", path, UNCHANGED):
        if target.is_dir():
            raise FileError(f"{path} is a folder; give the name of a file.")
        fail("file.create")
        sibling = Sibling(target, "file")
    try:
        writer = ContainerWriter(sibling.file, path, layout, metadata, format)
        yield writer
        writer.finish()
        with explained("saved", path, UNCHANGED):
            fail("file.rename.before")
            layer().rename(sibling.path, target)
    except BaseException:
        sibling.discard()
        raise
    sibling.close()
    with explained("made durable", path, "The new file is in place, but a power cut could undo that."):
        fail("file.rename.after")
        layer().sync_folder(target.parent)


def layout_of(tensors: Mapping[str, NDArray[np.generic]]) -> Layout:
    """Read off the layout of whole arrays."""
    return {name: (array.dtype, array.shape) for name, array in tensors.items()}


def _pieces(block: NDArray[np.generic], dtype: np.dtype[np.generic]) -> Iterator[memoryview]:
    """Cut a block into contiguous pieces in the file's order of bytes; copy only what is not so already."""
    if block.ndim == 0 or (block.flags.c_contiguous and block.dtype == dtype):
        yield _bytes_of(np.ascontiguousarray(block, dtype=dtype))
        return
    rows = max(1, LIMITS.block_bytes * len(block) // max(1, block.nbytes))
    for first in range(0, len(block), rows):
        yield _bytes_of(np.ascontiguousarray(block[first : first + rows], dtype=dtype))


def _bytes_of(array: NDArray[np.generic]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
