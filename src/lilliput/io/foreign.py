"""Arrays of other libraries, recognised by their manners; none of the libraries is imported."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lilliput.errors import InvalidInput, WrongType
from lilliput.io.arrays import ACCEPTED, AnyArray

CPU_DEVICES = (1, 3)  # the numbers of plain memory and of pinned memory in DLPack


@dataclass(frozen=True)
class Sliceable:
    """Something with a shape whose rows can be taken as a numpy array, block by block."""

    shape: tuple[int, ...]
    take: Callable[[int, int], AnyArray]


def sliceable(x: Any, name: str) -> Sliceable | None:
    """Recognise an Arrow array or a tensor; None for anything else.

    Raises
    ------
    InvalidInput
        When it is one, but with nulls, of lists of unequal length, or on another device.
    """
    if type(x).__module__.partition(".")[0] == "pyarrow":
        return _arrow(x, name)
    if hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__"):
        return _tensor(x, name)
    return None


def _arrow(x: Any, name: str) -> Sliceable:
    if not hasattr(x, "type"):
        raise WrongType(f"{name} is a {type(x).__name__}; give one of its columns, of type fixed_size_list.")
    x = getattr(x, "storage", x)  # fixed-shape tensors are an extension over fixed-size lists
    dim = getattr(x.type, "list_size", None)
    if dim is None:
        raise InvalidInput(f"{name} is an Arrow array of {x.type}; cast it to fixed_size_list of {ACCEPTED}.")
    if x.null_count:
        raise InvalidInput(f"{name} has {x.null_count} null vectors; drop or fill them.")

    def take(start: int, stop: int) -> AnyArray:
        part = x.slice(start, stop - start)
        chunks = part.chunks if hasattr(part, "chunks") else [part]
        blocks = [_arrow_values(chunk, name).reshape(-1, dim) for chunk in chunks]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    return Sliceable((len(x), int(dim)), take)


def _arrow_values(chunk: Any, name: str) -> AnyArray:
    values = chunk.flatten()
    if values.null_count:
        raise InvalidInput(f"{name} has {values.null_count} null numbers in its vectors; drop or fill them.")
    array: AnyArray = values.to_numpy(zero_copy_only=False)
    return array


def _tensor(x: Any, name: str) -> Sliceable:
    device = x.__dlpack_device__()
    if int(device[0]) not in CPU_DEVICES:
        raise InvalidInput(f"{name} lies on another device; bring it to memory first, such as by .cpu().")
    x = x.detach() if hasattr(x, "detach") else x
    widen = str(x.dtype).endswith("bfloat16") and hasattr(x, "float")

    def take(start: int, stop: int) -> AnyArray:
        part = x[start:stop]
        try:
            return np.from_dlpack(part.float() if widen else part)
        except (BufferError, RuntimeError, TypeError):
            return _by_copy(part, name)

    return Sliceable(tuple(int(length) for length in x.shape), take)


def _by_copy(part: Any, name: str) -> AnyArray:
    """Convert what DLPack has no number for, such as another library's bfloat16."""
    try:
        return np.asarray(part.__array__())
    except (AttributeError, RuntimeError, TypeError, ValueError) as error:
        message = f"{name} has dtype {part.dtype}, which numpy cannot take; vectors are {ACCEPTED}."
        raise InvalidInput(message) from error
