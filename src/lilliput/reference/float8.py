"""Rows of one-byte floats with a factor each."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.reference.dense import Floats, norm2


class Format(NamedTuple):
    """A one-byte float: a sign, an exponent, and the bits of its mantissa."""

    mantissa: int
    bias: int
    largest: float


FORMATS = {"e4m3": Format(3, 7, 448.0), "e5m2": Format(2, 15, 57_344.0)}


class Float8Rows(NamedTuple):
    """Codes, the factor of each row, and beta where asked for: minus the squared norm as decoded."""

    rows: NDArray[np.uint8]
    alpha: Floats | None
    beta: Floats | None


def values(kind: str) -> Floats:
    """Give what each of the 128 codes without a sign stands for, by the formula of the finite ones."""
    mantissa, bias, _ = FORMATS[kind]
    code = np.arange(128)
    exponent, fraction = code >> mantissa, code & ((1 << mantissa) - 1)
    normal = (1 + fraction / 2**mantissa) * 2.0 ** (exponent - bias)
    return np.where(exponent == 0, fraction * 2.0 ** (1 - bias - mantissa), normal).astype(np.float32)


def round_to(X: Floats, kind: str) -> NDArray[np.uint8]:
    """Give the code of the nearest value, ties to even; beyond the largest it is the largest."""
    mantissa, bias, largest = FORMATS[kind]
    size = np.minimum(np.abs(X.astype(np.float64)), largest)
    step = 2.0 ** (np.maximum(np.frexp(size)[1] - 1, 1 - bias) - mantissa)
    code = np.searchsorted(values(kind), np.minimum(np.rint(size / step) * step, largest))
    signed: NDArray[np.uint8] = (code | np.where(np.signbit(X), 0x80, 0)).astype(np.uint8)
    return signed


def encode(X: Floats, kind: str, with_beta: bool, scaled: bool = True) -> Float8Rows:
    """Scale each row so that its largest number becomes the format's, unless rows are not scaled; then round.

    A row of zeros, or one so small that the scale overflows, becomes zeros with factor zero.
    """
    alpha, scale = np.ones(len(X), np.float32), np.ones(len(X), np.float32)
    if scaled:
        largest = np.abs(X).max(axis=1)
        with np.errstate(divide="ignore", over="ignore", under="ignore"):
            scale = np.float32(FORMATS[kind].largest) / largest
            flat = (largest == 0) | np.isinf(scale)
            alpha = np.where(flat, np.float32(0), largest / np.float32(FORMATS[kind].largest))
        scale = np.where(flat, np.float32(0), scale)
    rows = round_to(X * scale[:, None], kind)
    beta = None
    if with_beta:
        with np.errstate(under="ignore"):
            beta = -((norm2(decode(rows, kind)) * alpha) * alpha)
    return Float8Rows(rows, alpha if scaled else None, beta)


def decode(rows: NDArray[np.uint8], kind: str) -> Floats:
    """Give the values of the codes, without any factor."""
    decoded: Floats = np.where(rows & 0x80, np.float32(-1), np.float32(1)) * values(kind)[rows & 0x7F]
    return decoded
