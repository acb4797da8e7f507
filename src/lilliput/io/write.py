"""Writing vectors to a file that appears whole or not at all."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from lilliput.errors import FileError, InvalidInput
from lilliput.io.beside import Sibling
from lilliput.io.blocks import Source
from lilliput.io.elements import Elements, element, element_of, target
from lilliput.io.files import explained, fail, layer
from lilliput.io.formats import BASE64, FOLDER, JSON_LINES, Format, format_of, holding
from lilliput.io.hfdataset import is_dataset, write_dataset
from lilliput.io.open import split_name
from lilliput.io.output import BUFFER_BYTES, UNCHANGED, Output
from lilliput.io.source import as_source
from lilliput.progress import ProgressOption, Track


def write_vectors(
    path: str | os.PathLike[str],
    source: Any,
    *,
    dtype: Any = None,
    column: str | None = None,
    base64: bool = False,
    progress: ProgressOption = None,
) -> int:
    """Write vectors to a file, block by block; its suffix tells the format.

    They keep the type that they have, or go to a wider one where the format has no own. They go to a new file
    beside it, which takes the name at the end; until then, and after any failure, what was there before
    stays. A link is followed.

    Parameters
    ----------
    path:
        A file of one of the formats that `docs/files-and-formats.md` lists, such as `vectors.npy`. One that
        ends in a slash is a folder as Hugging Face `datasets` saves it.
    source:
        Whatever `as_source` takes. Lists of Python's numbers and iterators of batches are float32.
    dtype:
        Another type to have, as "f16"; floats are rounded, and whole numbers must be whole and fit.
    column:
        What the vectors are called, where the format has names; also as `file.npz::name`.
    base64:
        In `.jsonl`, write the bytes of the numbers as base64 in place of arrays of numbers.
    progress:
        None draws a bar on a terminal, False nothing, a callable hears (done, total) and cancels by False.

    Returns
    -------
    int
        How many vectors were written.

    Raises
    ------
    InvalidInput
        For an unknown suffix, for vectors that cannot be used, and for a type that the format cannot hold.
    FileError
        When the file cannot be written.
    Cancelled
        When progress said so.
    MissingExtra
        When the format needs a package that is not installed.

    Examples
    --------
    >>> write_vectors("vectors.npy", [[0.5, 1.0]])
    1
    """
    text, column = split_name(path, column)
    file = Path(text)
    if text.endswith(os.sep) or is_dataset(file):
        vectors = _elements(as_source(source), FOLDER, "A data set", dtype)
        with Track(progress, vectors.rows or 0, "writing") as vectors.step:
            return write_dataset(file, vectors, column)
    format = format_of(file)
    if base64:
        if format is not JSON_LINES:
            raise InvalidInput(f"{file} is no .jsonl, and only that has base64; leave it out.")
        format = BASE64
    if column is not None and not format.named:
        raise InvalidInput(f"{file} will hold one array, without a name; leave {column[:80]!r} out.")
    vectors = _elements(as_source(source), format, file.suffix.lower(), dtype)
    with Track(progress, vectors.rows or 0, "writing") as vectors.step, new_file(file) as stream:
        return format.write(stream, vectors, column)


def _elements(source: Source, format: Format, suffix: str, dtype: Any) -> Elements:
    """Choose the type, and count first where the format must."""
    has, wanted = element_of(source), None if dtype is None else element(dtype)
    chosen = target(has, wanted, format.elements, suffix, holding(wanted or has))
    vectors = Elements(source, chosen, suffix)
    if format.counted and vectors.rows is None:
        if getattr(source, "once", False):
            raise InvalidInput(
                f"An iterator's number of rows is not known, and {suffix} needs it first; write .npy."
            )
        vectors.rows = sum(len(block) for block in source.batches())
    return vectors


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the place of what was there when the block ends without an exception."""
    target = Path(os.path.realpath(path))
    with explained("written", path, UNCHANGED):
        if target.is_dir():
            raise FileError(f"{path} is a folder; the path of a file was wanted.")
        fail("file.create")
        sibling = Sibling(target, "file")
    try:
        with io.BufferedRandom(Output(sibling.file, path), BUFFER_BYTES) as stream:
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
