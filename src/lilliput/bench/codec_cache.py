"""Figures of peers kept between runs: a peer's release on the same data and machine is measured once."""

import hashlib
import json
import os
import platform
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lilliput.bench.hardware import describe
from lilliput.errors import LilliputWarning

FILE = "bench-codecs.json"
HARNESS = 2  # raised when what is measured changes
MACHINE = ("cpu", "family_model_stepping", "flags", "cpus", "memory_bytes", "system", "python", "numpy")

Row = dict[str, Any]


def cache_folder() -> Path:
    """Give the folder for what can be made again: LILLIPUT_CACHE, or ``lilliput`` in the user's cache.

    Examples
    --------
    >>> cache_folder().is_absolute()
    True
    """
    named = os.environ.get("LILLIPUT_CACHE")
    if named:
        return Path(named).absolute()
    users = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(users) if os.path.isabs(users) else Path.home() / ".cache") / "lilliput"


def machine_key() -> str:
    """Give digits that another machine, or this one with other parts, does not have."""
    found = describe()
    return _digest([platform.node(), *(found[name] for name in MACHINE)])


class PeerCache:
    """Rows of results by what they depend on.

    A file that cannot be read is put aside with a warning: the peers are measured again, and their figures
    take its place.

    Parameters
    ----------
    folder:
        Where the file lies; None is `cache_folder`.
    fresh:
        Whether to forget what was found before.

    Examples
    --------
    >>> import tempfile
    >>> cache = PeerCache(Path(tempfile.mkdtemp()))
    >>> cache.put({"peer": "faiss-cpu"}, {"recall": 0.5})
    >>> cache.save()
    >>> PeerCache(cache.path.parent).get({"peer": "faiss-cpu"})
    {'recall': 0.5}
    """

    def __init__(self, folder: Path | None = None, *, fresh: bool = False) -> None:
        self.path = (folder or cache_folder()) / FILE
        self._rows = {} if fresh else _read(self.path)
        self._kept = _read(self.path) if fresh else self._rows

    def get(self, key: Mapping[str, Any]) -> Row | None:
        """Give a row that was put under an equal key."""
        return self._rows.get(_digest(key))

    def put(self, key: Mapping[str, Any], row: Row) -> None:
        """Keep a row until `save`."""
        self._rows[_digest(key)] = row

    def save(self) -> None:
        """Write what is kept, all or nothing; a folder that cannot be written to costs a warning."""
        text = json.dumps({"harness": HARNESS, "rows": self._kept | self._rows}, allow_nan=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=FILE)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(self.path)
        except OSError as error:
            warnings.warn(LilliputWarning(f"The figures of peers could not be kept: {error}."), stacklevel=2)


def _digest(key: Any) -> str:
    text = json.dumps(key, sort_keys=True, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _read(path: Path) -> dict[str, Row]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = found["rows"] if found["harness"] == HARNESS else {}
        if not all(isinstance(row, dict) for row in rows.values()):
            raise TypeError("a row is no object")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        warnings.warn(
            LilliputWarning(f"{path} holds no figures of peers ({error!r}); they are measured again."),
            stacklevel=3,
        )
        return {}
    return dict(rows)
