"""Embeddings kept on disk: many small checksummed files, each written whole, none ever changed."""

import os
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import CorruptFile, InvalidInput, LilliputWarning
from lilliput.io.container import Container, write_container
from lilliput.io.files import explained, layer

FloatArray = NDArray[np.float32]

FORMAT = "lilliput-embeddings"
KEY_BYTES = 16


def cache_folder() -> Path:
    """Name the folder for what can be made again: LILLIPUT_CACHE, else where the system keeps such things."""
    named = os.environ.get("LILLIPUT_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lilliput"


def key_of(text: str, number: int) -> bytes:
    """Identify a text by 16 bytes of its SHA-256.

    Raises
    ------
    InvalidInput
        For half a character, with the text's number.
    """
    try:
        return sha256(text.encode()).digest()[:KEY_BYTES]
    except UnicodeEncodeError as error:
        raise InvalidInput(f"Text {number} holds half a character (a lone surrogate); mend it.") from error


class Shards:
    """Vectors by text, of one model and one kind of text.

    A run that dies leaves whole files behind, so the next one goes on from there. Two runs may write at once:
    a file's name is made of the texts in it, and equal texts have equal vectors.

    Parameters
    ----------
    folder:
        Where they lie; made when the first is written.

    Examples
    --------
    >>> shards = Shards(Path("shards"))
    >>> shards.write([key_of("one", 0), key_of("two", 1)], np.eye(2, 3, dtype=np.float32))
    >>> [(keys == [key_of("two", 0)], rows.tolist()) for keys, rows in shards.read({key_of("two", 0)}, 3)]
    [(True, [[0.0, 1.0, 0.0]])]
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def dim(self) -> int | None:
        """Say how many numbers a vector has; None where nothing is kept."""
        for path in self._paths():
            with _removed_if_damaged(path), Container.open(path, format=FORMAT) as shard:
                return int(shard.tensor("vectors", dtype="f4").shape[-1])
        return None

    def read(self, wanted: Collection[bytes], dim: int) -> Iterator[tuple[list[bytes], FloatArray]]:
        """Find vectors.

        A damaged file is removed with a warning; what was in it counts as never seen.

        Parameters
        ----------
        wanted:
            Keys; whoever takes out those that were found is not given them twice.
        dim:
            Numbers a vector.

        Yields
        ------
        Keys that are kept, and their vectors.
        """
        for path in self._paths():
            with _removed_if_damaged(path), Container.open(path, format=FORMAT) as shard:
                raw = shard.tensor("keys", dtype="u1", shape=(None, KEY_BYTES)).tobytes()
                keys = [raw[at : at + KEY_BYTES] for at in range(0, len(raw), KEY_BYTES)]
                held = [number for number, key in enumerate(keys) if key in wanted]
                if held:
                    vectors = shard.tensor("vectors", dtype="f4", shape=(len(keys), dim))
                    yield [keys[number] for number in held], vectors[held]

    def write(self, keys: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep vectors, on disk when this returns.

        Raises
        ------
        FileError
            When the disk refuses.
        """
        if not keys:
            return
        raw = b"".join(keys)
        with explained("made", self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tensors: dict[str, NDArray[Any]] = {
            "keys": np.frombuffer(raw, np.uint8).reshape(-1, KEY_BYTES),
            "vectors": vectors,
        }
        name = sha256(raw).hexdigest()[:32]
        write_container(self.folder / f"{name}.safetensors", tensors, {}, format=FORMAT)

    def _paths(self) -> list[Path]:
        with explained("read", self.folder):
            return sorted(self.folder.glob("[!.]*.safetensors"))


@contextmanager
def _removed_if_damaged(path: Path) -> Iterator[None]:
    try:
        yield
    except CorruptFile:
        layer().remove(path)
        warnings.warn(
            f"{path} is damaged and was removed; its texts are encoded again.", LilliputWarning, stacklevel=2
        )
