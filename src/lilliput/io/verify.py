"""Reads every byte of a container or an index folder and says what is damaged."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.errors import FileError
from lilliput.io.container import READ_FLAGS, read_checksums, read_exactly, read_header, read_into
from lilliput.io.files import explained
from lilliput.io.folder_files import check_member, open_member, read_manifest, while_it_stays
from lilliput.io.header import PAGE, Header, check_version
from lilliput.io.manifest import Member
from lilliput.progress import ProgressOption, Track

CHUNK = 16 * PAGE
MOST_PROBLEMS = 100  # that are told of one file


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which file, and what."""

    file: str
    text: str


@dataclass(frozen=True)
class Report:
    """What `verify` found.

    Attributes
    ----------
    path:
        What was verified.
    kind:
        "container" or "folder".
    files:
        Files that were read, the manifest among them.
    bytes:
        Bytes that were read.
    problems:
        What is wrong; empty when everything is as it was written.
    """

    path: str
    kind: str
    files: int
    bytes: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems


def verify(path: str | Path, *, progress: ProgressOption = None) -> Report:
    """Verify a container, or an index folder with its manifest and all its files, page by page.

    The files are read, not mapped, so that a failing disk is a line in the report.

    Parameters
    ----------
    path:
        The file or folder.
    progress:
        See `lilliput.progress.Track`; counts bytes.

    Raises
    ------
    FileError
        When the path does not exist or may not be read at all.
    Cancelled
        When the callback said stop.

    Examples
    --------
    >>> from lilliput.io.container_writer import write_container
    >>> write_container("codes.safetensors", {}, {}, format="codes")
    >>> verify("codes.safetensors").ok
    True
    """
    if os.path.isfile(path):
        return _verify_container(Path(path), progress)
    return while_it_stays(path, lambda place, file: _verify_folder(Path(path), place, file, progress))


class _Reading:
    """Reads files and keeps what was wrong."""

    def __init__(self, step: Track) -> None:
        self.problems: list[Problem] = []
        self.bytes = 0
        self._step = step

    def container(self, file: int, path: Path, member: Member | None = None) -> None:
        """Read a container; damage becomes a problem, not an error."""
        try:
            with explained("read", path):
                size, header, so_far = read_header(file, path)
                begin = header.bytes + header.guarded
                tail = np.frombuffer(read_exactly(file, size - begin, begin, path), dtype=np.uint8)
                checksums, head = read_checksums(tail, so_far, path)
                self.advance(size - header.guarded)
                check_version(header.metadata, path)
                if member is not None:
                    check_member(path.parent, member, size, head)
                self._pages(file, path, header, checksums)
        except FileError as error:
            self.problem(path, str(error))

    def problem(self, path: Path, text: str) -> None:
        """Keep a problem."""
        self.problems.append(Problem(path.name, text))

    def advance(self, n: int) -> None:
        """Count bytes read."""
        self.bytes += n
        self._step(self.bytes)

    def _pages(self, file: int, path: Path, header: Header, checksums: NDArray[np.uint32]) -> None:
        bad: list[int] = []
        room = np.empty(min(CHUNK, header.guarded), dtype=np.uint8)
        for first in range(0, header.guarded, CHUNK):
            n = min(CHUNK, header.guarded - first)
            chunk = room[:n]
            read_into(file, chunk, header.bytes + first, path)
            page = first // PAGE
            found = _core.crc32c_pages(chunk, PAGE)
            bad += (page + np.flatnonzero(found != checksums[page : page + len(found)])).tolist()
            self.advance(n)
        for page in bad[:MOST_PROBLEMS]:
            start = header.bytes + page * PAGE
            end = min(start + PAGE, header.bytes + header.guarded) - 1
            self.problem(path, f"{path}: bytes {start} to {end} do not match their checksum.")
        if len(bad) > MOST_PROBLEMS:
            self.problem(path, f"{path}: {len(bad) - MOST_PROBLEMS} more pages do not match their checksums.")


def _verify_container(path: Path, progress: ProgressOption) -> Report:
    with explained("read", path):
        file = os.open(path, READ_FLAGS)
    try:
        with Track(progress, os.fstat(file).st_size, "verifying") as step:
            reading = _Reading(step)
            reading.container(file, path)
    finally:
        os.close(file)
    return Report(str(path), "container", 1, reading.bytes, tuple(reading.problems))


def _verify_folder(path: Path, place: Path, file: int, progress: ProgressOption) -> Report:
    try:
        manifest = read_manifest(place, file)
    except FileError as error:
        return Report(str(path), "folder", 1, 0, (Problem("manifest.json", str(error)),))
    with Track(progress, sum(member.bytes for member in manifest.members), "verifying") as step:
        reading = _Reading(step)
        for member in manifest.members:
            try:
                opened = open_member(place, file, member.name)
            except FileError as error:
                reading.problem(place / member.name, str(error))
                continue
            try:
                reading.container(opened, place / member.name, member)
            finally:
                os.close(opened)
    return Report(str(path), "folder", 1 + len(manifest.members), reading.bytes, tuple(reading.problems))
