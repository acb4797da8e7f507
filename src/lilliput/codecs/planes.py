"""Rows of integers whose bits lie apart: odd, 1 - 2**bits to 2**bits - 1, or all from -127 to 127."""

import numpy as np

from lilliput import _core
from lilliput.codecs.layout import Layout, Rows
from lilliput.io.arrays import FloatArray

INT32_MAX = 2**31 - 1


def odd_kind(bits: int) -> str:
    """Name the kernel family of so many bits."""
    return "bits" if bits == 1 else f"b{bits}"


def planes_layout(bits: int, dim: int, *, beta: bool, shift: bool = False) -> Layout:
    """Say what rows of so many bits and a factor each are made of."""
    kind = odd_kind(bits)
    more = _core.more_bytes(kind, dim)
    return Layout(kind, dim, _core.row_bytes(kind, dim), alpha=True, beta=beta, shift=shift, more_bytes=more)


def query_levels(bits: int, dim: int) -> int:
    """Say to how many integers on either side of zero kernels round the numbers of a query.

    With 127 levels, queries of rows of eight bits would lose as much as the rows: they have the largest power
    of two, up to 128, times as many that leaves the sum of ``dim`` products with any bytes within int32.
    """
    if bits == 1:
        return 7
    low = min(7, (INT32_MAX // (128 * 127 * dim)).bit_length() - 1) if bits == 8 else 0
    return 127 << max(low, 0)


def odd_integers(rows: Rows, dim: int, bits: int) -> FloatArray:
    """Read the integers (n, dim) of rows of planes."""
    n, eights = rows.rows.shape
    planes = rows.rows[:, None]
    if rows.more is not None:
        lower = rows.more.reshape(n, eights, bits - 1).swapaxes(1, 2)
        planes = np.concatenate([planes, lower], axis=1)
    set_bits = np.unpackbits(planes, axis=2, count=dim, bitorder="little")
    spacing, lowest = (1, -128) if bits == 8 else (2, 1 - 2**bits)
    v = np.full((n, dim), lowest, dtype=np.float32)
    for plane, weight in enumerate(spacing << np.arange(bits)[::-1]):
        v += set_bits[:, plane] * np.float32(weight)
    return v
