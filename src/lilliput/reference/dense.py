"""Norms, normalisation, projection, rotation, folding and clamping, with every float32 step in its order.

The native versions give these bits on every machine: sums run in the order written here, one float32
multiply and one float32 add at a time.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LANES = 16


def norm2(X: Floats) -> Floats:
    """Sum the squares of each row in lanes."""
    return dot(X, X)


def dot(X: Floats, Y: Floats) -> Floats:
    """Sum the products of each pair of rows in 16 lanes, then fold the lanes 8, 4, 2, 1."""
    n, d = X.shape
    padded = np.zeros((2, n, -(-d // LANES) * LANES), np.float32)
    padded[0, :, :d], padded[1, :, :d] = X, Y
    lanes = np.zeros((n, LANES), np.float32)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for first in range(0, padded.shape[2], LANES):
            x, y = padded[:, :, first : first + LANES]
            lanes = lanes + x * y
        for half in (8, 4, 2, 1):
            lanes = lanes[:, :half] + lanes[:, half : 2 * half]
    return np.ascontiguousarray(lanes[:, 0])


def normalize(X: Floats) -> Floats:
    """Multiply each row by 1 / sqrt(norm2); a row whose norm2 is zero becomes zeros."""
    squares = norm2(X)
    with np.errstate(divide="ignore", under="ignore"):
        factors = np.float32(1) / np.sqrt(squares)
        return np.where((squares > 0)[:, None], X * np.where(squares > 0, factors, 0)[:, None], np.float32(0))


def project(X: Floats, matrix: Floats, offset: Floats | None = None) -> Floats:
    """Give (X - offset) @ matrix.T, adding products in ascending order of the input dimension."""
    shifted = X if offset is None else X - offset
    total = np.zeros((len(X), len(matrix)), np.float32)
    for k in range(X.shape[1]):
        total = total + shifted[:, k, None] * matrix[None, :, k]
    return total


def hadamard(X: Floats) -> Floats:
    """Apply the Walsh-Hadamard transform, divided by sqrt(p), to rows of a power of two p."""
    n, p = X.shape
    half = 1
    while half < p:
        pairs = X.reshape(n, p // (2 * half), 2, half)
        low, high = pairs[:, :, 0], pairs[:, :, 1]
        X = np.stack([low + high, low - high], axis=2).reshape(n, p)
        half *= 2
    scaled: Floats = X * (np.float32(1) / np.sqrt(np.float32(p)))
    return scaled


def rotate(X: Floats, signs: NDArray[np.uint8], inverse: bool = False) -> Floats:
    """Turn rows by rounds of sign flips (a set byte flips) and Walsh-Hadamard transforms.

    Even rounds transform the first p coordinates and odd rounds the last p, where p is the largest power of
    two up to the dimension. The inverse runs backwards.
    """
    d = X.shape[1]
    p = 1 << (d.bit_length() - 1)
    flips = np.where(signs != 0, np.float32(-1), np.float32(1))
    Y = X.copy()
    order = range(len(signs))
    for step in reversed(order) if inverse else order:
        part = slice(0, p) if step % 2 == 0 else slice(d - p, d)
        if not inverse:
            Y = Y * flips[step]
        Y[:, part] = hadamard(Y[:, part])
        if inverse:
            Y = Y * flips[step]
    return Y


def fold(X: Floats, order: NDArray[np.uint32], signs: NDArray[np.uint8], out_dim: int) -> Floats:
    """Sum each group of coordinates in the order given, then divide by the root of the group's size.

    `order` lists the coordinates of one group after the other; the first d % out_dim groups hold one more
    than the others. A set byte of `signs`, in the same order, flips.
    """
    Y = np.zeros((len(X), out_dim), np.float32)
    flips = np.where(signs != 0, np.float32(-1), np.float32(1))
    for j, group in enumerate(np.array_split(np.arange(X.shape[1]), out_dim)):
        for k in group:
            Y[:, j] = Y[:, j] + X[:, order[k]] * flips[k]
        Y[:, j] = Y[:, j] * (np.float32(1) / np.sqrt(np.float32(len(group))))
    return Y


def unfold(Y: Floats, order: NDArray[np.uint32], signs: NDArray[np.uint8]) -> Floats:
    """Give every coordinate its share of its group: the transpose of `fold`."""
    X = np.empty((len(Y), len(order)), np.float32)
    flips = np.where(signs != 0, np.float32(-1), np.float32(1))
    for j, group in enumerate(np.array_split(np.arange(len(order)), Y.shape[1])):
        share = Y[:, j, None] * (np.float32(1) / np.sqrt(np.float32(len(group))))
        X[:, order[group]] = share * flips[group]
    return X


def clamp(X: Floats, limit: float) -> Floats:
    """Hold numbers within plus and minus the limit."""
    held: Floats = np.clip(X, -np.float32(limit), np.float32(limit))
    return held


def settle(X: Floats, bits: int, directions: Floats, alpha: Floats, sweeps: int = 2) -> tuple[Floats, Floats]:
    """Give integers near X / alpha whose errors avoid directions (k, d), and |x|² / dot(x, v).

    They are odd, or of eight bits all from -127 to 127.
    """
    n, d = X.shape
    along = np.zeros((d, 32), np.float32)
    along[:, : len(directions)] = directions.T
    step, most = (np.float32(1), np.float32(127)) if bits == 8 else (np.float32(2), np.float32(2**bits - 1))
    norms, odd = np.ones(d, np.float32), step - np.float32(1)
    for k in range(32):
        norms += along[:, k] * along[:, k]
    with np.errstate(all="ignore"):
        inverse = np.where(alpha > 0, np.float32(1) / step / alpha, np.float32(0))
        held = np.clip(X * inverse[:, None], -most / step, most / step)
        v = step * np.rint(held - odd / 2) + odd
        error, energy, reached = (
            np.zeros((32, n), np.float32),
            np.zeros(n, np.float32),
            np.zeros(n, np.float32),
        )
        for j in range(d):
            y = alpha * v[:, j]
            error += (y - X[:, j]) * along[j][:, None]
            energy, reached = energy + y * y, reached + y * X[:, j]
        reach = np.where(reached > 0, energy / reached, np.float32(1))
        for _ in range(sweeps):
            dot = np.zeros(n, np.float32)
            for j in range(d):
                chain = [np.zeros(n, np.float32) for _ in range(4)]
                for k in range(32):
                    chain[k % 4] = chain[k % 4] + error[k] * along[j, k]
                product = (chain[0] + chain[1]) + (chain[2] + chain[3])
                slope = alpha * v[:, j] - reach * X[:, j] + product
                turn = np.where(slope > 0, -step, step)
                change = alpha * turn
                cost = change * (np.float32(2) * slope + change * norms[j])
                better = (cost < 0) & (np.abs(v[:, j] + turn) <= most)
                error += np.where(better, change, np.float32(0)) * along[j][:, None]
                v[:, j] = np.where(better, v[:, j] + turn, v[:, j])
                dot = dot + X[:, j] * v[:, j]
        norm = norm2(X)
        return v, np.where((dot > 0) & np.isfinite(norm), norm / dot, np.float32(0))
