"""Temporary siblings: a save is made beside its target and takes its place when it is whole.

The sibling of ``NAME`` is ``.NAME.new-TOKEN`` while it is written. Where two names cannot be exchanged in one
step, what was there before waits as ``.NAME.old-TOKEN`` for the new one to take its place. Whoever writes a
sibling holds a lock on it, which the system lets go when the process dies; so the next save can tell what was
left behind from what is still being written. Where the file system has no locks, nothing is cleaned up.
"""

import errno
import fcntl
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from lilliput.io.files import fail, layer

MANIFEST = "manifest.json"
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)

log = logging.getLogger("lilliput")


def sibling(target: Path, kind: Literal["new", "old"]) -> Path:
    """Name a sibling that nobody has."""
    return target.with_name(f".{target.name}.{kind}-{secrets.token_hex(8)}")


def siblings(target: Path, kind: Literal["new", "old"]) -> list[Path]:
    """List the siblings of a kind, the newest first."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.{kind}-[0-9a-f]{{16}}")
    with os.scandir(target.parent) as entries:
        found = [(_modified(entry), Path(entry.path)) for entry in entries if pattern.fullmatch(entry.name)]
    return [path for _, path in sorted(found, reverse=True)]


@contextmanager
def parent_locked(target: Path) -> Iterator[None]:
    """Keep other saves from making, swapping or sweeping siblings in the same folder."""
    file = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(file, wait=True)
        yield
    finally:
        os.close(file)


class Sibling:
    """A new file or folder beside a target, locked until it is closed.

    What earlier saves of the same target left behind is removed first.

    Parameters
    ----------
    target:
        What it shall replace.
    kind:
        "file" or "folder".

    Attributes
    ----------
    path:
        Where it lies.
    file:
        Its descriptor, for writing if it is a file.
    """

    def __init__(self, target: Path, kind: Literal["file", "folder"]) -> None:
        self.path = sibling(target, "new")
        with parent_locked(target):
            _sweep(target)
            if kind == "file":
                self.file = layer().create(self.path)
            else:
                layer().make_folder(self.path)
                self.file = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            _lock(self.file, wait=False)

    def close(self) -> None:
        """Let go of the lock."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def discard(self) -> None:
        """Remove it, as far as the system lets us; the next save removes the rest."""
        with suppress(OSError):
            remove(self.path)
        self.close()


def remove(path: Path) -> None:
    """Remove a file, or a folder with its manifest first, so that half a removal is never complete."""
    with suppress(FileNotFoundError):  # another save sweeps at the same time
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            layer().remove(path)
            return
        for name in sorted(os.listdir(path), key=lambda name: (name != MANIFEST, name)):
            with suppress(FileNotFoundError):
                layer().remove(path / name)
        layer().remove_folder(path)


def remove_quietly(path: Path) -> None:
    """Remove what a finished save no longer needs; a failure costs space and nothing else."""
    try:
        fail("index.remove")
        remove(path)
    except OSError as error:
        log.warning("%s was replaced but could not be removed (%s); the next save tries again", path, error)


def _sweep(target: Path) -> None:
    """Remove siblings that no living save holds. Old ones may be all there is, unless the target is there."""
    left = siblings(target, "new")
    if os.path.lexists(target):
        left += siblings(target, "old")
    for path in left:
        with suppress(OSError):
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if _lock(file, wait=False):
                    remove(path)
            finally:
                os.close(file)


def _lock(file: int, *, wait: bool) -> bool:
    """Lock a descriptor. False when somebody else holds it, or when the file system has no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NO_LOCKS:
            return False
        raise
    return True


def _modified(entry: os.DirEntry[str]) -> int:
    with suppress(FileNotFoundError):
        return entry.stat(follow_symlinks=False).st_mtime_ns
    return 0
