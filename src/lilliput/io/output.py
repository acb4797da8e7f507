"""A new file as a stream, through the layer that tests can make fail."""

import io
import os
from pathlib import Path
from typing import Any

from lilliput.io.files import explained, layer

BUFFER_BYTES = 2**20
UNCHANGED = "What was there before is unchanged."


class Output(io.RawIOBase):
    """A descriptor as a stream.

    Parameters
    ----------
    file:
        Open for reading and writing.
    path:
        What the file will be, for messages.
    owned:
        Whether closing the stream syncs and closes the descriptor.
    """

    def __init__(self, file: int, path: Path, *, owned: bool = False) -> None:
        self._file = file
        self._path = path
        self._owned = owned

    def readable(self) -> bool:
        """Say yes: some formats read again what they wrote."""
        return True

    def writable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    @property
    def name(self) -> str:
        """Say what the file will be."""
        return str(self._path)

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._file

    def readinto(self, buffer: Any, /) -> int:
        """Read what was written."""
        with explained("written", self._path, UNCHANGED):
            return os.readv(self._file, [buffer])

    def write(self, data: Any, /) -> int:
        """Write some of the bytes."""
        with explained("written", self._path, UNCHANGED):
            return layer().write(self._file, memoryview(data).cast("B"))

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        with explained("written", self._path, UNCHANGED):
            return os.lseek(self._file, offset, whence)

    def truncate(self, size: int | None = None, /) -> int:
        """Give the file a length."""
        length = self.tell() if size is None else size
        with explained("written", self._path, UNCHANGED):
            os.ftruncate(self._file, length)
        return length

    def close(self) -> None:
        """Close the descriptor, if that is ours to do."""
        if self._owned and not self.closed:
            try:
                with explained("written", self._path, UNCHANGED):
                    layer().sync(self._file)
            finally:
                os.close(self._file)
        super().close()
