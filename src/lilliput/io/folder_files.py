"""Reads a folder through its descriptor, so that a save that replaces it meanwhile mixes nothing."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lilliput.errors import CorruptFile, FileError
from lilliput.io.beside import MANIFEST, siblings
from lilliput.io.container import READ_FLAGS, read_exactly
from lilliput.io.files import explained
from lilliput.io.manifest import Manifest, Member, parse_manifest
from lilliput.limits import LIMITS

ATTEMPTS = 50  # how often to begin anew when the folder is replaced while it is opened
LOOKS = 5  # how often to look for a folder that a save may be renaming at this moment

Found = TypeVar("Found")


def while_it_stays(folder: str | Path, use: Callable[[Path, int], Found]) -> Found:
    """Read a folder, beginning anew when a save replaced it meanwhile.

    Parameters
    ----------
    folder:
        The folder.
    use:
        Reads from the place and the descriptor that it is given: the folder, or its older self that a broken
        save left beside.
    """
    target = Path(os.path.realpath(folder))
    with explained("opened", folder):
        for _ in range(ATTEMPTS):
            place = _find(target)
            try:
                file = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                return use(place, file)
            except OSError:
                if _is_still(place, file):
                    raise
            finally:
                os.close(file)
    raise FileError(f"{folder} is replaced again and again while it is opened; wait until nobody saves it.")


def read_manifest(place: Path, file: int) -> Manifest:
    """Read the manifest of a folder that is open as `file`.

    Raises
    ------
    FileError
        When there is none.
    CorruptFile
        When it is damaged.
    """
    path = place / MANIFEST
    try:
        manifest = os.open(MANIFEST, READ_FLAGS | os.O_NOFOLLOW, dir_fd=file)
    except FileNotFoundError as error:
        raise FileError(f"{place} has no {MANIFEST}, so it is no index; check the path.") from error
    try:
        status = os.fstat(manifest)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LIMITS.max_header_bytes:
            raise CorruptFile(f"{path} is too long or no file, so it is no manifest; restore it from a copy.")
        return parse_manifest(read_exactly(manifest, status.st_size, 0, path), path)
    finally:
        os.close(manifest)


def open_member(place: Path, file: int, name: str) -> int:
    """Open a file that the manifest lists, never through a link, and return its descriptor.

    Raises
    ------
    CorruptFile
        When it is not there.
    """
    with explained("opened", place / name):
        try:
            return os.open(name, READ_FLAGS | os.O_NOFOLLOW, dir_fd=file)
        except FileNotFoundError as error:
            raise CorruptFile(
                f"{place} lacks {name}, which its manifest lists; restore the folder from a copy."
            ) from error


def check_member(place: Path, member: Member, size: int, head: int) -> None:
    """Refuse a file that is whole, but is not the one that the manifest lists.

    Raises
    ------
    CorruptFile
        When its length or checksum is another.
    """
    if (size, head) != (member.bytes, member.head):
        raise CorruptFile(
            f"{place / member.name} is not the file that the manifest lists: {member.bytes} bytes with "
            f"checksum {member.head:08x} were wanted, {size} with {head:08x} came; restore a copy."
        )


def _find(target: Path) -> Path:
    """Return the folder, or what a save had put aside when it died between two renames."""
    for _ in range(LOOKS):
        if os.path.lexists(target):
            return target
        for old in siblings(target, "old"):
            if os.path.lexists(old / MANIFEST):
                return old
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _is_still(place: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(place))
    except FileNotFoundError:
        return False
