"""The parts of an HDF5 file, read with checks and without the HDF5 library, which bad bytes can crash.

Read are groups of either kind with their hard links, and data sets of numbers: contiguous or in
chunks under a version 1 B-tree, plain or packed by gzip, shuffled, with checksums. That is what h5py writes
by default. Refused, by name, is everything that leads elsewhere (soft and external links, external and
virtual storage) and every other filter. The layout is that of the "HDF5 File Format Specification", The HDF
Group.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.container import read_exactly

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NOWHERE = 2**64 - 1
SUPERBLOCK = 96
MAX_MESSAGES = 4_096
MAX_OBJECTS = 4_096
MAX_DEPTH = 16
MAX_RANK = 8
MAX_PIECE = 16 * 2**20

DATASPACE, LINK_INFO, DATATYPE, EXTERNAL, LINK, LAYOUT = 0x01, 0x02, 0x03, 0x07, 0x06, 0x08
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOLS = 0x0B, 0x0C, 0x10, 0x11

_FLOATS = {
    2: (0, 16, 10, 5, 0, 10, 15),
    4: (0, 32, 23, 8, 0, 23, 127),
    8: (0, 64, 52, 11, 0, 52, 1023),
}


class _Damaged(Exception):
    """Why a file cannot be read; the door makes a sentence of it."""


@dataclass
class Filter:
    """A step of packing: its number, and the numbers that it was given."""

    id: int
    values: tuple[int, ...]


@dataclass
class Object:
    """What an object's header says, as far as it is needed.

    Attributes
    ----------
    shape, dtype:
        Of a data set of plain numbers; None where it is none.
    problem:
        Why the numbers of a data set cannot be read, if they cannot.
    storage:
        "contiguous" or "chunked".
    place, size:
        Where the numbers lie and how many bytes they take; the B-tree's place for chunks.
    chunk:
        The shape of a chunk.
    """

    shape: tuple[int, ...] | None = None
    dtype: np.dtype[Any] | None = None
    problem: str = ""
    storage: str = ""
    place: int = 0
    size: int = 0
    chunk: tuple[int, ...] = ()
    filters: list[Filter] = field(default_factory=list)
    links: dict[str, int] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)


class Reader:
    """The bytes of a file, by place; nothing outside it is asked for.

    Parameters
    ----------
    file:
        A descriptor.
    size:
        The file's length.
    path:
        What messages call it.
    """

    def __init__(self, file: int, size: int, path: Path) -> None:
        self.file = file
        self.size = size
        self.path = path

    def at(self, place: int, size: int) -> bytes:
        """Read bytes that must lie in the file."""
        if not (0 <= place and 0 <= size <= MAX_PIECE and place + size <= self.size):
            raise _Damaged(f"it points to {size} bytes at {place}")
        return read_exactly(self.file, size, place, self.path)

    def objects(self) -> tuple[Object, dict[str, Object]]:
        """Give the root, and every data set by its path.

        Raises
        ------
        CorruptFile
            When the structure does not hold together.
        InvalidInput
            When it is of a kind that is not read.
        """
        try:
            root = self._object(self._root())
            found: dict[str, Object] = {}
            self._collect(root, "", found, 0)
        except (_Damaged, struct.error, IndexError, ValueError, OverflowError) as error:
            reason = error if isinstance(error, _Damaged) else "its structure breaks off"
            raise CorruptFile(f"{self.path} is no sound HDF5 file: {reason}; copy it again.") from error
        return root, found

    def chunks(self, what: Object) -> dict[tuple[int, ...], tuple[int, int, int]]:
        """Give the place, size and skipped filters of each chunk, by the first element of it."""
        found: dict[tuple[int, ...], tuple[int, int, int]] = {}
        try:
            if what.place != NOWHERE:
                self._chunk_tree(what.place, len(what.chunk), found, set(), 256)
        except (_Damaged, struct.error, IndexError) as error:
            raise CorruptFile(f"{self.path} has damaged chunks ({error}); copy it again.") from error
        return found

    def _root(self) -> int:
        head = self.at(0, min(self.size, SUPERBLOCK))
        if head[:8] != SIGNATURE:
            raise _Damaged("it does not begin with the mark of that format")
        version = head[8]
        if version > 3:
            raise _Damaged(f"its version is {version}")
        widths = head[13:15] if version < 2 else head[9:11]
        if widths != b"\x08\x08":
            raise _Damaged("its places are not numbers of eight bytes")
        at = {0: 24, 1: 28}.get(version, 12)
        base, _, end = struct.unpack_from("<QQQ", head, at)
        if base or end > self.size:
            raise _Damaged(f"it claims {end} bytes and has {self.size}")
        return int(struct.unpack_from("<Q", head, at + (40 if version < 2 else 24))[0])

    def _collect(self, group: Object, path: str, found: dict[str, Object], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _Damaged(f"its groups nest deeper than {MAX_DEPTH}")
        for name, place in group.links.items():
            if len(found) >= MAX_OBJECTS:
                raise _Damaged(f"it has more than {MAX_OBJECTS} data sets")
            inner = self._object(place)
            if inner.storage or inner.problem:
                found[path + name] = inner
            else:
                self._collect(inner, f"{path}{name}/", found, depth + 1)

    def _object(self, place: int) -> Object:
        what = Object()
        for kind, flags, body in self._messages(place):
            if flags & 2 and kind in (DATASPACE, DATATYPE, FILTERS, LAYOUT):
                what.problem = "it shares a part of its description; save it without named types"
            elif kind == DATASPACE:
                what.shape = _dataspace(body)
            elif kind == DATATYPE:
                what.dtype = _datatype(body)
            elif kind == EXTERNAL:
                what.problem = "its numbers lie in other files, which are not read"
            elif kind == LAYOUT:
                _layout(what, body)
            elif kind == FILTERS:
                what.filters = _filters(body)
            elif kind == SYMBOLS:
                tree, heap = struct.unpack_from("<QQ", body)
                what.links |= self._symbols(tree, self._heap(heap), set(), 64)
            elif kind == LINK_INFO and struct.unpack_from("<Q", body, 2 + 8 * (body[1] & 1))[0] != NOWHERE:
                raise _Damaged("a group has so many members that they lie in a heap, which is not read")
            elif kind == LINK:
                what.links |= _link(body)
            elif kind == ATTRIBUTE and not flags & 2:
                what.attributes |= self._attribute(body)
        return what

    def _blocks(self, place: int) -> Iterator[tuple[int, bytes]]:
        """Yield the pieces of an object's header as (place, bytes), the first one only."""
        head = self.at(place, min(16, self.size - place)) if place < self.size else b""
        if head[:4] == b"OHDR":
            at, width = place + 6, 1 << (head[5] & 3)
            at += 16 * bool(head[5] & 0x20) + 4 * bool(head[5] & 0x10)
            size = int.from_bytes(self.at(at, width), "little")
            yield at + width, self.at(at + width, size)
        elif head[:1] == b"\x01":
            yield place + 16, self.at(place + 16, struct.unpack_from("<I", head, 8)[0])
        else:
            raise _Damaged(f"there is no object at {place}")

    def _messages(self, place: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield the kind, flags and body of each message of an object's header."""
        head = self.at(place, 6) if place + 6 <= self.size else b""
        new = head[:4] == b"OHDR"
        prefix = (6 if head[5] & 4 else 4) if new else 8
        waiting, seen, count = list(self._blocks(place)), set(), 0
        while waiting:
            start, block = waiting.pop(0)
            if start in seen:
                raise _Damaged("an object's header leads round in a loop")
            seen.add(start)
            at = 0
            while at + prefix <= len(block):
                kind, size, flags = struct.unpack_from("<BHB" if new else "<HHB", block, at)
                body = block[at + prefix : at + prefix + size]
                count += 1
                if len(body) < size or count > MAX_MESSAGES:
                    raise _Damaged("an object's header breaks off")
                if kind == CONTINUATION:
                    further, length = struct.unpack_from("<QQ", body)
                    waiting.append(self._continued(further, length, new))
                elif kind:
                    yield kind, flags, body
                at += prefix + size

    def _continued(self, place: int, size: int, new: bool) -> tuple[int, bytes]:
        block = self.at(place, size)
        if not new:
            return place, block
        if block[:4] != b"OCHK":
            raise _Damaged(f"there is no continuation at {place}")
        return place + 4, block[4:-4]

    def _heap(self, place: int) -> bytes:
        head = self.at(place, 32)
        if head[:4] != b"HEAP":
            raise _Damaged(f"there is no heap at {place}")
        size, _, data = struct.unpack_from("<QQQ", head, 8)
        return self.at(data, size)

    def _symbols(self, place: int, heap: bytes, seen: set[int], level: int) -> dict[str, int]:
        """Give the hard links of a group of the old kind."""
        if place in seen:
            raise _Damaged("a group leads round in a loop")
        seen.add(place)
        head = self.at(place, 8)
        if head[:4] == b"SNOD":
            (count,) = struct.unpack_from("<H", head, 6)
            links = {}
            for at in range(count):
                name, inner, cached = struct.unpack("<QQI", self.at(place + 8 + 40 * at, 20))
                if cached != 2:  # a soft link
                    links[heap[name : heap.index(b"\0", name)].decode("utf-8")] = inner
            return links
        below, entries = self._node(place, 0, level)
        children = [struct.unpack("<Q", self.at(place + 24 + 16 * at + 8, 8))[0] for at in range(entries)]
        return {k: v for child in children for k, v in self._symbols(child, heap, seen, below).items()}

    def _node(self, place: int, kind: int, above: int) -> tuple[int, int]:
        """Read the level of a B-tree's node, which must be below that of its parent, and its entries."""
        mark, found, level, entries = struct.unpack("<4sBBH", self.at(place, 8))
        if mark != b"TREE" or found != kind or level >= above:
            raise _Damaged(f"there is no node of a tree at {place}")
        return level, entries

    def _chunk_tree(self, place: int, rank: int, found: dict[Any, Any], seen: set[int], above: int) -> None:
        if place in seen:
            raise _Damaged("they lead round in a loop")
        seen.add(place)
        level, entries = self._node(place, 1, above)
        width = 8 + 8 * (rank + 1)
        for at in range(entries):
            key = self.at(place + 24 + at * (width + 8), width + 8)
            size, skipped = struct.unpack_from("<II", key)
            *first, _, child = struct.unpack_from(f"<{rank + 2}Q", key, 8)
            if level:
                self._chunk_tree(child, rank, found, seen, level)
            elif tuple(first) in found or child + size > self.size:
                raise _Damaged("two have one place, or one lies outside")
            else:
                found[tuple(first)] = (child, size, skipped)

    def _attribute(self, body: bytes) -> dict[str, str]:
        """Give an attribute that is text; nothing for any other."""
        version = body[0]
        sizes = struct.unpack_from("<HHH", body, 2)
        widths = [-(-size // 8) * 8 for size in sizes] if version == 1 else list(sizes)
        at = 9 if version == 3 else 8
        name, kind = body[at : at + sizes[0]], body[at + widths[0] : at + widths[0] + sizes[1]]
        data = body[at + sum(widths) :]
        if version > 3 or len(kind) < 8:
            return {}
        if kind[0] & 15 == 3:  # text of fixed length
            raw = data[: struct.unpack_from("<I", kind, 4)[0]]
        elif kind[0] & 15 == 9 and kind[1] & 15 == 1 and len(data) >= 16:  # text of any length, in a heap
            length, heap, index = struct.unpack_from("<IQI", data)
            raw = self._from_heap(heap, index)[:length]
        else:
            return {}
        return {name.rstrip(b"\0").decode("utf-8"): raw.rstrip(b"\0").decode("utf-8", "replace")}

    def _from_heap(self, place: int, index: int) -> bytes:
        head = self.at(place, 16)
        if head[:4] != b"GCOL":
            raise _Damaged(f"there is no heap of texts at {place}")
        block = self.at(place, struct.unpack_from("<Q", head, 8)[0])
        at = 16
        while at + 16 <= len(block):
            number, size = struct.unpack_from("<H6xQ", block, at)
            if number == index:
                return block[at + 16 : at + 16 + size]
            if not number:
                break
            at += 16 + -(-size // 8) * 8
        raise _Damaged("a text is not where it should be")


def checked(what: Object, name: str, path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Give the shape and type of a data set, and refuse one whose numbers cannot be read.

    Raises
    ------
    InvalidInput
        Saying why.
    """
    if what.problem or what.shape is None or what.dtype is None:
        reason = what.problem or "it holds no plain integers or floats"
        raise InvalidInput(f"{path}::{name[:80]} cannot be read: {reason}.")
    return what.shape, what.dtype


def _dataspace(body: bytes) -> tuple[int, ...] | None:
    version, rank = body[0], body[1]
    if version not in (1, 2) or rank > MAX_RANK or (version == 2 and body[3] == 2):
        return None
    return struct.unpack_from(f"<{rank}Q", body, 8 if version == 1 else 4)


def _datatype(body: bytes) -> np.dtype[Any] | None:
    kind, (size,) = body[0] & 15, struct.unpack_from("<I", body, 4)
    order = ">" if body[1] & 1 else "<"
    if kind == 0 and size in (1, 2, 4, 8) and struct.unpack_from("<HH", body, 8) == (0, 8 * size):
        return np.dtype(f"{order}{'i' if body[1] & 8 else 'u'}{size}")
    if kind == 1 and _FLOATS.get(size) == struct.unpack_from("<HHBBBBI", body, 8):
        ieee = not body[1] & 0x40 and body[1] & 0x30 == 0x20 and body[2] == 8 * size - 1
        return np.dtype(f"{order}f{size}") if ieee else None
    return None


def _layout(what: Object, body: bytes) -> None:
    version, kind = body[0], body[1]
    what.storage = {1: "contiguous", 2: "chunked"}.get(kind, "")
    if version not in (3, 4) or kind > 3:
        what.problem = f"its layout has version {version}; save it again with h5py"
    elif kind == 0:
        what.problem = "its numbers lie in its description; save it contiguous, as h5py does by default"
    elif kind == 1:
        what.place, what.size = struct.unpack_from("<QQ", body, 2)
    elif kind == 3:
        what.problem = "it is virtual, made of other data sets, which are not read"
    elif version == 4:
        what.problem = "its chunks have an index that is not read; save it with h5py's libver='v108'"
    else:
        what.place = struct.unpack_from("<Q", body, 3)[0]
        what.chunk = struct.unpack_from(f"<{body[2] - 1}I", body, 11) if 1 < body[2] <= MAX_RANK + 1 else ()


def _filters(body: bytes) -> list[Filter]:
    version, count = body[0], body[1]
    at, found = (8 if version == 1 else 2), []
    for _ in range(count):
        (number,) = struct.unpack_from("<H", body, at)
        named = version == 1 or number >= 256
        name = struct.unpack_from("<H", body, at + 2)[0] if named else 0
        _, values = struct.unpack_from("<HH", body, at + 2 + 2 * named)
        at += 6 + 2 * named + (-(-name // 8) * 8 if version == 1 else name)
        found.append(Filter(number, struct.unpack_from(f"<{values}I", body, at)))
        at += 4 * values + (4 * (values % 2) if version == 1 else 0)
    return found


def _link(body: bytes) -> dict[str, int]:
    """Give a hard link; nothing for one that leads elsewhere."""
    flags, at = body[1], 2
    kind = body[at] if flags & 8 else 0
    at += bool(flags & 8) + 8 * bool(flags & 4) + bool(flags & 16)
    width = 1 << (flags & 3)
    length = int.from_bytes(body[at : at + width], "little")
    at += width
    name = body[at : at + length].decode("utf-8")
    return {name: struct.unpack_from("<Q", body, at + length)[0]} if kind == 0 else {}
