"""Opening a file of vectors by its suffix."""

import difflib
import os
from collections.abc import Callable
from pathlib import Path

from lilliput.errors import FileError, InvalidInput
from lilliput.io.arrays import AnyArray
from lilliput.io.bin import open_bin, read_bin
from lilliput.io.blocks import Source
from lilliput.io.npy import open_npy, read_npy
from lilliput.io.npz import open_npz, read_npz
from lilliput.io.vecs import open_vecs, read_vecs

Format = tuple[Callable[[Path], Source], Callable[[Path], AnyArray]]

FORMATS: dict[str, Format] = {
    ".npy": (open_npy, read_npy),
    ".npz": (open_npz, read_npz),
    ".fvecs": (open_vecs, read_vecs),
    ".bvecs": (open_vecs, read_vecs),
    ".ivecs": (open_vecs, read_vecs),
    ".fbin": (open_bin, read_bin),
    ".u8bin": (open_bin, read_bin),
    ".i8bin": (open_bin, read_bin),
}


def suffix_of(path: Path) -> str:
    """Give a path's suffix where it is that of a format.

    Raises
    ------
    InvalidInput
        Naming the suffixes that are.
    """
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return suffix
    near = difflib.get_close_matches(suffix, FORMATS, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise InvalidInput(f"{path} has no suffix of a format of vectors; {hint}Those are {', '.join(FORMATS)}.")


def _existing(path: Path) -> str:
    """Give the suffix, but say first that there is no file, where that is so."""
    if path.suffix.lower() not in FORMATS and not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise FileError(f"{path} {what}; the path of a file of vectors was wanted.")
    return suffix_of(path)


def open_vectors(path: str | os.PathLike[str], *, key: str | None = None) -> Source:
    """Open a file of vectors as a stream; its suffix tells the format.

    Parameters
    ----------
    path:
        `.npy`, `.npz`, `.fvecs`, `.bvecs`, `.fbin`, `.u8bin` or `.i8bin`.
    key:
        Which array of a `.npz`; needed when there are several.

    Raises
    ------
    InvalidInput
        For an unknown suffix, and when the file holds no vectors of an accepted dtype.
    CorruptFile
        When the file is not what its suffix or header says.
    FileError
        When it cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> np.save("vectors.npy", np.eye(3))
    >>> open_vectors("vectors.npy").dim
    3
    """
    path = Path(path)
    suffix = _existing(path)
    if key is not None:
        _only_npz(suffix, path)
        return open_npz(path, key)
    return FORMATS[suffix][0](path)


def read_array(path: str | os.PathLike[str], *, key: str | None = None) -> AnyArray:
    """Give a file's numbers as they are stored, mapped read-only where possible.

    For ids of a ground truth, and for whoever wants the dtype of the file. A `.npz`, and numbers in the other
    byte order, come in memory.

    Parameters
    ----------
    path:
        As for `open_vectors`, and `.ivecs`; a `.npy` or `.npz` may have any rank and any integers or floats.
    key:
        Which array of a `.npz`; needed when there are several.

    Raises
    ------
    InvalidInput, CorruptFile, FileError
        As `open_vectors`. NaN is not looked for.

    Examples
    --------
    >>> import numpy as np
    >>> np.array([[2, 7, 9], [2, 8, 4]], dtype="<i4").tofile("truth.ivecs")  # two rows of two ids
    >>> read_array("truth.ivecs").tolist()
    [[7, 9], [8, 4]]
    """
    path = Path(path)
    suffix = _existing(path)
    if key is not None:
        _only_npz(suffix, path)
        return read_npz(path, key)
    return FORMATS[suffix][1](path)


def _only_npz(suffix: str, path: Path) -> None:
    if suffix != ".npz":
        raise InvalidInput(f"{path} holds one array, and key= chooses among those of a .npz; leave it out.")
