"""Codecs and compressed vectors as files: a codec's arrays under ``codec.``, codes under ``codes``."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.layout import ByteArray
from lilliput.errors import FileError, InvalidInput
from lilliput.io.container import Container
from lilliput.io.container_writer import UNCHANGED, layout_of, new_container, write_container
from lilliput.io.files import explained, write_all
from lilliput.limits import LIMITS

CODEC_FORMAT = "lilliput-codec"
CODES_FORMAT = "lilliput-codes"
PREFIX = "codec."
CODES = "codes"

State = tuple[Mapping[str, str], Mapping[str, NDArray[Any]]]


def save_state(path: str | os.PathLike[str], state: State) -> None:
    """Write a codec's state, in place of what was there.

    Raises
    ------
    FileError
        When the file cannot be written; what was there stays.
    """
    metadata, arrays = state
    write_container(Path(path), prefixed(arrays), metadata, format=CODEC_FORMAT)


def read_state(container: Container) -> State:
    """Read a codec's state from an open file of either format.

    Raises
    ------
    FileError
        When the file holds something else.
    CorruptFile
        When its checksums do not match.
    """
    if container.format not in (CODEC_FORMAT, CODES_FORMAT):
        raise FileError(f"{container.path} holds {container.format!r} and no codec; open it as what it is.")
    arrays = {
        name.removeprefix(PREFIX): container.tensor(name).copy()
        for name in container.names
        if name.startswith(PREFIX)
    }
    return container.metadata, arrays


def write_codes(
    path: str | os.PathLike[str], state: State, blocks: Iterable[ByteArray], shape: tuple[int | None, int]
) -> ByteArray:
    """Write a codec and codes block by block, in place of what was there.

    Parameters
    ----------
    path:
        The file.
    state:
        The codec's.
    blocks:
        Codes, uint8, each (some, code_size).
    shape:
        Of all codes. With None for the rows they are laid down in an unnamed file first: the header that says
        how many there are comes before them.

    Returns
    -------
    ndarray
        The codes in the file, mapped read-only.

    Raises
    ------
    FileError
        When the file cannot be written; what was there stays.
    """
    rows, width = shape
    if rows is None:
        with _laid_down(path, blocks, width) as (found, again):
            return write_codes(path, state, again, (found, width))
    metadata, arrays = state
    layout = dict(layout_of(prefixed(arrays))) | {CODES: (np.uint8, (rows, width))}
    with new_container(Path(path), layout, metadata, format=CODES_FORMAT) as writer:
        for name, array in prefixed(arrays).items():
            writer.write(name, array)
        for block in blocks:
            writer.write(CODES, block)
    with Container.open(Path(path), format=CODES_FORMAT) as container:
        codes: ByteArray = container.mapped(CODES, dtype=np.uint8, shape=shape)
    return codes


def refuse_same(source: object, target: str | os.PathLike[str]) -> None:
    """Refuse to write codes over the vectors that they are made from.

    Raises
    ------
    InvalidInput
        When both paths are one file.
    """
    if not isinstance(source, (str, os.PathLike)):
        return
    if os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target):
        raise InvalidInput(f"{target} holds the vectors themselves; give the codes another name.")


def prefixed(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Name a codec's arrays as files do."""
    return {PREFIX + name: array for name, array in arrays.items()}


@contextmanager
def _laid_down(
    path: str | os.PathLike[str], blocks: Iterable[ByteArray], width: int
) -> Iterator[tuple[int, Iterator[ByteArray]]]:
    """Write blocks to a file without a name beside the target; give how many rows, and the blocks again."""
    folder = Path(path).resolve().parent
    with explained("saved", Path(path), UNCHANGED), tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        rows = 0
        for block in blocks:
            write_all(file.fileno(), memoryview(block.reshape(-1).data))
            rows += len(block)
        file.seek(0)
        yield rows, _again(file.fileno(), rows, width)


def _again(file: int, rows: int, width: int) -> Iterator[ByteArray]:
    left = rows * width
    while left:
        data = os.read(file, min(left, LIMITS.block_bytes))
        left -= len(data)
        yield np.frombuffer(data, dtype=np.uint8)
