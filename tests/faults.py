"""A file layer that remembers every operation and fails the ones it is told to."""

import os
from pathlib import Path

from lilliput.io.files import FileLayer


class FaultyLayer(FileLayer):
    """Fail the operation of a number, counted from 1; with `lasting` every one after it too.

    `most_bytes` is what a single write takes at most; `can_exchange` says whether names can be swapped.
    """

    def __init__(
        self,
        fails_at: int = 0,
        code: int = 0,
        *,
        lasting: bool = False,
        most_bytes: int = 2**31,
        can_exchange: bool = True,
    ) -> None:
        self.trace: list[tuple[str, str]] = []
        self.failpoints: list[str] = []
        self.failed = False
        self._fails_at = fails_at
        self._code = code
        self._lasting = lasting
        self._most_bytes = most_bytes
        self._can_exchange = can_exchange
        self._paths: dict[int, str] = {}

    def create(self, path: Path) -> int:
        self._count("create", path)
        file = super().create(path)
        self._paths[file] = path.name
        return file

    def write(self, file: int, data: memoryview) -> int:
        self._count("write", self._paths.get(file, "?"))
        return super().write(file, data[: self._most_bytes])

    def sync(self, file: int) -> None:
        self._count("sync", self._paths.get(file, "?"))
        super().sync(file)

    def sync_folder(self, path: Path) -> None:
        self._count("sync_folder", path)
        super().sync_folder(path)

    def make_folder(self, path: Path) -> None:
        self._count("make_folder", path)
        super().make_folder(path)

    def rename(self, old: Path, new: Path) -> None:
        self._count("rename", new)
        super().rename(old, new)

    def exchange(self, a: Path, b: Path) -> bool:
        self._count("exchange", b)
        return self._can_exchange and super().exchange(a, b)

    def remove(self, path: Path) -> None:
        self._count("remove", path)
        super().remove(path)

    def remove_folder(self, path: Path) -> None:
        self._count("remove_folder", path)
        super().remove_folder(path)

    def reached(self, failpoint: str) -> None:
        self.failpoints.append(failpoint)
        super().reached(failpoint)

    def _count(self, operation: str, path: Path | str) -> None:
        self.trace.append((operation, Path(path).name))
        number = len(self.trace)
        if self._fails_at and (number == self._fails_at or (self._lasting and number > self._fails_at)):
            self.failed = True
            raise OSError(self._code, os.strerror(self._code))
