"""The memory of a streaming encode, measured in a child process."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lilliput.bench import memory
from lilliput.errors import FileError


def test_the_file_is_what_numpy_reads(tmp_path: Path) -> None:
    """Rows repeat a block of random numbers to the end, a part of a block included."""
    memory.write_vectors(tmp_path / "X.npy", 4 * 8 * 10_000, dim=8)

    rows = np.load(tmp_path / "X.npy", mmap_mode="r", allow_pickle=False)

    assert ((10_000, 8), np.float32) == (rows.shape, rows.dtype)
    np.testing.assert_array_equal(rows[: 10_000 - memory.BLOCK_ROWS], rows[memory.BLOCK_ROWS :])
    assert len(np.unique(rows[: memory.BLOCK_ROWS])) > 1_000


def test_a_child_encodes_and_tells_its_peak(tmp_path: Path) -> None:
    """A file much larger than the blocks that are read leaves its mark on the codes, not on the memory."""
    memory.write_vectors(tmp_path / "X.npy", 96 * 2**20)

    found = memory.run_memory("int8", tmp_path / "X.npy", 1)

    assert 24 * 2**10 * (memory.DIM + 4) == found["code_bytes"]
    assert 0 < found["import_bytes"] <= found["peak_bytes"]
    assert found["peak_bytes"] - found["import_bytes"] < 64 * 2**20
    assert [tmp_path / "X.npy"] == list(tmp_path.iterdir())


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    """Its last words come with the error."""
    with pytest.raises(FileError, match="FileNotFoundError"):
        memory.run_memory("int8", tmp_path / "none.npy", 1)


def test_a_full_disk_is_seen_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how much room is wanted."""
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10**9))

    with pytest.raises(FileError, match=r"1\.0 GB free and the memory benchmark writes 6\.0"):
        memory.run_all(quick=False, threads=1)
