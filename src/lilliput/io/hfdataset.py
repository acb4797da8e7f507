"""Folders that Hugging Face `datasets` saved by `save_to_disk`: a column of vectors in Arrow shards.

The package itself is not needed. Only the folder's own files are read: `state.json` lists the shards, and a
name that is no plain name, or is a link out of the folder, is refused.
"""

import io
import json
import os
import re
from pathlib import Path
from typing import Any

from lilliput.errors import CorruptFile, FileError, InvalidInput
from lilliput.io.arrays import AnyArray
from lilliput.io.beside import Sibling, remove_quietly
from lilliput.io.blocks import Source
from lilliput.io.columns import NAME
from lilliput.io.elements import LONG, Elements
from lilliput.io.files import explained, fail, layer
from lilliput.io.folder import put_in_place
from lilliput.io.ipc import Shards, write_stream
from lilliput.io.output import BUFFER_BYTES, UNCHANGED, Output
from lilliput.io.reading import open_regular, read_exactly
from lilliput.io.strict_json import strict_json
from lilliput.limits import LIMITS
from lilliput.names import inside

STATE, INFO, SPLITS = "state.json", "dataset_info.json", "dataset_dict.json"
SHARD = "data-00000-of-00001.arrow"
OWN = re.compile(r"state\.json|dataset_info\.json|data-[0-9]{5}-of-[0-9]{5}\.arrow")
MAX_SHARDS = 100_000


def is_dataset(path: Path) -> bool:
    """Say whether a path is a folder of this kind."""
    return os.path.lexists(path / STATE)


def open_dataset(path: Path, column: str | None = None) -> Source:
    """Open a column of vectors; nothing but the messages of the shards is read yet.

    Raises
    ------
    CorruptFile
        When a shard is missing, cut or not sound.
    InvalidInput
        When it is not clear which column is meant, or a name leads out of the folder.
    FileError
        When the folder is none that `datasets` saved, or cannot be read.
    """
    return Shards(path, _shards(path), column, numbers=False).source()


def read_dataset(path: Path, column: str | None = None) -> AnyArray:
    """Read a column of vectors or of numbers into memory, in its own type."""
    return Shards(path, _shards(path), column, numbers=True).read()


def _shards(folder: Path) -> list[Path]:
    """List the files of rows, in order."""
    if not is_dataset(folder):
        if os.path.lexists(folder / SPLITS):
            splits = ", ".join(sorted(entry.name for entry in folder.iterdir() if is_dataset(entry)))
            raise FileError(f"{folder} is a folder of the splits {splits}; give the path of one of them.")
        raise FileError(
            f"{folder} is a folder, and none that `datasets` saved; the path of a file of vectors was wanted."
        )
    state = _json(folder, STATE)
    if state.get("_indices_data_files"):
        raise InvalidInput(f"{folder} keeps its order in a file of indices; save it after flatten_indices().")
    files: Any = state.get("_data_files")
    names = [file.get("filename") if isinstance(file, dict) else None for file in files or ()]
    if not isinstance(files, list) or not names or len(names) > MAX_SHARDS or None in names:
        raise CorruptFile(f"{folder / STATE} lists no files of rows; save the data set again.")
    if len(set(map(str, names))) < len(names):
        raise CorruptFile(f"{folder / STATE} lists a file of rows twice; save the data set again.")
    return [inside(folder, str(name)) for name in names]


def _json(folder: Path, name: str) -> dict[str, Any]:
    path = inside(folder, name)
    with open_regular(path) as (file, size):
        if size > LIMITS.max_header_bytes:
            raise CorruptFile(f"{path} has {size} bytes, too many to be a description; save it again.")
        return strict_json(read_exactly(file, size, path), str(path))


def write_dataset(folder: Path, vectors: Elements, column: str | None) -> int:
    """Write vectors as a data set of one shard, in place of an older one, and return how many there were.

    Parameters
    ----------
    folder:
        Nothing yet, an empty folder or an older data set.
    vectors:
        Of a type that Arrow has.
    column:
        What the column is called; by default `vector`.

    Raises
    ------
    FileError
        When the disk refuses, or the folder holds other things. What was there stays.
    """
    target = Path(os.path.realpath(folder))
    with explained("written", folder, UNCHANGED):
        _check_replaceable(target, folder)
        fail("file.create")
        new = Sibling(target, "folder")
    try:
        rows = _write_files(new.path, folder, vectors, column)
        with explained("written", folder, UNCHANGED):
            layer().sync_folder(new.path)
            left = put_in_place(new.path, target)
    except BaseException:
        new.discard()
        raise
    new.close()
    with explained("made durable", folder, "The new folder is in place, but a power cut could undo that."):
        layer().sync_folder(target.parent)
    for path in left:
        remove_quietly(path)
    return rows


def _write_files(place: Path, folder: Path, vectors: Elements, column: str | None) -> int:
    number = {"dtype": LONG[vectors.name], "_type": "Value"}
    features = {column or NAME: {"feature": number, "length": vectors.dim, "_type": "Sequence"}}
    state: dict[str, Any] = {"_data_files": [{"filename": SHARD}], "_fingerprint": "", "_split": None}
    state |= {
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
    }
    info = {"citation": "", "description": "", "features": features, "homepage": "", "license": ""}
    with _new(place / SHARD, folder) as file:
        shown = {"huggingface": json.dumps({"info": {"features": features}})}
        rows = write_stream(file, vectors, column, shown)
    for name, content in ((INFO, info), (STATE, state)):
        with _new(place / name, folder) as file:
            file.write(json.dumps(content, indent=2).encode("utf-8"))
    return rows


def _new(path: Path, folder: Path) -> io.BufferedWriter:
    with explained("written", folder, UNCHANGED):
        return io.BufferedWriter(Output(layer().create(path), folder, owned=True), BUFFER_BYTES)


def _check_replaceable(target: Path, folder: Path) -> None:
    """Make sure that a save removes nothing but an earlier data set."""
    names = os.listdir(target) if os.path.lexists(target) else []
    strangers = [name for name in names if not OWN.fullmatch(name)]
    if strangers or (names and STATE not in names):
        raise FileError(f"{folder} is a folder with other things in it; choose another name or empty it.")
