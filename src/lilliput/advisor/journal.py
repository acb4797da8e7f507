"""What was measured, kept in a file, so that a run that was stopped goes on where it was."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.files import explained

FORMAT = "lilliput-advice"
VERSION = 1
MOST_BYTES = 2**30  # of a journal: the largest that a long run writes is a hundredth of it


class Journal:
    """Measurements by name, in lines of JSON; the first line says of what.

    Each line is written when its measurement is done. A last line that was cut off is dropped.

    Parameters
    ----------
    path:
        The file; None keeps nothing.
    fingerprint:
        Of the vectors, the queries and the arguments.

    Raises
    ------
    InvalidInput
        When the file holds measurements of something else.
    CorruptFile
        When it is no such file.
    FileError
        When it cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str] | None, fingerprint: str) -> None:
        self._known: dict[str, Any] = {}
        self._file: IO[bytes] | None = None
        if path is None:
            return
        target = Path(path)
        with explained("read and written", target):
            whole = self._read(target, fingerprint) if target.exists() else 0
            self._file = open(target, "r+b" if target.exists() else "wb")  # noqa: SIM115 - closed in `close`
            self._file.truncate(whole)
            self._file.seek(whole)
            if not whole:
                self._write(self._head(fingerprint))

    def remember(self, key: str, make: Callable[[], Any]) -> Any:
        """Give what is written under a key; if nothing is, make it and write it down.

        What is made must survive JSON unchanged.
        """
        if key not in self._known:
            made = make()
            self._known[key] = made
            if self._file is not None:
                with explained("written", self._file.name):
                    self._write({"key": key, "value": made})
        return self._known[key]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _head(fingerprint: str) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION, "fingerprint": fingerprint}

    def _write(self, entry: dict[str, Any]) -> None:
        assert self._file is not None  # noqa: S101 - callers have looked
        self._file.write(json.dumps(entry, allow_nan=False).encode() + b"\n")
        self._file.flush()

    def _read(self, path: Path, fingerprint: str) -> int:
        """Take what is there, and give the length of the lines that are whole."""
        if path.stat().st_size > MOST_BYTES:
            raise CorruptFile(f"{path} has more than {MOST_BYTES:,} bytes, so it is no record of advice.")
        text = path.read_bytes()
        end = text.rfind(b"\n") + 1
        lines = text[:end].splitlines()
        try:
            entries = [json.loads(line) for line in lines]
            head = (
                entries[0] if entries else {"format": FORMAT, "version": VERSION, "fingerprint": fingerprint}
            )
            if head["format"] != FORMAT:
                raise ValueError("another format")
            known = {entry["key"]: entry["value"] for entry in entries[1:]}
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptFile(
                f"{path} is no record of advice ({error}); remove it, or name another file to resume from."
            ) from error
        if (head["version"], head["fingerprint"]) != (VERSION, fingerprint):
            raise InvalidInput(
                f"{path} holds measurements for other vectors, queries, arguments or another version; remove "
                "it, or name another file to resume from."
            )
        self._known = known
        return end


def fingerprint(arrays: Iterable[Any], arguments: Any) -> str:
    """Give a number that differs where arrays or arguments do."""
    digest = hashlib.blake2b(json.dumps(arguments, sort_keys=True).encode(), digest_size=16)
    for array in arrays:
        if array is None:
            digest.update(b"none")
            continue
        held = np.ascontiguousarray(array)
        digest.update(f"{held.dtype.str}{held.shape}".encode())
        digest.update(held.data.cast("B") if held.size else b"")
    return digest.hexdigest()
