"""Rows of odd integers whose bits lie apart: 1 - 2**bits to 2**bits - 1, for one to seven bits."""

import numpy as np

from lilliput.codecs.layout import ByteArray
from lilliput.io.arrays import FloatArray


def odd_kind(bits: int) -> str:
    """Name the kernel family of so many bits; the integers of eight are signed bytes."""
    return {1: "bits", 8: "i8"}.get(bits, f"b{bits}")


def odd_integers(rows: ByteArray, dim: int, bits: int) -> FloatArray:
    """Read the integers (n, dim) of rows of planes (n, row_bytes)."""
    eights = -(-dim // 8)
    lower = rows[:, eights:].reshape(len(rows), eights, bits - 1).swapaxes(1, 2)
    planes = np.concatenate([rows[:, None, :eights], lower], axis=1)
    set_bits = np.unpackbits(planes, axis=2, count=dim, bitorder="little")
    v = np.full((len(rows), dim), 1 - 2**bits, dtype=np.float32)
    for plane, weight in enumerate(2 << np.arange(bits)[::-1]):
        v += set_bits[:, plane] * np.float32(weight)
    return v
