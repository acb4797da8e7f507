"""The idx format, in which MNIST comes."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import CorruptFile


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzipped idx file of bytes, the form that MNIST comes in.

    Parameters
    ----------
    path:
        A file of a big-endian header (two zeros, the type 8, the number of dimensions, each as uint32) and
        bytes.

    Returns
    -------
    uint8 array

    Raises
    ------
    CorruptFile
        The file is no such thing, or holds more or less than its header says.
    """
    try:
        with gzip.open(path) as stream:
            start = stream.read(4)
            if len(start) != 4 or start[:3] != b"\0\0\x08" or not 1 <= start[3] <= 4:
                raise CorruptFile(
                    f"{path} starts with {start.hex()}; an idx file of bytes starts with 000008."
                )
            shape = struct.unpack(f">{start[3]}I", stream.read(4 * start[3]))
            size = int(np.prod(shape, dtype=object))
            # Deflate cannot expand by more than this; the check comes before the memory is taken.
            if size > 1_040 * path.stat().st_size:
                raise CorruptFile(f"{path} promises {size} bytes, more than a file of its length can hold.")
            content = stream.read(size + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile, struct.error) as error:
        raise CorruptFile(f"{path} is no whole gzipped idx file ({error}); fetch it again.") from error
    if len(content) != size:
        raise CorruptFile(
            f"{path} promises {size} bytes and holds {'more' if len(content) > size else 'fewer'}."
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)
