"""The manifest of an index folder: which files belong to it, and what the whole is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lilliput import _core
from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.header import FORMAT_VERSION, check_version, writer
from lilliput.io.strict_json import strict_json
from lilliput.limits import LIMITS
from lilliput.names import Name

SUFFIX = ".safetensors"
MAX_FILES = 10_000


@dataclass(frozen=True)
class Member:
    """One file of a folder: its name, its length, and the checksum that covers all of it."""

    name: str
    bytes: int
    head: int


@dataclass(frozen=True)
class Manifest:
    """What a folder holds.

    Attributes
    ----------
    format:
        The name of what the folder holds.
    members:
        Its files.
    metadata:
        Whatever its writer wanted to keep: JSON.
    """

    format: str
    members: tuple[Member, ...]
    metadata: dict[str, Any]


def build_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as JSON with its own checksum.

    Raises
    ------
    InvalidInput
        When the metadata has no form in JSON, or is too long.
    """
    content: dict[str, Any] = {
        "format": manifest.format,
        "format_version": FORMAT_VERSION,
        "min_reader": FORMAT_VERSION,
        "writer": writer(),
        "files": [{"name": m.name, "bytes": m.bytes, "head": m.head} for m in manifest.members],
        "metadata": manifest.metadata,
    }
    try:
        content["checksum"] = _checksum(content)
        raw = json.dumps(content, indent=1, allow_nan=False).encode("ascii")
        same = strict_json(raw, "The manifest") == content
    except (TypeError, ValueError, RecursionError, CorruptFile) as error:
        raise InvalidInput(f"The metadata has no form in JSON ({error}); keep texts and numbers.") from error
    if not same:
        raise InvalidInput("The metadata comes back from JSON changed; use texts as keys, and lists.")
    if len(raw) > LIMITS.max_header_bytes:
        raise InvalidInput(
            f"The manifest would take {len(raw)} bytes, {LIMITS.max_header_bytes} is the most; "
            "keep less metadata."
        )
    return raw


def parse_manifest(raw: bytes, path: object) -> Manifest:
    """Read a manifest that nobody trusts.

    Parameters
    ----------
    raw:
        The bytes of the file, of a length that the caller has bounded.
    path:
        The file, for messages.

    Raises
    ------
    CorruptFile
        When it is not what was written.
    UnsupportedVersion
        When a newer version wrote it in a way that this one cannot read.
    """
    content = strict_json(raw, str(path))
    stated = content.pop("checksum", None)
    try:
        actual = _checksum(content)
    except RecursionError as error:
        raise _damaged(path, "it nests too deep") from error
    if type(stated) is not int or stated != actual:
        raise _damaged(path, "it does not match its checksum")
    check_version(content, path)
    format, files, metadata = (content.get(key) for key in ("format", "files", "metadata"))
    if not isinstance(format, str) or not isinstance(files, list) or not isinstance(metadata, dict):
        raise _damaged(path, "it lacks its format, its files or its metadata")
    if len(files) > MAX_FILES:
        raise _damaged(path, f"it lists {len(files)} files, {MAX_FILES} is the most")
    members = tuple(_parse_member(entry, path) for entry in files)
    if len({member.name for member in members}) != len(members):
        raise _damaged(path, "it lists a file twice")
    return Manifest(format, members, metadata)


def member_name(name: str) -> str:
    """Check the name of a file in a folder: a `Name` that ends in .safetensors.

    Raises
    ------
    InvalidInput
        When it is not.
    """
    if not Name(name).endswith(SUFFIX):
        raise InvalidInput(f"{name!r} cannot name a container in a folder; let it end in {SUFFIX!r}.")
    return name


def _checksum(content: Mapping[str, Any]) -> int:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return _core.crc32c(canonical.encode("ascii"))


def _parse_member(entry: object, path: object) -> Member:
    if not isinstance(entry, dict):
        raise _damaged(path, "an entry of its files is no table")
    name, size, head = (entry.get(key) for key in ("name", "bytes", "head"))
    if not isinstance(name, str) or type(size) is not int or type(head) is not int:
        raise _damaged(path, "an entry of its files is not name, bytes and head")
    try:
        return Member(member_name(name), size, head)
    except InvalidInput as error:
        raise _damaged(path, f"it lists {name[:80]!r}, which cannot be one of its files") from error


def _damaged(path: object, why: str) -> CorruptFile:
    return CorruptFile(f"{path} is no manifest of lilliput, or damaged: {why}; restore the folder.")
