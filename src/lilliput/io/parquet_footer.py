"""The footer of a Parquet file: how many rows, numbers and bytes each column claims, before it is believed.

It is a structure in Thrift's compact protocol. Only what is needed is kept; what a damaged footer says of
sizes is known before Arrow, which some damage makes abort, is asked for them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lilliput.errors import CorruptFile
from lilliput.io.reading import Seekable, read_exactly
from lilliput.limits import LIMITS

MARK = b"PAR1"
MAX_DEPTH = 16

# The numbers of fields, by the structures that hold them.
ROWS, GROUPS = 3, 4
COLUMNS, GROUP_ROWS = 1, 3
ELSEWHERE, ABOUT = 1, 3
NAMES, NUMBERS, PACKED = 3, 5, 7


@dataclass(frozen=True)
class Chunk:
    """What one column of one row group claims."""

    path: tuple[str, ...]
    rows: int
    numbers: int
    bytes: int


def read_footer(file: Seekable, size: int, path: Path) -> tuple[int, list[Chunk]]:
    """Read the rows of a file, and the chunks of all columns.

    Raises
    ------
    CorruptFile
        When the footer does not hold together, or names another file.
    """
    if size < 3 * len(MARK):
        raise CorruptFile(f"{path} is {size} bytes long and no .parquet file; copy it again.")
    file.seek(size - 8)
    tail = read_exactly(file, 8, path)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MARK or length > min(LIMITS.max_header_bytes, size - 12):
        raise CorruptFile(f"{path} does not end as a plain .parquet file does; it is cut, encrypted or none.")
    file.seek(size - 8 - length)
    try:
        fields = _Thrift(read_exactly(file, length, path)).structure(0)
        rows, chunks = fields[ROWS], list(_chunks(fields))
    except (ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise CorruptFile(f"{path} has a damaged footer; copy it again.") from error
    if any(type(number) is not int or number < 0 for chunk in chunks for number in (rows, *_counts(chunk))):
        raise CorruptFile(f"{path} has a footer that claims sizes below nothing; copy it again.")
    return rows, chunks


def _chunks(fields: dict[int, Any]) -> Iterator[Chunk]:
    for group in fields[GROUPS]:
        for column in group[COLUMNS]:
            about = column[ABOUT]
            if ELSEWHERE in column:
                raise ValueError("a column lies in another file")
            names = tuple(name.decode("utf-8") for name in about[NAMES])
            yield Chunk(names, group[GROUP_ROWS], about[NUMBERS], about[PACKED])


def _counts(chunk: Chunk) -> tuple[int, int, int]:
    return chunk.rows, chunk.numbers, chunk.bytes


class _Thrift:
    """Reads values of the compact protocol, one after another."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def structure(self, depth: int) -> dict[int, Any]:
        """Read a structure by the numbers of its fields."""
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            value = self._value(head & 15, depth + 1)
            if number <= GROUPS or number in (NUMBERS, PACKED):
                found[number] = value
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("it nests too deep")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind == 7:
            return self._take(8)
        if kind == 8:
            return self._take(self._number())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 12:
            return self.structure(depth)
        raise ValueError(f"there is no type {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._number()
        if count > len(self._raw) - self._at:
            raise ValueError("it is longer than the footer")
        kind = head & 15
        return [self._byte() if kind in (1, 2) else self._value(kind, depth + 1) for _ in range(count)]

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._raw):
            raise ValueError("it breaks off")
        return self._raw[self._at - size : self._at]

    def _number(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number does not end")

    def _signed(self) -> int:
        value = self._number()
        return (value >> 1) ^ -(value & 1)
