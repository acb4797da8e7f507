"""A small index folder whose content says which save made it, and a reader that notices any mixture."""

from pathlib import Path

import numpy as np

from lilliput.io.folder import FolderWriter, open_folder, save_folder

FORMAT = "test-index"
ROWS, IDS = (3_000, 16), 50


def save_state(folder: Path, version: int) -> None:
    """Save the folder of a version."""

    def write(files: FolderWriter) -> None:
        files.container(
            "codes.safetensors", {"rows": np.full(ROWS, version, np.float32)}, format="test-codes"
        )
        files.container("ids.safetensors", {"ids": np.full(IDS, version, np.int64)}, format="test-ids")
        files.metadata["version"] = version

    save_folder(folder, write, format=FORMAT)


def read_state(folder: Path) -> int:
    """Open a folder, verify all of it and return its version."""
    with open_folder(folder, format=FORMAT, verify="full") as files:
        version = files.metadata["version"]
        rows = files.container("codes.safetensors").tensor("rows", dtype="f4", shape=ROWS)
        ids = files.container("ids.safetensors").tensor("ids", dtype="i8", shape=(IDS,))
        assert isinstance(version, int)
        assert (rows == version).all()
        assert (ids == version).all()
        return version
