"""Opening a file of vectors by its suffix."""

import os
from pathlib import Path

from lilliput.errors import FileError, InvalidInput
from lilliput.io.arrays import AnyArray
from lilliput.io.blocks import Source
from lilliput.io.formats import FOLDER, FORMATS, Format, format_of
from lilliput.io.hfdataset import is_dataset


def open_vectors(path: str | os.PathLike[str], *, column: str | None = None) -> Source:
    """Open a file of vectors as a stream; its suffix tells the format.

    Parameters
    ----------
    path:
        A file of one of the formats that `docs/files-and-formats.md` lists. Where it holds several arrays,
        `file.npz::name` says which. A path that exists as it stands is taken as it stands.
    column:
        The same name, where it is not in the path.

    Raises
    ------
    InvalidInput
        For an unknown suffix, when it is not clear which array is meant, and when the file holds no vectors
        of an accepted dtype.
    CorruptFile
        When the file is not what its suffix or header says.
    FileError
        When it cannot be read.
    MissingExtra
        When the format needs a package that is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> np.save("vectors.npy", np.eye(3))
    >>> open_vectors("vectors.npy").dim
    3
    >>> np.savez("several.npz", a=np.eye(3), b=np.eye(4))
    >>> open_vectors("several.npz::b").dim
    4
    """
    file, format, column = _located(path, column)
    return format.open(file, column)


def read_array(path: str | os.PathLike[str], *, column: str | None = None) -> AnyArray:
    """Give a file's numbers as they are stored, mapped read-only where possible.

    For ids of a ground truth, and for whoever wants the dtype of the file. Where the numbers do not lie in
    the file as they are in memory, they come in memory.

    Parameters
    ----------
    path, column:
        As for `open_vectors`, and `.ivecs`; numbers may have any rank and be any integers or floats.

    Raises
    ------
    InvalidInput, CorruptFile, FileError, MissingExtra
        As `open_vectors`. NaN is not looked for.

    Examples
    --------
    >>> import numpy as np
    >>> np.array([[2, 7, 9], [2, 8, 4]], dtype="<i4").tofile("truth.ivecs")  # two rows of two ids
    >>> read_array("truth.ivecs").tolist()
    [[7, 9], [8, 4]]
    """
    file, format, column = _located(path, column)
    return format.read(file, column)


def split_name(path: str | os.PathLike[str], column: str | None = None) -> tuple[str, str | None]:
    """Part `file::name` into the file and the name; a path that exists as it stands is not parted.

    Raises
    ------
    InvalidInput
        When there are two names.

    Examples
    --------
    >>> split_name("docs.parquet::embedding")
    ('docs.parquet', 'embedding')
    """
    text = os.fspath(path)
    if "::" not in text or "\0" in text or os.path.lexists(text):
        return text, column
    file, _, name = text.rpartition("::")
    if column is not None and column != name:
        raise InvalidInput(f"{text} names {name!r} and column= names {column!r}; name one.")
    return file, name


def _located(path: str | os.PathLike[str], column: str | None) -> tuple[Path, Format, str | None]:
    """Give the file, its format, and the name of the part that is wanted."""
    text, column = split_name(path, column)
    file = Path(text)
    if "\0" not in text and os.path.isdir(file) and (file.suffix.lower() not in FORMATS or is_dataset(file)):
        return file, FOLDER, column
    if file.suffix.lower() not in FORMATS and not os.path.isfile(file):
        raise FileError(f"{file} does not exist; the path of a file of vectors was wanted.")
    format = format_of(file)
    if column is not None and not format.named:
        raise InvalidInput(f"{file} holds one array, without a name; leave {column[:80]!r} out.")
    return file, format, column
