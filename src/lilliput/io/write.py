"""Writing vectors to a file that appears whole or not at all."""

import io
import os
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


class _Output(io.RawIOBase):
    """A descriptor as a stream, through the layer that tests can make fail."""

    def __init__(self, file: int) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return layer().write(self._file, memoryview(data).cast("B"))

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return os.lseek(self._file, offset, whence)


def write_vectors(path: str | os.PathLike[str], source: Any) -> int:
    """Write vectors to a file, block by block; its suffix tells the format.

    They go to a new file beside it, which takes the name at the end; until then, and after any failure, what
    was there before stays.

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
    if path.is_dir():
        raise FileError(f"{path} is a folder; the path of a file was wanted.")
    with explained("written", path, "What was there before is unchanged."):
        output = Sibling(path, "file")
        try:
            with io.BufferedWriter(_Output(output.file), BUFFER_BYTES) as stream:
                rows = _write(cast(BinaryIO, stream), vectors, suffix)
            fail("file.sync")
            layer().sync(output.file)
            fail("file.rename.before")
            layer().rename(output.path, path)
            fail("file.rename.after")
            layer().sync_folder(path.parent)
        except BaseException:
            output.discard()
            raise
        output.close()
    return rows


def _write(file: BinaryIO, source: Source, suffix: str) -> int:
    if suffix == ".npy":
        return write_npy(file, source)
    if suffix == ".npz":
        return write_npz(file, source)
    if suffix.endswith("vecs"):
        return write_vecs(file, source, suffix)
    return write_bin(file, source, suffix)
