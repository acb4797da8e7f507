"""Rows as odd integers on affine grids of their own, with every float32 step in its order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.reference.dense import Floats, dot, norm2

SHARES = {
    1: (0.9, 0.6, 0.4),
    2: (0.9, 0.7, 0.5),
    3: (0.95, 0.8, 0.65),
    4: (0.95, 0.85, 0.75),
    5: (1.0, 0.94, 0.88),
    6: (1.0, 0.97, 0.94),
    7: (1.0, 0.985, 0.97),
    8: (1.0, 0.99, 0.98),
}
TURNS = 3


class Affine(NamedTuple):
    """Integers (n, d), still floats, with alpha, shift and beta (n,)."""

    integers: Floats
    alpha: Floats
    shift: Floats
    beta: Floats


class Line(NamedTuple):
    """Of each row: where its grid lies, and the integers' product with it, squared length and sum."""

    middle: Floats
    inverse: Floats
    dot: Floats
    squares: Floats
    sum: Floats

    def spread(self, dim: int) -> Floats:
        """Give the squared length of the integers without their mean."""
        return self.squares - self.sum * self.sum / np.float32(dim)

    def closeness(self, dim: int) -> Floats:
        """Say how near in angle they are."""
        return self.dot * (self.dot / self.spread(dim))


def odd(Y: Floats, middle: Floats, inverse: Floats, bits: int) -> Floats:
    """Give the odd integers nearest to numbers about a middle."""
    most = np.float32((2**bits - 1) / 2)
    held = np.clip((Y - middle[:, None]) * inverse[:, None], -most, most)
    integers: Floats = np.float32(2) * np.rint(held - np.float32(0.5)) + np.float32(1)
    return integers


def _better(
    Y: Floats, best: Line, middle: Floats, inverse: Floats, bits: int
) -> tuple[Line, NDArray[np.bool_]]:
    dim = Y.shape[1]
    v = odd(Y, middle, inverse, bits)
    line = Line(middle, inverse, dot(Y, v), norm2(v), dot(v, np.ones_like(v)))
    better = (inverse < np.inf) & (line.spread(dim) > 0) & (line.closeness(dim) > best.closeness(dim))
    return Line(*(np.where(better, b, a) for a, b in zip(best, line, strict=True))), better


def best_line(Y: Floats, bits: int) -> Line:
    """Look for the grid of least angle to rows without their means; dot is 0 where there is none."""
    n, dim = Y.shape
    least, greatest = np.minimum(Y.min(axis=1), 0), np.maximum(Y.max(axis=1), 0)
    zero, one = np.zeros(n, np.float32), np.ones(n, np.float32)
    best = Line(zero, zero, zero, one, zero)
    for low in np.array(SHARES[bits], np.float32):
        for high in np.array(SHARES[bits], np.float32):
            start, stop = least * low, greatest * high
            inverse = np.float32(2**bits - 1) / (stop - start)
            best, _ = _better(Y, best, (start + stop) * np.float32(0.5), inverse, bits)
    going = np.ones(n, np.bool_)
    for _ in range(TURNS):
        alpha = best.dot / best.spread(dim)
        middle, inverse = -alpha * (best.sum / np.float32(dim)), np.float32(0.5) / alpha
        going &= alpha > 0
        found, better = _better(Y, best, middle, inverse, bits)
        going &= better
        best = Line(*(np.where(going, b, a) for a, b in zip(best, found, strict=True)))
    return best


def lines(X: Floats, bits: int) -> Affine:
    """Give integers v, and the alpha and shift with which shift + alpha * v has the row's mean and length."""
    dim = X.shape[1]
    with np.errstate(all="ignore"):
        norm = norm2(X)
        endless = ~(norm < np.inf)
        mean = np.where(endless, np.float32(0), dot(X, np.ones_like(X)) / np.float32(dim))
        Y = X - mean[:, None]
        line = best_line(Y, bits)
        flat = endless | ~(line.dot > 0)
        alpha = np.where(flat, np.float32(0), np.sqrt(norm2(Y) / line.spread(dim)))
        shift = mean - alpha * (line.sum / np.float32(dim))
        return Affine(odd(Y, line.middle, line.inverse, bits), alpha, shift, -norm)
