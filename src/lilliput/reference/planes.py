"""Rows of integers of two to eight bits, odd below eight, their factors, and scores by exact integer sums.

A row is its signs and what lies below them, joined.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.reference import int8
from lilliput.reference.dense import Floats, dot, norm2
from lilliput.reference.int8 import Int8Rows

STEPS = {2: 0.9957, 3: 0.5860, 4: 0.3352, 5: 0.1881, 6: 0.1041, 7: 0.0569, 8: 0.0308}  # for normal numbers
AROUND = (0.9, 1.0, 1.15)


class Fit(NamedTuple):
    """Of each row: its product with the integers of one step, their squared length, and one over the step."""

    dot: Floats
    squares: Floats
    inverse: Floats

    @property
    def closeness(self) -> Floats:
        """Say how near in angle they are."""
        return self.dot * self.dot / self.squares

    def where(self, better: NDArray[np.bool_], other: "Fit") -> "Fit":
        """Take rows of another fit."""
        return Fit(*(np.where(better, b, a) for a, b in zip(self, other, strict=True)))


def most_steps(bits: int) -> np.float32:
    """Say how many steps lie between zero and the last level."""
    return np.float32(127 if bits == 8 else 2 ** (bits - 1) - 0.5)


def spacing(bits: int) -> np.float32:
    """Say how far apart the integers of two levels are."""
    return np.float32(1 if bits == 8 else 2)


def query_levels(bits: int, dim: int) -> int:
    """Say how many integers of a query lie on either side of zero.

    Rows of eight bits meet queries of two digits: 127 times the largest power of two, up to 128, that leaves
    the sum of ``dim`` products with any signed bytes within int32.
    """
    fit = [low for low in range(1, 8) if 128 * (int8.LEVELS << low) * dim < 2**31]
    return int8.LEVELS << max(fit, default=0) if bits == 8 else int8.LEVELS


def levels(X: Floats, inverse: Floats, bits: int) -> Floats:
    """Give the integers nearest to the numbers in steps."""
    held = np.clip(X * inverse[:, None], -most_steps(bits), most_steps(bits))
    if bits == 8:
        nearest: Floats = np.rint(held)
        return nearest
    floor = np.rint(held - np.float32(0.5))
    integers: Floats = np.float32(2) * floor + np.float32(1)
    return integers


def _fit(X: Floats, inverse: Floats, bits: int) -> Fit:
    v = levels(X, inverse, bits)
    return Fit(dot(X, v), norm2(v), inverse)


def best_fit(X: Floats, bits: int) -> Fit:
    """Try steps around that of normal numbers, then the best step for the best one's integers."""
    n, d = X.shape
    rms = np.sqrt(norm2(X) / np.float32(d))
    widest = np.abs(X).max(axis=1) / most_steps(bits)
    best = Fit(np.zeros(n, np.float32), np.ones(n, np.float32), np.zeros(n, np.float32))

    def better(step: Floats) -> Fit:
        inverse = np.float32(1) / step
        good = inverse < np.inf
        fit = _fit(X, np.where(good, inverse, np.float32(0)), bits)
        return best.where(good & (fit.closeness > best.closeness), fit)

    for around in AROUND:
        step = rms * (np.float32(STEPS[bits]) * np.float32(around))
        best = better(np.where(step < widest, step, widest))
    best = better(widest)
    return better(spacing(bits) * best.dot / best.squares)


class Planes:
    """The family of so many bits."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def encode(self, X: Floats, with_beta: bool, scaled: bool = True) -> Int8Rows:
        """Give rows, the factors of unbiased estimates, and minus the squared lengths."""
        with np.errstate(all="ignore"):
            norm, alpha = norm2(X), None
            inverse = np.full(len(X), 1 / spacing(self.bits), np.float32)
            if scaled:
                fit = best_fit(X, self.bits)
                inverse = fit.inverse
                good = (fit.dot > 0) & np.isfinite(norm)
                alpha = np.where(good, norm / fit.dot, np.float32(0))
            v = levels(X, inverse, self.bits)
            u = ((v + self._taken) / spacing(self.bits)).astype(np.uint8)
        return Int8Rows(self._packed(u), alpha, -norm if with_beta else None)

    @property
    def _taken(self) -> int:
        return 128 if self.bits == 8 else 2**self.bits - 1

    def _packed(self, u: NDArray[np.uint8]) -> NDArray[np.uint8]:
        planes = [np.packbits(u >> bit & 1, axis=1, bitorder="little") for bit in range(self.bits)][::-1]
        lower = np.stack(planes[1:], axis=2).reshape(len(u), -1)
        return np.concatenate([planes[0], lower], axis=1)

    def numbers(self, rows: NDArray[np.uint8], dim: int) -> NDArray[np.int8]:
        """Read the integers."""
        eights = -(-dim // 8)
        lower = rows[:, eights:].reshape(len(rows), eights, self.bits - 1)
        planes = np.concatenate([rows[:, :eights, None], lower], axis=2)
        bits = np.unpackbits(planes, axis=1, count=8 * eights, bitorder="little")[:, :dim]
        weights = 1 << np.arange(self.bits)[::-1]
        read: NDArray[np.int8] = (int(spacing(self.bits)) * (bits @ weights) - self._taken).astype(np.int8)
        return read

    def scores(
        self,
        rows: NDArray[np.uint8],
        queries: Floats,
        bias: Floats,
        alpha: Floats | None = None,
        beta: Floats | None = None,
        shift: Floats | None = None,
    ) -> Floats:
        """Score every query, quantised to so many integers, against every row."""
        dim = queries.shape[1]
        numbers = self.numbers(rows, dim).view(np.uint8)
        return int8.scores(numbers, queries, bias, alpha, beta, shift, query_levels(self.bits, dim))
