"""An index as a folder: a codec and its codes a file, ids, and what calibration needs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lilliput.codecs.codec import Codec
from lilliput.codecs.files import CODEC_FORMAT, prefixed, read_state
from lilliput.codecs.layout import Rows
from lilliput.errors import CorruptFile
from lilliput.index.calibration import Calibration
from lilliput.index.ids import IdMap
from lilliput.index.state import State, Store
from lilliput.index.watch import DEPTH, Watch
from lilliput.io.container import Container, Verify
from lilliput.io.folder import Folder, FolderWriter, open_folder, save_folder

INDEX_FORMAT = "lilliput-index"
ROWS_FORMAT = "lilliput-rows"
IDS_FORMAT = "lilliput-ids"
WATCH_FORMAT = "lilliput-watch"
PARTS = ("search", "refine")


def save_index(
    folder: Path,
    params: Mapping[str, Any],
    state: State,
    watch: Watch | None,
    calibration: Calibration | None,
) -> None:
    """Write a compact state, in place of what was there.

    Raises
    ------
    FileError
        When the folder cannot be written; what was there stays.
    """

    def write(files: FolderWriter) -> None:
        for part, store in zip(PARTS, state.stores, strict=False):
            metadata, arrays = store.codec.state()
            files.container(f"{part}-codec.safetensors", prefixed(arrays), metadata, format=CODEC_FORMAT)
            store.verify()  # damage must not get a fresh checksum
            used = store.buffer.part(0, state.n)
            tensors = {name: array for name, array in used._asdict().items() if array is not None}
            files.container(f"{part}-rows.safetensors", tensors, format=ROWS_FORMAT)
        if state.ids is not None:
            files.container("ids.safetensors", {"ids": state.ids}, format=IDS_FORMAT)
        if watch is not None:
            arrays = {
                "queries": watch.queries,
                "ids": watch.ids,
                "scores": watch.scores,
                "selves": watch.selves,
            }
            files.container("watch.safetensors", arrays, {"own": str(int(watch.own))}, format=WATCH_FORMAT)

    metadata = dict(params) | {"rows": state.n, "next_id": state.next_id}
    metadata["calibration"] = None if calibration is None else calibration.to_json()
    save_folder(folder, write, format=INDEX_FORMAT, metadata=metadata)


def load_index(
    path: Path, mmap: bool, verify: Verify
) -> tuple[dict[str, Any], State, Watch | None, Calibration | None, Folder]:
    """Open what `save_index` wrote.

    Raises
    ------
    FileError, CorruptFile, UnsupportedVersion
        As `open_folder`, and when the files do not fit each other.
    """
    folder = open_folder(path, format=INDEX_FORMAT, verify=verify, mmap=mmap)
    try:
        return *_load(folder, mmap), folder
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptFile(
            f"The manifest of {path} is no whole index ({error}); restore the folder from a copy."
        ) from error


def _load(folder: Folder, mmap: bool) -> tuple[dict[str, Any], State, Watch | None, Calibration | None]:
    metadata = dict(folder.metadata)
    n, next_id = int(metadata.pop("rows")), int(metadata.pop("next_id"))
    calibrated = metadata.pop("calibration")
    parts = [part for part in PARTS if f"{part}-codec.safetensors" in folder.containers]
    stores = tuple(_store(folder, part, n, mmap) for part in parts)
    if not stores or len({store.codec.dim for store in stores}) != 1:
        raise CorruptFile(
            f"{folder.path} holds no codes, or codes that do not fit each other; restore a copy."
        )
    ids, known = None, IdMap()
    if "ids.safetensors" in folder.containers:
        ids = folder.container("ids.safetensors").tensor("ids", dtype="i8", shape=(n,))
        known = known.with_ids(ids, 0)
    if next_id < (n if ids is None else 1 + int(ids.max(initial=-1))):
        raise CorruptFile(f"The manifest of {folder.path} forgets ids that were used; restore a copy.")
    watch = None
    if "watch.safetensors" in folder.containers:
        watch = _watch(folder.container("watch.safetensors"), stores[0].codec)
    state = State(stores, n, ids, known, None, next_id)
    return metadata, state, watch, Calibration.from_json(calibrated) if calibrated is not None else None


def _store(folder: Folder, part: str, n: int, mmap: bool) -> Store:
    codec = Codec.from_state(*read_state(folder.container(f"{part}-codec.safetensors")))
    container, layout = folder.container(f"{part}-rows.safetensors"), codec.layout
    # Factors are read whole here, so that the guard has only rows to watch.
    rows = Rows(
        container.mapped("rows", dtype=np.uint8, shape=(n, layout.row_bytes)),
        container.tensor("alpha", dtype="f4", shape=(n,)) if layout.alpha else None,
        container.tensor("beta", dtype="f4", shape=(n,)) if layout.beta else None,
        container.tensor("shift", dtype="f4", shape=(n,)) if layout.shift else None,
        container.mapped("more", dtype=np.uint8, shape=(n, layout.more_bytes)) if layout.more_bytes else None,
    )
    for factors in (rows.alpha, rows.beta, rows.shift):
        if factors is not None and not np.isfinite(factors).all():
            raise CorruptFile(f"{container.path} holds factors that are not finite; restore it from a copy.")
    return Store(codec, rows, container.guard if mmap else None)


def _watch(container: Container, codec: Codec) -> Watch:
    queries = container.tensor("queries", dtype="f4", shape=(None, codec.dim)).copy()
    m = len(queries)
    return Watch(
        Codec("f32", metric=codec.metric).fit(queries),
        queries,
        container.metadata.get("own") == "1",
        container.tensor("ids", dtype="i8", shape=(m, DEPTH)).copy(),
        container.tensor("scores", dtype="f4", shape=(m, DEPTH)).copy(),
        container.tensor("selves", dtype="i8", shape=(m,)).copy(),
    )
