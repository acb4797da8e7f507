"""What counts as numbers of a vector, and the one conversion to checked float32."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.errors import InvalidInput
from lilliput.limits import LIMITS

FloatArray = NDArray[np.float32]
AnyArray = NDArray[Any]

ACCEPTED = "float16, bfloat16, float32, float64, int8 and uint8"
_KINDS = {("f", 2), ("f", 4), ("f", 8), ("i", 1), ("u", 1)}


def check_dtype(dtype: np.dtype[Any], name: str) -> None:
    """Refuse a dtype that vectors do not come in.

    Wider integers are refused because they are ids far more often than vectors, and float32 holds only those
    up to 2**24.

    Raises
    ------
    InvalidInput
        Naming the dtype that came and those that are accepted.
    """
    if (dtype.kind, dtype.itemsize) in _KINDS or dtype.name == "bfloat16":
        return
    hint = "; convert with .astype('float32') if these are vectors" if dtype.kind in "iufb" else ""
    raise InvalidInput(f"{name} has dtype {dtype}; vectors are {ACCEPTED}{hint}.")


def short_name(dtype: np.dtype[Any]) -> str:
    """Give the short name of an accepted dtype, as "f16"."""
    return "bf16" if dtype.name == "bfloat16" else f"{dtype.kind}{8 * dtype.itemsize}"


def check_dim(found: int, name: str, dim: int | None = None) -> None:
    """Refuse a number of dimensions that is zero, above the limit, or not the wanted one.

    Raises
    ------
    InvalidInput
        Naming both numbers.
    """
    if not 1 <= found <= LIMITS.max_dim:
        raise InvalidInput(f"{name} has {found} dimensions; vectors have 1 to {LIMITS.max_dim}.")
    if dim is not None and found != dim:
        raise InvalidInput(f"{name} has {found} dimensions; {dim} were wanted.")


def check_rank(shape: tuple[int, ...], name: str) -> None:
    """Refuse what is not a matrix of one vector a row.

    Raises
    ------
    InvalidInput
        Naming the shape.
    """
    if len(shape) != 2:
        hint = "; write X[None, :] for a single vector" if len(shape) == 1 else ""
        raise InvalidInput(f"{name} has shape {shape}; vectors are rows of a 2-D array (rows, dim){hint}.")


def block_rows(dim: int) -> int:
    """Give how many rows of float32 a block of `Limits.block_bytes` holds."""
    return max(1, LIMITS.block_bytes // (4 * dim))


def to_floats(block: AnyArray, name: str, first_row: int) -> FloatArray:
    """Turn a block into C-contiguous float32 and refuse what is not finite.

    A block that has the form already is not copied, so the result is marked read-only: it may be the caller's
    own memory.

    Parameters
    ----------
    block:
        Shape (rows, dim), of an accepted dtype and either byte order.
    name:
        What the message calls it.
    first_row:
        The number of the block's first row in the whole, for the message.

    Raises
    ------
    InvalidInput
        For NaN, infinity, or a float64 that float32 cannot hold, with the row.

    Examples
    --------
    >>> to_floats(np.eye(2), "X", 0).dtype
    dtype('float32')
    """
    if block.dtype == np.float32:
        floats: FloatArray = np.ascontiguousarray(block).view()
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            floats = np.ascontiguousarray(block, dtype=np.float32).view()
    if _core.first_bad_row(floats) >= 0:
        _refuse_bad_row(floats, block, name, first_row)
    floats.flags.writeable = False
    return floats


def _refuse_bad_row(floats: FloatArray, block: AnyArray, name: str, first_row: int) -> None:
    bad = np.flatnonzero(~np.isfinite(floats).all(axis=1))
    if not bad.size:
        return
    row = int(bad[0])
    column = int(np.flatnonzero(~np.isfinite(floats[row]))[0])
    value = float(block[row, column])
    if np.isfinite(value):
        what = f"{value:g}, which float32 cannot hold"
    else:
        what = "NaN" if np.isnan(value) else "an infinity"
    raise InvalidInput(
        f"{name} has {what} in row {first_row + row}, column {column}; leave such rows out or replace the "
        "value."
    )
