"""Every change to the file system goes through one layer, so that a test can make each of them fail.

`fail("index.rename.before")` marks the points where a crash would hurt most. The environment variable
``LILLIPUT_FAILPOINT=name[:kill|eio|enospc]`` makes the process die, or the call fail, at one of them.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lilliput.errors import FileError, InvalidInput, LilliputError

FAILPOINTS = (
    "file.create",
    "file.header",
    "file.data",
    "file.checksums",
    "file.sync",
    "file.rename.before",
    "file.rename.after",
    "index.create",
    "index.manifest",
    "index.sync",
    "index.rename.before",
    "index.rename.middle",
    "index.rename.after",
    "index.remove",
)

VARIABLE = "LILLIPUT_FAILPOINT"
FAILURES = {"eio": errno.EIO, "enospc": errno.ENOSPC}

RENAME_EXCHANGE = 2
CURRENT_FOLDER = -100  # AT_FDCWD
CANNOT_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM)

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "your disk quota is used up; free some space and try again",
    errno.EFBIG: "the file would be larger than this file system or your limit allows; choose another place",
    errno.EACCES: "there is no permission; change the permissions or choose another place",
    errno.EPERM: "there is no permission; change the permissions or choose another place",
    errno.EROFS: "the file system is read-only; choose another place",
    errno.ENOENT: "it does not exist; check the path, and create its parent folder if that is missing",
    errno.ENOTDIR: "a part of the path is a file where a folder is needed; check the path",
    errno.EISDIR: "it is a folder where a file is needed; check the path",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EMFILE: "this process has too many files open; close some or raise the limit (ulimit -n)",
    errno.EIO: "the disk reported an error; check the disk and use a copy on another",
    errno.ELOOP: "it is a link, which is not followed here; put the file itself in its place",
}


class FileLayer:
    """Does what the operating system does; a test replaces it by one that fails."""

    def create(self, path: Path) -> int:
        """Create a new file for writing, which may be read again, and return its descriptor."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def write(self, file: int, data: memoryview) -> int:
        """Write some of the bytes; how many is returned."""
        return os.write(file, data)

    def sync(self, file: int) -> None:
        """Wait until what was written is on disk."""
        os.fsync(file)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on disk."""
        file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def make_folder(self, path: Path) -> None:
        """Create a new folder."""
        os.mkdir(path)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or folder another name, in one step."""
        os.rename(old, new)

    def exchange(self, a: Path, b: Path) -> bool:
        """Swap two names in one step; False where the system cannot."""
        return _exchange(a, b)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        os.rmdir(path)

    def reached(self, failpoint: str) -> None:
        """Hear that a failpoint was reached, and fail if the environment asks for it."""
        wanted = os.environ.get(VARIABLE)
        if wanted:
            _fail_as_asked(wanted, failpoint)


_layer = FileLayer()


def layer() -> FileLayer:
    """Return the layer in use."""
    return _layer


@contextmanager
def using(other: FileLayer) -> Iterator[None]:
    """Use another layer, in every thread, until the block ends."""
    global _layer
    before, _layer = _layer, other
    try:
        yield
    finally:
        _layer = before


def fail(failpoint: str) -> None:
    """Mark a point where a test may make the process die or the call fail."""
    _layer.reached(failpoint)


def write_all(file: int, data: memoryview) -> None:
    """Write every byte, however few the system takes at a time."""
    while data:
        written = _layer.write(file, data)
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        data = data[written:]


@contextmanager
def explained(deed: str, path: Path | str, after: str = "") -> Iterator[None]:
    """Turn an OSError into a FileError that says what failed, why and what to do.

    Parameters
    ----------
    deed:
        What was attempted: "saved", "opened".
    path:
        What it was attempted on.
    after:
        A sentence on the state that the failure leaves behind.
    """
    try:
        yield
    except LilliputError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        advice = ADVICE.get(error.errno or 0, f"the system says: {reason}")
        explanation = FileError(f"{path} could not be {deed}: {advice}.{after and ' ' + after}")
        explanation.errno = error.errno
        raise explanation from error


def _fail_as_asked(wanted: str, failpoint: str) -> None:
    name, _, action = wanted.partition(":")
    if name not in FAILPOINTS or (action or "kill") not in ("kill", *FAILURES):
        raise InvalidInput(
            f"{VARIABLE} is {wanted!r}; it is a failpoint, then ':kill', ':eio' or ':enospc'. "
            f"The failpoints are {', '.join(FAILPOINTS)}."
        )
    if name != failpoint:
        return
    if action in FAILURES:
        raise OSError(FAILURES[action], os.strerror(FAILURES[action]))
    os.kill(os.getpid(), signal.SIGKILL)


def _exchange(a: Path, b: Path) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # a C library older than the call
        return False
    names = os.fsencode(a), os.fsencode(b)
    if renameat2(CURRENT_FOLDER, names[0], CURRENT_FOLDER, names[1], RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in CANNOT_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(a))
