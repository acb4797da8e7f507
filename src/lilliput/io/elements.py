"""The types that the numbers of vectors have in files, and the changes from one to another.

The one rule: no number changes unless the caller names the type. A wider type takes what a format has no own
type for, since that changes nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lilliput.errors import InvalidInput, WrongType
from lilliput.io.arrays import AnyArray, FloatArray
from lilliput.io.blocks import RawSource, Source
from lilliput.io.header import DTYPES

BF16 = DTYPES["BF16"]

ELEMENTS: dict[str, np.dtype[Any]] = {
    "f16": np.dtype("<f2"),
    "bf16": BF16,
    "f32": np.dtype("<f4"),
    "f64": np.dtype("<f8"),
    "i8": np.dtype("i1"),
    "u8": np.dtype("u1"),
}
IDS = np.dtype("<i4")
LONG = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64", "i8": "int8", "u8": "uint8"}
SHORT = {long: short for short, long in LONG.items()}

# What can take a type without changing a number, the best first.
_WIDER = {
    "f16": ("f32", "f64"),
    "bf16": ("f32", "f64"),
    "f32": ("f64",),
    "f64": (),
    "i8": ("f32", "f16", "f64"),
    "u8": ("f32", "f16", "f64"),
}


def element(name: Any) -> str:
    """Give the short name of an element type: "f16", "float16", `numpy.float16` and so on.

    Raises
    ------
    InvalidInput, WrongType
        Naming the types there are.

    Examples
    --------
    >>> element("float16"), element(np.float32), element("bf16")
    ('f16', 'f32', 'bf16')
    """
    known = ", ".join(ELEMENTS)
    if isinstance(name, str):
        text = name.lower()
    else:
        try:
            text = "" if name is None else np.dtype(name).name
        except TypeError as error:
            raise WrongType(f"dtype is a {type(name).__name__}; it is one of {known}.") from error
    if SHORT.get(text, text) not in ELEMENTS:
        raise InvalidInput(f"dtype is {str(name)[:40]!r}; it is one of {known}.")
    return SHORT.get(text, text)


def target(source: str, wanted: str | None, held: tuple[str, ...], suffix: str, others: list[str]) -> str:
    """Choose the type that a file will have.

    Parameters
    ----------
    source, wanted:
        What the vectors have, and what the caller named, if anything.
    held:
        What the format holds.
    suffix, others:
        The format, and those that hold what was wanted, for the message.

    Raises
    ------
    InvalidInput
        When the format cannot hold it.
    """
    if len(held) == 1 and held[0] not in ("f32", "f64") and wanted in (None, held[0]):
        return held[0]  # a format of whole numbers, which are looked at one by one
    if wanted is None:
        fitting = [name for name in (source, *_WIDER[source]) if name in held]
        if fitting:
            return fitting[0]
    elif wanted in held:
        return wanted
    advice = f"write {' or '.join(others)}" + ("" if wanted else f", or say dtype={held[0]!r} to round")
    raise InvalidInput(f"{suffix} cannot hold {wanted or source}, only {' '.join(held)}; {advice}.")


class Elements:
    """Vectors as a writer takes them: blocks of one type, finite, in the order of bytes of files.

    Attributes
    ----------
    rows, dim:
        The shape; `rows` is None when only reading tells.
    name:
        The type, as "f16".
    dtype:
        How a block holds it.
    step:
        Hears how many rows have been written, after each block.
    """

    def __init__(self, source: Source, name: str, suffix: str) -> None:
        self.rows = source.rows
        self.dim = source.dim
        self.name = name
        self.dtype = IDS if name == "i32" else ELEMENTS[name]
        self.step: Callable[[int], None] = lambda done: None
        self._source = source
        self._suffix = suffix
        self._label = str(getattr(source, "name", "X"))

    def blocks(self) -> Iterator[AnyArray]:
        """Yield the blocks.

        Raises
        ------
        InvalidInput
            With the first row that is not finite, or that this type would change or cannot hold.
        """
        row = 0
        for block in self._read():
            yield np.ascontiguousarray(self._convert(block, row))
            row += len(block)
            self.step(row)

    def _read(self) -> Iterator[AnyArray]:
        source = self._source
        if element_of(source) == "f64" and isinstance(source, RawSource):
            yield from doubles(source)
        else:
            yield from source.batches()

    def _convert(self, block: AnyArray, row: int) -> AnyArray:
        if self.dtype.kind in "iu":
            return whole_numbers(block, self.dtype, self._suffix, row)
        floats = block.astype(np.float32, copy=False) if self.name == "bf16" else block
        with np.errstate(over="ignore"):
            made = to_bf16(floats) if self.name == "bf16" else block.astype(self.dtype, copy=False)
            values = from_bf16(made) if self.name == "bf16" else made
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            at = row + int(np.flatnonzero(bad)[0])
            raise InvalidInput(f"{self._label} has a number in row {at} that {self.name} cannot hold.")
        return made


def element_of(source: Source) -> str:
    """Give the type that a source's own numbers have; float32 where it does not say."""
    return str(getattr(source, "element", "f32"))


def doubles(source: RawSource) -> Iterator[AnyArray]:
    """Yield a source's float64 as they are, finite."""
    row = 0
    for block in source.raw(max(1, source.block_rows // 2)):
        bad = ~np.isfinite(block).all(axis=1)
        if bad.any():
            raise InvalidInput(
                f"{source.name} has NaN or an infinity in row {row + int(np.flatnonzero(bad)[0])}; "
                "leave such rows out or replace the value."
            )
        yield block
        row += len(block)


def whole_numbers(block: AnyArray, dtype: np.dtype[Any], suffix: str, first_row: int) -> AnyArray:
    """Convert to whole numbers, where that changes no value.

    Raises
    ------
    InvalidInput
        With the first row that would change.
    """
    low, high = np.iinfo(dtype.name).min, np.iinfo(dtype.name).max
    # `high` itself may not be a float32; the number after it is a power of two and so always is.
    fits = (block >= low) & (block < high + 1) & (block == np.rint(block))
    if not fits.all():
        row = int(np.flatnonzero(~fits.all(axis=1))[0])
        raise InvalidInput(
            f"Row {first_row + row} is not whole numbers from {low} to {high}, which {suffix} holds; "
            "write a float format instead."
        )
    return block.astype(dtype)


def to_bf16(floats: FloatArray) -> AnyArray:
    """Round float32 to bfloat16, to the nearest and to even; what is too large becomes an infinity."""
    bits = floats.view(np.uint32)
    rounded = (bits + (np.uint32(0x7FFF) + ((bits >> 16) & 1))) >> 16
    return rounded.astype("<u2").view(BF16)


def from_bf16(numbers: AnyArray) -> FloatArray:
    """Widen bfloat16 to float32, which changes nothing."""
    bits = np.ascontiguousarray(numbers).view("<u2").astype(np.uint32)
    return (bits << 16).view(np.float32)
