"""What a stream of vectors is."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np

from lilliput.errors import InvalidInput
from lilliput.io.arrays import AnyArray, FloatArray, block_rows, to_floats


@runtime_checkable
class Source(Protocol):
    """Vectors that come in blocks, so that they need never be in memory whole."""

    @property
    def dim(self) -> int:
        """Dimensions of each vector."""

    @property
    def rows(self) -> int | None:
        """How many vectors there are; None when only reading them tells."""

    def batches(self, size: int | None = None) -> Iterator[FloatArray]:
        """Yield blocks of `size` rows (the last may be shorter): float32, C-contiguous, read-only, finite."""


class BlockSource(ABC):
    """What sources have in common.

    Parameters
    ----------
    name:
        What messages call it.
    rows, dim:
        Its shape; `rows` is None when only reading tells.

    Attributes
    ----------
    element:
        The type of its own numbers, as "f16"; blocks are float32 whatever it is.
    once:
        Whether it can be read only once.
    """

    element = "f32"
    once = False

    def __init__(self, name: str, rows: int | None, dim: int) -> None:
        self.name = name
        self.rows = rows
        self.dim = dim

    @abstractmethod
    def checked(self, size: int) -> Iterator[FloatArray]:
        """Yield finished blocks of `size` rows."""

    def batches(self, size: int | None = None) -> Iterator[FloatArray]:
        """Yield checked float32 blocks.

        Parameters
        ----------
        size:
            Rows a block; by default as many as fill `Limits.block_bytes`.

        Raises
        ------
        InvalidInput
            When a row holds NaN or infinity; the message has its number. Blocks before it have been yielded.
        CorruptFile
            When a file turns out shorter than it was, or fails its checks.
        """
        if size is not None and size < 1:
            raise InvalidInput(f"A block of {size} rows was asked of {self.name}; ask for at least 1.")
        return self.checked(size or self.block_rows)

    @property
    def block_rows(self) -> int:
        """How many rows a block has when nobody says."""
        return block_rows(self.dim)

    def __repr__(self) -> str:
        """Say what it is and its shape."""
        rows = "?" if self.rows is None else self.rows
        return f"{type(self).__name__}({self.name!r}, rows={rows}, dim={self.dim})"


class RawSource(BlockSource):
    """A source that yields blocks of whatever dtype it holds, and has them converted and checked."""

    @abstractmethod
    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows in an accepted dtype."""

    def checked(self, size: int) -> Iterator[FloatArray]:
        """Yield the blocks as checked float32."""
        row = 0
        for block in self.raw(size):
            rows = len(block)
            floats = to_floats(block, self.name, row)
            del block  # a name that outlived the yield would keep a block in memory while the next is read
            yield floats
            del floats
            row += rows


def spans(rows: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the (start, stop) of each block."""
    for start in range(0, rows, size):
        yield start, min(start + size, rows)


def joined(blocks: Iterable[AnyArray], size: int) -> Iterator[AnyArray]:
    """Cut and join blocks to `size` rows each, the last excepted; what fits already is not copied."""
    waiting: list[AnyArray] = []
    rows = 0
    for block in blocks:
        while rows + len(block) >= size:
            head, block = block[: size - rows], block[size - rows :]
            yield np.concatenate([*waiting, head]) if waiting else head
            waiting, rows = [], 0
            del head
        if len(block):
            waiting.append(block)
            rows += len(block)
    if waiting:
        yield np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
