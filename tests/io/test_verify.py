"""Verification finds every kind of damage and says where it is."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from lilliput.errors import Cancelled, CorruptFile, FileError
from lilliput.io.container import write_container
from lilliput.io.verify import verify
from states import read_state, save_state

PAGE = 65_536


def flip(path: Path, offset: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset] ^= 16
    path.write_bytes(raw)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    save_state(tmp_path / "index", 1)
    return tmp_path / "index"


def test_whole_things_are_whole(index: Path) -> None:
    """Folders and single files; every byte is counted, and the bar comes to its end."""
    steps: list[tuple[int, int]] = []
    sizes = [path.stat().st_size for path in index.glob("*.safetensors")]

    folder = verify(index, progress=lambda done, total: steps.append((done, total)))
    single = verify(index / "codes.safetensors", progress=False)

    assert folder.ok
    assert single.ok
    assert ("folder", 3, sum(sizes)) == (folder.kind, folder.files, folder.bytes)
    assert ("container", 1) == (single.kind, single.files)
    assert (sum(sizes), sum(sizes)) == steps[-1]


def test_every_damaged_page_is_listed(index: Path) -> None:
    """Two bad pages are two problems, with the bytes they take in the file."""
    path = index / "codes.safetensors"
    start = 8 + int.from_bytes(path.read_bytes()[:8], "little")
    flip(path, start + 5)
    flip(path, start + 2 * PAGE + 5)

    problems = verify(index, progress=False).problems

    assert ["codes.safetensors"] * 2 == [problem.file for problem in problems]
    assert f"bytes {start} to {start + PAGE - 1} do not match" in problems[0].text
    assert f"bytes {start + 2 * PAGE} to " in problems[1].text


@pytest.mark.parametrize(
    ("file", "offset", "words"),
    [
        ("codes.safetensors", 3, "says that its header has"),
        ("codes.safetensors", 40, "header"),
        ("codes.safetensors", -1, "header does not match its checksum"),
        ("codes.safetensors", -7, "header does not match its checksum"),
        ("manifest.json", 20, "manifest.json"),
    ],
)
def test_damage_anywhere_is_found(index: Path, file: str, offset: int, words: str) -> None:
    """Header, checksums and manifest are verified like the data."""
    flip(index / file, offset)

    report = verify(index, progress=False)

    assert not report.ok
    assert file == report.problems[0].file
    assert words in report.problems[0].text


def test_files_that_are_missing_or_foreign_are_found(index: Path, tmp_path: Path) -> None:
    """The manifest knows what belongs; both files are told of in one report."""
    save_state(tmp_path / "other", 2)
    (index / "ids.safetensors").unlink()
    os.replace(tmp_path / "other" / "codes.safetensors", index / "codes.safetensors")

    problems = verify(index, progress=False).problems

    assert ["codes.safetensors", "ids.safetensors"] == [problem.file for problem in problems]
    assert "is not the file that the manifest lists" in problems[0].text
    assert "which its manifest lists" in problems[1].text


def test_truncated_files_are_found(index: Path) -> None:
    """A file that lost its end is a problem, not an exception."""
    os.truncate(index / "codes.safetensors", 100_000)

    assert not verify(index, progress=False).ok
    assert not verify(index / "codes.safetensors", progress=False).ok


def test_a_disk_that_cannot_be_read_is_a_problem(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the system while reading ends up in the report."""
    pread = os.pread

    def failing(file: int, n: int, offset: int) -> bytes:
        if n > 8:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(file, n, offset)

    monkeypatch.setattr(os, "pread", failing)

    problems = verify(index / "ids.safetensors", progress=False).problems

    assert "the disk reported an error" in problems[0].text


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    """A file of nothing but damage gives a hundred lines and a count."""
    path = tmp_path / "x"
    write_container(path, {"a": np.zeros((130, PAGE), np.uint8)}, {}, format="x")
    raw = bytearray(path.read_bytes())
    raw[1_000 : 130 * PAGE : PAGE] = b"\1" * len(raw[1_000 : 130 * PAGE : PAGE])
    path.write_bytes(raw)

    problems = verify(path, progress=False).problems

    assert 101 == len(problems)
    assert "30 more pages" in problems[-1].text


def test_verifying_can_be_cancelled(index: Path) -> None:
    """A callback that says no ends it."""
    with pytest.raises(Cancelled):
        verify(index, progress=lambda done, total: False)


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    """A path that does not exist is no report."""
    with pytest.raises(FileError, match="does not exist"):
        verify(tmp_path / "none")
    assert not verify(tmp_path, progress=False).ok


def test_an_index_put_aside_is_verified_where_it_lies(index: Path) -> None:
    """The recovery rule of opening holds here too."""
    index.rename(index.with_name(".index.old-0123456789abcdef"))

    assert verify(index, progress=False).ok
    assert 1 == read_state(index)


def test_the_error_and_the_report_agree(index: Path) -> None:
    """What opening raises is what verifying lists."""
    flip(index / "codes.safetensors", 1_000)
    with pytest.raises(CorruptFile) as caught:
        read_state(index)

    assert str(caught.value).split(", so")[0] in verify(index, progress=False).problems[0].text
