"""Opens containers: mapped files whose pages are verified when they are first touched."""

import mmap
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lilliput import _core
from lilliput.errors import CorruptFile, FileError, InvalidInput
from lilliput.io.container_writer import ContainerWriter, new_container, write_container
from lilliput.io.files import explained
from lilliput.io.header import (
    ALIGNMENT,
    OWN_KEYS,
    PAGE,
    Header,
    as_numbers,
    check_version,
    header_length,
    parse_header,
)

__all__ = ["Container", "ContainerWriter", "Verify", "new_container", "write_container"]

Verify = Literal["lazy", "full"]
READ_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO must not make us wait


class Container:
    """Hold an open container.

    The header and the list of page checksums are verified when it is opened. A page of data is verified when
    a tensor on it is asked for, or when a scan first touches it through the guard. Arrays are read-only and
    stay valid after `close`: the mapping goes when the last of them goes.

    Attributes
    ----------
    path:
        The file, as it was given.
    format:
        The name of what the file holds.
    metadata:
        Text under text.
    names:
        The tensors, in the order of the file.
    head:
        The checksum that covers the whole file, through the checksums of its pages.
    nbytes:
        Length of the file.
    """

    def __init__(self, file: int, path: Path, format: str | None, verify: Verify, mapped: bool) -> None:
        if verify not in ("lazy", "full"):
            raise InvalidInput(f"verify is {verify!r}; it is 'lazy' or 'full'.")
        self.path = path
        self.nbytes, header, so_far = read_header(file, path)
        data = _map(file, self.nbytes, path) if mapped else _read(file, self.nbytes, path)
        checksums, self.head = read_checksums(data[header.bytes + header.guarded :], so_far, path)
        check_version(header.metadata, path)
        self.format = header.metadata.get("format", "")
        if format not in (None, self.format):
            raise FileError(f"{path} holds {self.format!r}, not {format!r}; open it as what it is.")
        self.metadata: Mapping[str, str] = MappingProxyType(
            {key: value for key, value in header.metadata.items() if key not in OWN_KEYS}
        )
        self._slots = {name: slot for name, slot in header.slots.items() if not name.startswith("__")}
        self.names = tuple(self._slots)
        self._data: NDArray[np.uint8] | None = data[header.bytes :]
        self._guard: _core.PageGuard | None = _core.PageGuard(
            self._data[: header.guarded], checksums, PAGE, str(path), header.bytes
        )
        if verify == "full" or not mapped:
            self._guard.verify_all()
            self.check()
            self._guard = None

    @classmethod
    def open(
        cls, path: str | Path, *, format: str | None = None, verify: Verify = "lazy", mmap: bool = True
    ) -> Self:
        """Open a container.

        Parameters
        ----------
        path:
            The file.
        format:
            What the file must hold; None takes anything.
        verify:
            "lazy" verifies each page at first touch, "full" all of them now.
        mmap:
            Map the file; False reads it into memory, verified.

        Raises
        ------
        FileError
            When it cannot be opened, or holds something else.
        CorruptFile
            When it is damaged or no container.
        UnsupportedVersion
            When a newer version wrote it in a way that this one cannot read.

        Examples
        --------
        >>> write_container("codec.safetensors", {"mean": np.zeros(3, np.float32)}, {}, format="codec")
        >>> with Container.open("codec.safetensors", format="codec") as container:
        ...     container.tensor("mean", dtype="f4", shape=(3,)).tolist()
        [0.0, 0.0, 0.0]
        """
        with explained("opened", path):
            file = os.open(path, READ_FLAGS)
            try:
                return cls(file, Path(path), format, verify, mmap)
            finally:
                os.close(file)

    def tensor(
        self, name: str, *, dtype: DTypeLike | None = None, shape: Sequence[int | None] | None = None
    ) -> NDArray[Any]:
        """Return a tensor whose every page has been verified.

        Parameters
        ----------
        name:
            The tensor.
        dtype:
            What it must be; None takes any.
        shape:
            What it must be; None takes any, and so does None for one axis.

        Raises
        ------
        CorruptFile
            When a page is damaged, or the tensor is missing or is not what it must be.
        """
        array = self.mapped(name, dtype=dtype, shape=shape)
        if self._guard is not None:
            slot = self._slots[name]
            self._guard.touch(slot.begin, slot.end - slot.begin)
            self.check()
        return array

    def mapped(
        self, name: str, *, dtype: DTypeLike | None = None, shape: Sequence[int | None] | None = None
    ) -> NDArray[Any]:
        """Return a tensor as it lies in the file; whoever reads it goes through `guard` first.

        Parameters and errors are those of `tensor`, except that no page is verified.
        """
        if self._data is None:
            raise FileError(f"{self.path} is closed; open it again.")
        slot = self._slots.get(name)
        if slot is None:
            raise CorruptFile(
                f"{self.path} has no tensor {name!r}, so it is no whole {self.format!r}; restore a copy."
            )
        fits = shape is None or (
            len(shape) == len(slot.shape)
            and all(want in (None, have) for want, have in zip(shape, slot.shape, strict=True))
        )
        if not fits or (dtype is not None and np.dtype(dtype).newbyteorder("<") != slot.dtype):
            raise CorruptFile(
                f"The tensor {name!r} of {self.path} is {slot.dtype} of shape {slot.shape} where "
                f"{np.dtype(dtype) if dtype is not None else 'any type'} of shape {shape} belongs; "
                "restore the file from a copy."
            )
        return self._data[slot.begin : slot.end].view(slot.dtype).reshape(slot.shape)

    @property
    def guard(self) -> "_core.PageGuard | None":
        """The guard of all mapped pages; None when they are verified already."""
        return self._guard

    def check(self) -> None:
        """Raise if a damaged page has been met, here or by a scan.

        Raises
        ------
        CorruptFile
            Naming the file and the bytes.
        """
        if self._guard is not None and self._guard.bad_page is not None:
            raise CorruptFile(self._guard.complaint)

    def close(self) -> None:
        """Let go of the file."""
        self._data = self._guard = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_header(file: int, path: Path) -> tuple[int, Header, int]:
    """Read the header of an open file; returned are the file's length, the header and its checksum.

    Raises
    ------
    CorruptFile
        When the header does not describe a file of this length.
    """
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{path} is not a regular file; give the path of a container.")
    size = status.st_size
    length = header_length(os.pread(file, 8, 0), size, path)
    raw = read_exactly(file, length, 0, path)
    return size, parse_header(raw, size, path), _core.crc32c(raw)


def read_checksums(tail: NDArray[np.uint8], so_far: int, path: Path) -> tuple[NDArray[np.uint32], int]:
    """Read the checksums at the end of a file: those of pages, and the one over them and the header.

    Parameters
    ----------
    tail:
        The bytes from ``__crc_pages`` on.
    so_far:
        The checksum of the header.
    path:
        The file, for messages.

    Raises
    ------
    CorruptFile
        When the header or the checksums are not those that were written.
    """
    pages, head = tail[:-4], int(as_numbers(tail[-4:])[0])
    if _core.crc32c(pages, so_far) != head:
        raise CorruptFile(
            f"{path}: the header does not match its checksum, so the file is damaged; restore it from a copy "
            "or save it anew."
        )
    return as_numbers(pages), head


def read_exactly(file: int, n: int, offset: int, path: Path) -> bytes:
    """Read n bytes that must be there.

    Raises
    ------
    CorruptFile
        When the file ends before.
    """
    pieces = []
    while n:
        piece = os.pread(file, n, offset)
        if not piece:
            raise CorruptFile(f"{path} became shorter while it was read; try again when nobody writes it.")
        pieces.append(piece)
        n, offset = n - len(piece), offset + len(piece)
    return b"".join(pieces)


def read_into(file: int, room: NDArray[np.uint8], offset: int, path: Path) -> None:
    """Fill an array with bytes that must be there.

    Raises
    ------
    CorruptFile
        When the file ends before.
    """
    done = 0
    while done < len(room):
        read = os.preadv(file, [room[done:].data], offset + done)
        if read == 0:
            raise CorruptFile(f"{path} became shorter while it was read; try again when nobody writes it.")
        done += read


def _map(file: int, size: int, path: Path) -> NDArray[np.uint8]:
    try:
        return np.frombuffer(mmap.mmap(file, size, access=mmap.ACCESS_READ), dtype=np.uint8)
    except ValueError as error:
        raise CorruptFile(
            f"{path} became shorter while it was opened; open it when nobody writes."
        ) from error


def _read(file: int, size: int, path: Path) -> NDArray[np.uint8]:
    room = np.empty(size + ALIGNMENT, dtype=np.uint8)
    first = -room.ctypes.data % ALIGNMENT
    data = room[first : first + size]
    read_into(file, data, 0, path)
    room.flags.writeable = data.flags.writeable = False
    return data
