"""Codes in a file, as a stream of the vectors that they stand for."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lilliput.codecs.codec import Codec
from lilliput.codecs.files import CODES, CODES_FORMAT, read_state
from lilliput.codecs.layout import ByteArray
from lilliput.io.arrays import AnyArray
from lilliput.io.blocks import RawSource, spans
from lilliput.io.container import Container, Verify


class StoredCodes(RawSource):
    """A codec, its codes, and a source of the decoded vectors.

    Attributes
    ----------
    codec:
        What made the codes.
    codes:
        uint8, shape (rows, codec.code_size), mapped read-only.
    """

    def __init__(self, name: str, codec: Codec, codes: ByteArray) -> None:
        super().__init__(name, len(codes), codec.dim)
        self.codec = codec
        self.codes = codes

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield decoded blocks of at most `size` rows."""
        for start, stop in spans(len(self.codes), size):
            yield self.codec.decode(self.codes[start:stop])


def open_codes(path: str | os.PathLike[str], *, verify: Verify = "lazy") -> StoredCodes:
    """Open a file that `Codec.encode` wrote.

    Parameters
    ----------
    path:
        The file.
    verify:
        "lazy" verifies the codec and the codes; "full" every byte of the file.

    Raises
    ------
    FileError
        When the file cannot be read or holds no codes.
    CorruptFile
        When it is damaged.

    Examples
    --------
    >>> codes = Codec("int8").fit(np.eye(4)).encode(np.eye(4), "codes.safetensors")
    >>> stored = open_codes("codes.safetensors")
    >>> stored.rows, stored.codec.spec
    (4, 'int8')
    """
    with Container.open(Path(path), format=CODES_FORMAT, verify=verify) as container:
        codec = Codec.from_state(*read_state(container))
        codes = container.tensor(CODES, dtype=np.uint8, shape=(None, codec.code_size))
    return StoredCodes(str(path), codec, codes)
