"""Writing vectors to a file that appears whole or not at all."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from lilliput.errors import FileError
from lilliput.io.beside import Sibling
from lilliput.io.bin import write_bin
from lilliput.io.blocks import Source
from lilliput.io.files import explained, fail, layer
from lilliput.io.npy import write_npy
from lilliput.io.npz import write_npz
from lilliput.io.open import suffix_of
from lilliput.io.source import as_source
from lilliput.io.vecs import write_vecs

BUFFER_BYTES = 2**20
UNCHANGED = "What was there before is unchanged."


class _Output(io.RawIOBase):
    """A descriptor as a stream, through the layer that tests can make fail."""

    def __init__(self, file: int, path: Path) -> None:
        self._file = file
        self._path = path

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        with explained("written", self._path, UNCHANGED):
            return layer().write(self._file, memoryview(data).cast("B"))

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        with explained("written", self._path, UNCHANGED):
            return os.lseek(self._file, offset, whence)


def write_vectors(path: str | os.PathLike[str], source: Any) -> int:
    """Write vectors to a file, block by block; its suffix tells the format.

    They go to a new file beside it, which takes the name at the end; until then, and after any failure, what
    was there before stays. A link is followed.

    Parameters
    ----------
    path:
        `.npy`, `.fvecs` or `.fbin` for float32; `.bvecs`, `.ivecs`, `.u8bin` or `.i8bin` for whole numbers of
        that range; `.npz` for one float32 array named `vectors`.
    source:
        Whatever `as_source` takes.

    Returns
    -------
    int
        How many vectors were written.

    Raises
    ------
    InvalidInput
        For an unknown suffix, for vectors that cannot be used, and for values that the format would change.
    FileError
        When the file cannot be written.

    Examples
    --------
    >>> write_vectors("vectors.npy", [[0.5, 1.0]])
    1
    """
    path = Path(path)
    suffix = suffix_of(path)
    vectors = as_source(source)
    with _new_file(path) as file:
        return _write(file, vectors, suffix)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the place of what was there when the block ends without an exception."""
    target = Path(os.path.realpath(path))
    with explained("written", path, UNCHANGED):
        if target.is_dir():
            raise FileError(f"{path} is a folder; the path of a file was wanted.")
        fail("file.create")
        sibling = Sibling(target, "file")
    try:
        with io.BufferedWriter(_Output(sibling.file, path), BUFFER_BYTES) as stream:
            yield cast(BinaryIO, stream)
        with explained("written", path, UNCHANGED):
            fail("file.sync")
            layer().sync(sibling.file)
            fail("file.rename.before")
            layer().rename(sibling.path, target)
    except BaseException:
        sibling.discard()
        raise
    sibling.close()
    with explained("made durable", path, "The new file is in place, but a power cut could undo that."):
        fail("file.rename.after")
        layer().sync_folder(target.parent)


def _write(file: BinaryIO, source: Source, suffix: str) -> int:
    if suffix == ".npy":
        return write_npy(file, source)
    if suffix == ".npz":
        return write_npz(file, source)
    if suffix.endswith("vecs"):
        return write_vecs(file, source, suffix)
    return write_bin(file, source, suffix)
