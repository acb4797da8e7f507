"""What a row of codes is made of, in memory and packed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.io.arrays import FloatArray

ByteArray = NDArray[np.uint8]

FACTOR = np.dtype("<f4")
CACHE_LINE = 64


class Rows(NamedTuple):
    """Codes as the scan reads them: bytes (n, row_bytes), and factors (n,) where there are any.

    Where bits lie apart these bytes are the signs, and `more` (n, more_bytes) is what lies below.

    The score of row i is ``alpha[i] * dot(query, rows[i]) + shift[i] * sum(query) + beta[i] + bias``.
    """

    rows: ByteArray
    alpha: FloatArray | None
    beta: FloatArray | None
    shift: FloatArray | None = None
    more: ByteArray | None = None

    def part(self, start: int, stop: int) -> "Rows":
        """Give a view of a range of rows."""
        return self.each(lambda part: part[start:stop])

    def each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> "Rows":
        """Give rows of which every part that is there was changed."""
        others = (None if part is None else change(part) for part in self[1:])
        return Rows(change(self.rows), *others)


@dataclass(frozen=True)
class Layout:
    """The shape of a row of codes.

    Attributes
    ----------
    kind:
        The kernel family that scores it.
    dim:
        Numbers in a row.
    row_bytes:
        Bytes that hold them, or their signs.
    alpha, beta, shift:
        Which factors each row has, of four bytes each.
    more_bytes:
        Bytes that hold what lies below the signs.
    """

    kind: str
    dim: int
    row_bytes: int
    alpha: bool
    beta: bool
    shift: bool = False
    more_bytes: int = 0

    @property
    def payload(self) -> int:
        """Bytes of a row without its factors."""
        return self.row_bytes + self.more_bytes

    @property
    def code_size(self) -> int:
        """Bytes of a row with its factors."""
        return self.payload + FACTOR.itemsize * (self.alpha + self.beta + self.shift)

    def allocate(self, n: int) -> Rows:
        """Make room for n rows, not yet written."""
        return Rows(
            _room(n, self.row_bytes),
            np.empty(n, dtype=np.float32) if self.alpha else None,
            np.empty(n, dtype=np.float32) if self.beta else None,
            np.empty(n, dtype=np.float32) if self.shift else None,
            _room(n, self.more_bytes) if self.more_bytes else None,
        )

    def pack(self, rows: Rows) -> ByteArray:
        """Join bytes and factors of each row: (n, code_size). Rows of bytes alone are not copied."""
        if self.code_size == self.row_bytes:
            return rows.rows
        codes = np.empty((len(rows.rows), self.code_size), dtype=np.uint8)
        codes[:, : self.row_bytes] = rows.rows
        at = self.payload
        if rows.more is not None:
            codes[:, self.row_bytes : at] = rows.more
        for factors in (rows.alpha, rows.beta, rows.shift):
            if factors is not None:
                codes[:, at : at + FACTOR.itemsize] = factors.astype(FACTOR)[:, None].view(np.uint8)
                at += FACTOR.itemsize
        return codes

    def unpack(self, codes: ByteArray) -> Rows:
        """Take packed codes apart; those without factors are not copied."""
        rows = np.ascontiguousarray(codes[:, : self.row_bytes])
        more = np.ascontiguousarray(codes[:, self.row_bytes : self.payload]) if self.more_bytes else None
        at = self.payload
        factors: list[FloatArray | None] = []
        for held in (self.alpha, self.beta, self.shift):
            factors.append(_factors(codes[:, at : at + FACTOR.itemsize]) if held else None)
            at += FACTOR.itemsize * held
        alpha, beta, shift = factors
        return Rows(rows, alpha, beta, shift, more)


def _room(n: int, width: int) -> ByteArray:
    room = np.empty(n * width + CACHE_LINE, dtype=np.uint8)
    first = -room.ctypes.data % CACHE_LINE  # a tile that straddles lines loads at half speed
    return room[first : first + n * width].reshape(n, width)


def _factors(part: ByteArray) -> FloatArray:
    return np.ascontiguousarray(part).view(FACTOR)[:, 0].astype(np.float32)
