"""What a row of codes is made of, in memory and packed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.io.arrays import FloatArray

ByteArray = NDArray[np.uint8]

FACTOR = np.dtype("<f4")
CACHE_LINE = 64


class Rows(NamedTuple):
    """Codes as the scan reads them: bytes (n, row_bytes), and factors and offsets (n,) where there are any.

    The score of row i is ``alpha[i] * dot(query, rows[i]) + beta[i] + bias``.
    """

    rows: ByteArray
    alpha: FloatArray | None
    beta: FloatArray | None

    def part(self, start: int, stop: int) -> "Rows":
        """Give a view of a range of rows."""
        alpha = None if self.alpha is None else self.alpha[start:stop]
        beta = None if self.beta is None else self.beta[start:stop]
        return Rows(self.rows[start:stop], alpha, beta)


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
        Bytes that hold them.
    alpha, beta:
        Whether each row has a factor, and an offset, of four bytes.
    """

    kind: str
    dim: int
    row_bytes: int
    alpha: bool
    beta: bool

    @property
    def code_size(self) -> int:
        """Bytes of a row with its factors."""
        return self.row_bytes + FACTOR.itemsize * (self.alpha + self.beta)

    def allocate(self, n: int) -> Rows:
        """Make room for n rows, not yet written."""
        room = np.empty(n * self.row_bytes + CACHE_LINE, dtype=np.uint8)
        first = -room.ctypes.data % CACHE_LINE  # a tile that straddles lines loads at half speed
        return Rows(
            room[first : first + n * self.row_bytes].reshape(n, self.row_bytes),
            np.empty(n, dtype=np.float32) if self.alpha else None,
            np.empty(n, dtype=np.float32) if self.beta else None,
        )

    def pack(self, rows: Rows) -> ByteArray:
        """Join bytes, factor and offset of each row: (n, code_size). Rows without factors are not copied."""
        if not (self.alpha or self.beta):
            return rows.rows
        codes = np.empty((len(rows.rows), self.code_size), dtype=np.uint8)
        codes[:, : self.row_bytes] = rows.rows
        at = self.row_bytes
        for factors in (rows.alpha, rows.beta):
            if factors is not None:
                codes[:, at : at + FACTOR.itemsize] = factors.astype(FACTOR)[:, None].view(np.uint8)
                at += FACTOR.itemsize
        return codes

    def unpack(self, codes: ByteArray) -> Rows:
        """Take packed codes apart; those without factors are not copied."""
        rows = np.ascontiguousarray(codes[:, : self.row_bytes])
        at = self.row_bytes
        factors: list[FloatArray | None] = []
        for held in (self.alpha, self.beta):
            factors.append(_factors(codes[:, at : at + FACTOR.itemsize]) if held else None)
            at += FACTOR.itemsize * held
        return Rows(rows, *factors)


def _factors(part: ByteArray) -> FloatArray:
    return np.ascontiguousarray(part).view(FACTOR)[:, 0].astype(np.float32)
