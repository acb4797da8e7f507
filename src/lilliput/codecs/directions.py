"""Orthonormal directions as they are stored, in half precision, and as they are applied.

Half precision turns directions by some 2e-4 and leaves them as far from right angles, which is mended before
they are applied. With int8 codes along 192 of 384 of them recall@10 of MiniLM passages moves by 0.0002, and
the bytes that all rows share are half as many. Bytes with a scale for each direction lost 0.001 there, and
without mending 0.002 on MNIST under l2.
"""

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray
from lilliput.io.arrays import FloatArray

HalfArray = NDArray[np.float16]


def stored(directions: DoubleArray) -> HalfArray:
    """Round directions, rows of unit length, each to the sign in which its largest number is positive."""
    # An eigenvector's sign is a matter of the library's mood.
    largest = np.abs(directions).argmax(axis=1)
    signs = np.where(directions[np.arange(len(directions)), largest] < 0, -1.0, 1.0)
    return (directions * signs[:, None]).astype(np.float16)


def straightened(directions: HalfArray) -> FloatArray:
    """Give rows at right angles again, to the precision of float32.

    One step of Gram and Schmidt to first order: of each row is taken what it has of the rows before it, and
    what its length has too much. Sums run in the order of the native projection, so that every machine gives
    the same bits; and the first rows do not depend on the others.

    Examples
    --------
    >>> rows = straightened(np.array([[0.6, 0.8], [0.8, -0.6]], dtype=np.float16))
    >>> bool(np.abs(rows @ rows.T - np.eye(2)).max() < 1e-6)
    True
    """
    rows = np.ascontiguousarray(directions, dtype=np.float32)
    products = _core.project(rows, rows)
    excess = np.tril(products, -1)
    np.fill_diagonal(excess, (products.diagonal() - 1) / 2)
    return rows - _core.project(excess, np.ascontiguousarray(rows.T))
