"""The `.safetensors` format: any file of it is read; what is written has checksums, as containers have.

A header gives each tensor a type, a shape and its place; the places must cover the file without gaps. A file
that lilliput wrote is verified page by page as it is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lilliput import _core
from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.arrays import ACCEPTED, AnyArray, check_rank
from lilliput.io.blocks import Source
from lilliput.io.container import Container, read_checksums
from lilliput.io.container_writer import ContainerWriter
from lilliput.io.elements import BF16, Elements, from_bf16
from lilliput.io.header import DTYPES, HEAD, MAX_BYTES, PAGE, nbytes, parse_header
from lilliput.io.reading import (
    Readable,
    RowFile,
    check_announced,
    choose,
    fill,
    map_array,
    open_regular,
    read_exactly,
)
from lilliput.io.strict_json import strict_json
from lilliput.limits import LIMITS
from lilliput.names import Name

FORMAT = "vectors"
TENSOR = "vectors"
PREFIX = 8
PAGES_AT_A_TIME = 16

# Types that have a size but hold no vectors here.
_OTHER = {"BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "C64": 8}


@dataclass(frozen=True)
class _Tensor:
    code: str
    shape: tuple[int, ...]
    begin: int


class _File:
    """The header of a file, checked against its length."""

    def __init__(self, path: Path, *, about: bool = False) -> None:
        self.path = path
        with open_regular(path) as (file, size):
            if size < PREFIX:
                raise _damaged(path, f"it is {size} bytes long")
            length = int.from_bytes(read_exactly(file, PREFIX, path), "little")
            if length > min(LIMITS.max_header_bytes, size - PREFIX):
                raise _damaged(path, f"it claims a header of {length} bytes")
            raw = read_exactly(file, length, path)
        self.bytes, self.start = size, PREFIX + length
        content = strict_json(raw, f"The header of {path}")
        content.pop("__metadata__", None)
        slots = {name: _slot(name, entry, path) for name, entry in content.items()}
        _check_cover(slots, size - self.start, path)
        self.tensors = {name: tensor for name, (tensor, _) in slots.items()}
        self.guarded: int | None = None
        if HEAD in slots and not about:
            self._check_own(raw)

    def _check_own(self, raw: bytes) -> None:
        """Refuse a file that lilliput wrote but not as vectors, such as codes."""
        with Container.open(self.path) as container:
            if container.format != FORMAT:
                raise InvalidInput(
                    f"{self.path} holds {container.format[:40]!r} of lilliput, not vectors; "
                    "`lilliput decode` turns codes into vectors."
                )
        self.guarded = parse_header(len(raw).to_bytes(PREFIX, "little") + raw, self.bytes, self.path).guarded
        self.tensors = {name: tensor for name, tensor in self.tensors.items() if not name.startswith("__")}

    def pick(self, column: str | None, *, matrices: bool) -> str:
        """Choose a tensor."""
        names = [name for name, tensor in self.tensors.items() if not matrices or _is_matrix(tensor)]
        if column in self.tensors and column not in names and matrices:
            tensor = self.tensors[column]
            if tensor.code in _OTHER or len(tensor.shape) == 2:
                raise InvalidInput(f"{self.path}::{column[:80]} is {tensor.code}; vectors are {ACCEPTED}.")
            check_rank(tensor.shape, f"{self.path}::{column}")
        return choose(names, column, self.path, "tensor")


class _Rows(RowFile):
    """The rows of one tensor, widened where they are bfloat16 and verified where there are checksums."""

    def __init__(self, file: _File, name: str) -> None:
        tensor = file.tensors[name]
        self._bf16 = tensor.code == "BF16"
        dtype = np.dtype("<f2") if self._bf16 else DTYPES[tensor.code]  # of the same width
        rows, dim = tensor.shape
        super().__init__(file.path, file.bytes, file.start + tensor.begin, rows, dim, dtype)
        self.name = f"{file.path}::{name}"
        if self._bf16:
            self.element = "bf16"
        self._begin = tensor.begin
        self._guarded = file.guarded
        self._start = file.start

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows."""
        blocks = super().raw(size) if self._guarded is None else self._verified(size, self._guarded)
        for block in blocks:
            yield from_bf16(np.ascontiguousarray(block)) if self._bf16 else block

    def _verified(self, size: int, guarded: int) -> Iterator[AnyArray]:
        with open_regular(self._path, self._file_bytes) as (file, _):
            header = read_exactly(file, self._start, self._path)
            file.seek(self._start + guarded)
            tail = np.frombuffer(
                read_exactly(file, self._file_bytes - self._start - guarded, self._path), "u1"
            )
            checksums, _ = read_checksums(tail, _core.crc32c(header), self._path)
            first = self._begin // PAGE
            file.seek(self._start + first * PAGE)
            pages = _Pages(file, guarded - first * PAGE, checksums[first:], self._path)
            fill(pages, np.empty(self._begin - first * PAGE, np.uint8), self._path)
            for start in range(0, self.rows, size):
                yield self._read(pages, start, min(start + size, self.rows))


class _Pages:
    """A stream of bytes that gives a page only when it matches its checksum."""

    def __init__(self, file: Readable, size: int, checksums: AnyArray, path: Path) -> None:
        self._file = file
        self._left = size
        self._checksums = checksums
        self._path = path
        self._ready = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""
        data = bytearray(size)
        return bytes(data[: self.readinto(memoryview(data))])

    def readinto(self, buffer: memoryview, /) -> int:
        """Read into a buffer and say how many bytes came."""
        if not self._ready and self._left:
            raw = read_exactly(self._file, min(self._left, PAGES_AT_A_TIME * PAGE), self._path)
            found = _core.crc32c_pages(raw, PAGE)
            if not np.array_equal(found, self._checksums[: len(found)]):
                raise CorruptFile(
                    f"{self._path} is damaged: a page does not match its checksum; restore a copy."
                )
            self._checksums = self._checksums[len(found) :]
            self._left -= len(raw)
            self._ready = memoryview(raw)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def has_checksums(path: Path) -> bool:
    """Say whether a file is one that lilliput wrote, of whatever kind.

    Raises
    ------
    CorruptFile, FileError
        When its header is not sound, or it cannot be read.
    """
    return HEAD in _File(path, about=True).tensors


def open_safetensors(path: Path, column: str | None = None) -> Source:
    """Open a matrix of a file; nothing but the header is read yet.

    Raises
    ------
    CorruptFile
        When the header and the length of the file disagree; a wrong checksum shows as rows are read.
    InvalidInput
        When it is not clear which tensor is meant, or it is no matrix of an accepted type.
    FileError
        When it cannot be read.
    """
    file = _File(path)
    return _Rows(file, file.pick(column, matrices=True))


def read_safetensors(path: Path, column: str | None = None) -> AnyArray:
    """Map a tensor of any rank, read-only; one with checksums, or of bfloat16, comes in memory."""
    file = _File(path)
    name = file.pick(column, matrices=False)
    tensor = file.tensors[name]
    if tensor.code in _OTHER:
        raise InvalidInput(f"{path}::{name[:80]} has type {tensor.code}, which numpy does not have.")
    if file.guarded is not None:
        with Container.open(path, verify="full", mmap=False) as container:
            array = container.tensor(name)
        return from_bf16(array) if array.dtype == BF16 else array
    mapped = map_array(path, file.bytes, file.start + tensor.begin, tensor.shape, DTYPES[tensor.code])
    return from_bf16(mapped) if tensor.code == "BF16" else mapped


def write_safetensors(file: BinaryIO, vectors: Elements, column: str | None) -> int:
    """Write vectors as one tensor with checksums and return how many there were.

    Parameters
    ----------
    file:
        A file on disk, empty.
    vectors:
        Of any type; their number must be known.
    column:
        What the tensor is called; by default `vectors`.

    Raises
    ------
    InvalidInput
        When there are not as many rows as announced.
    """
    name, announced = TENSOR if column is None else Name(column), vectors.rows or 0
    layout = {name: (vectors.dtype, (announced, vectors.dim))}
    writer = ContainerWriter(file.fileno(), file.name, layout, {}, FORMAT)
    rows = 0
    for block in vectors.blocks():
        check_announced(announced, max(announced, rows + len(block)))
        writer.write(name, block)
        rows += len(block)
    check_announced(announced, rows)
    writer.finish()
    return rows


def _slot(name: str, entry: object, path: Path) -> tuple[_Tensor, int]:
    """Check the entry of a tensor and give it with its end."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _damaged(path, f"the entry of {name[:80]!r} is not dtype, shape and data_offsets")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or (code not in DTYPES and code not in _OTHER):
        raise _damaged(path, f"{name[:80]!r} has the unknown dtype {str(code)[:20]!r}")
    width = np.dtype(f"V{_OTHER[code]}") if code in _OTHER else DTYPES[code]
    for numbers, most in ((shape, 64), (offsets, 2)):
        if not isinstance(numbers, list) or len(numbers) > most:
            raise _damaged(path, f"{name[:80]!r} has no valid shape or offsets")
        if not all(type(number) is int and 0 <= number <= MAX_BYTES for number in numbers):
            raise _damaged(path, f"{name[:80]!r} has no valid shape or offsets")
    if nbytes(width, (max(1, axis) for axis in shape)) > MAX_BYTES:
        raise _damaged(path, f"the shape of {name[:80]!r} is larger than any file")
    if len(offsets) != 2 or offsets[1] - offsets[0] != nbytes(width, shape):
        raise _damaged(path, f"the shape of {name[:80]!r} does not fit its offsets")
    return _Tensor(code, tuple(shape), offsets[0]), offsets[1]


def _check_cover(slots: dict[str, tuple[_Tensor, int]], size: int, path: Path) -> None:
    end = 0
    for name, (tensor, stop) in sorted(slots.items(), key=lambda item: (item[1][0].begin, item[1][1])):
        if tensor.begin != end:
            raise _damaged(
                path, f"{name[:80]!r} begins at {tensor.begin} of the data where {end} was expected"
            )
        end = stop
    if end != size:
        raise _damaged(path, f"its tensors take {end} bytes where the file has {size}")


def _is_matrix(tensor: _Tensor) -> bool:
    return len(tensor.shape) == 2 and tensor.code in ("F16", "BF16", "F32", "F64", "I8", "U8")


def _damaged(path: object, why: str) -> CorruptFile:
    return CorruptFile(f"{path} is no .safetensors file, or damaged: {why}; restore it from a copy.")
