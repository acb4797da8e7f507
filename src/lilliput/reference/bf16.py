"""Rows of bfloat16: the upper halves of float32."""

import numpy as np
from numpy.typing import NDArray

from lilliput.reference.dense import Floats, norm2
from lilliput.reference.floats import FloatRows


def encode(X: Floats, with_beta: bool) -> FloatRows:
    """Keep the upper half of each float, rounded to nearest, ties to even; what is too large stays finite."""
    bits = X.view(np.uint32)
    size = bits & np.uint32(0x7FFFFFFF)
    kept = np.minimum((size + 0x7FFF + (size >> 16 & 1)) >> 16, 0x7F7F)
    codes = (kept | bits >> 16 & 0x8000).astype(np.uint16)
    rows = codes.view(np.uint8).reshape(len(X), -1)
    return FloatRows(rows, -norm2(decode(rows)) if with_beta else None)


def decode(rows: NDArray[np.uint8]) -> Floats:
    """Put zeros below the kept halves."""
    return (np.ascontiguousarray(rows).view(np.uint16).astype(np.uint32) << 16).view(np.float32)
