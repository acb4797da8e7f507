"""The header of a container: which tensors there are, where they lie, and what the file is."""

import json
import math
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import CorruptFile, InvalidInput, UnsupportedVersion
from lilliput.io.strict_json import strict_json
from lilliput.limits import LIMITS

FORMAT_VERSION = 1  # what is written
READER_VERSION = 1  # the newest `min_reader` that is understood

ALIGNMENT = 64
PAGE = 65_536
PAGES = "__crc_pages"
HEAD = "__crc_head"
PAD = re.compile(r"__pad(0|[1-9][0-9]{0,5})")
NAME = re.compile(r"(?!__)[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}")
OWN_KEYS = ("format", "format_version", "min_reader", "writer")

MAX_AXES = 8
MAX_TENSORS = 8_192  # with their pads; the reader takes 2**17 commas and brackets
MAX_BYTES = 2**48

DTYPES: dict[str, np.dtype[Any]] = {
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype([("bf16", "<u2")]),  # numpy has none; the field tells it from whole numbers
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
CODES = {dtype: code for code, dtype in DTYPES.items()}


@dataclass(frozen=True)
class Slot:
    """Where a tensor lies: bytes `begin` to `end` of the data, which begins behind the header."""

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """A header that holds together: every byte of the data belongs to one tensor.

    Attributes
    ----------
    slots:
        Every tensor in the order of the header, the format's own among them.
    metadata:
        What stands under ``__metadata__``, the format's own keys among them.
    bytes:
        Length of the header with the eight bytes that say it: where the data begins.
    """

    slots: dict[str, Slot]
    metadata: dict[str, str]
    bytes: int

    @property
    def guarded(self) -> int:
        """How many bytes of the data the page checksums cover."""
        return self.slots[PAGES].begin


def page_count(size: int) -> int:
    """How many pages so many bytes of data have."""
    return -(-size // PAGE)


def padding(size: int) -> int:
    """How many bytes are missing to a multiple of 64."""
    return -size % ALIGNMENT


def writer() -> str:
    """Name what writes the file."""
    try:
        return f"lilliput {version('lilliput')}"
    except PackageNotFoundError:  # run from its source without being installed
        return "lilliput"


def build_header(
    layout: Mapping[str, tuple[np.dtype[np.generic], tuple[int, ...]]],
    metadata: Mapping[str, str],
    format: str,
) -> tuple[bytes, dict[str, Slot]]:
    """Lay tensors out and make the header, with the eight bytes of its length.

    Raises
    ------
    InvalidInput
        When a name, type, shape or piece of metadata has no form in the file, or there are too many.
    """
    own = dict(zip(OWN_KEYS, (format, str(FORMAT_VERSION), str(FORMAT_VERSION), writer()), strict=True))
    slots = _lay_out(layout)
    content: dict[str, object] = {"__metadata__": own | _checked_metadata(metadata)}
    for name, slot in slots.items():
        content[name] = {
            "dtype": CODES[slot.dtype],
            "shape": list(slot.shape),
            "data_offsets": [slot.begin, slot.end],
        }
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * padding(8 + len(text))
    if len(content) > MAX_TENSORS:
        raise InvalidInput(f"A container holds up to {MAX_TENSORS} tensors; these are more.")
    if len(text) > LIMITS.max_header_bytes:
        raise InvalidInput(
            f"The header would take {len(text)} bytes, {LIMITS.max_header_bytes} is the most; "
            "store less metadata or fewer tensors."
        )
    return struct.pack("<Q", len(text)) + text, slots


def header_length(first: bytes, size: int, path: Path | str) -> int:
    """Check the eight bytes of a file's length of header against the length of the file."""
    if len(first) < 8 or size < 8:
        raise CorruptFile(f"{path} is {size} bytes long and no container; restore it from a copy.")
    (length,) = struct.unpack("<Q", first[:8])
    most = min(LIMITS.max_header_bytes, size - 8)
    if length > most or (length + 8) % ALIGNMENT:
        raise CorruptFile(
            f"{path} is no container, or damaged: it says that its header has {length} bytes, where at most "
            f"{most} and whole lines of {ALIGNMENT} can be; restore it from a copy."
        )
    return int(length) + 8


def parse_header(raw: bytes, size: int, path: Path | str) -> Header:
    """Parse a header and check that it describes a file of this size.

    Parameters
    ----------
    raw:
        The header with the eight bytes of its length.
    size:
        Length of the file in bytes.
    path:
        The file, for messages.

    Raises
    ------
    CorruptFile
        When the header contradicts itself or the size.
    """
    content = strict_json(raw[8:], f"The header of {path}")
    metadata = content.pop("__metadata__", None)
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(path, "its metadata is no table of texts")
    slots = {name: _parse_slot(name, entry, path) for name, entry in content.items()}
    _check_cover(slots, size - len(raw), path)
    return Header(slots, metadata, len(raw))


def check_version(metadata: Mapping[str, object], path: object) -> None:
    """Refuse what only a newer version can read.

    Raises
    ------
    UnsupportedVersion
        Naming the version that is needed.
    """
    needed = str(metadata.get("min_reader", ""))
    if not re.fullmatch(r"[1-9][0-9]{0,8}", needed):
        raise _damaged(path, "it does not say which version can read it")
    if int(needed) > READER_VERSION:
        raise UnsupportedVersion(
            f"{path} was written by {str(metadata.get('writer'))[:80]!r} and needs a reader of format "
            f"version {needed}; this one reads up to version {READER_VERSION}. Upgrade lilliput."
        )


def nbytes(dtype: np.dtype[np.generic], shape: Iterable[int]) -> int:
    """Bytes of a tensor; Python's integers do not overflow."""
    return math.prod(shape) * dtype.itemsize


def _lay_out(layout: Mapping[str, tuple[np.dtype[np.generic], tuple[int, ...]]]) -> dict[str, Slot]:
    slots: dict[str, Slot] = {}
    end = pads = 0
    for name, (dtype, shape) in layout.items():
        if not NAME.fullmatch(name):
            raise InvalidInput(f"{name!r} cannot name a tensor; use up to 128 of A-Z a-z 0-9 _ . / and -.")
        if dtype.newbyteorder("<") not in CODES:
            raise InvalidInput(f"The tensor {name!r} is {dtype}; a container holds {', '.join(DTYPES)}.")
        if len(shape) > MAX_AXES:
            raise InvalidInput(f"The tensor {name!r} has {len(shape)} axes; {MAX_AXES} is the most.")
        slots[name] = Slot(dtype.newbyteorder("<"), shape, end, end + nbytes(dtype, shape))
        end = slots[name].end
        if gap := padding(end):
            slots[f"__pad{pads}"] = Slot(DTYPES["U8"], (gap,), end, end + gap)
            end, pads = end + gap, pads + 1
    count = page_count(end)
    slots[PAGES] = Slot(DTYPES["U32"], (count,), end, end + 4 * count)
    slots[HEAD] = Slot(DTYPES["U32"], (1,), end + 4 * count, end + 4 * count + 4)
    return slots


def _checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise InvalidInput(f"Metadata is text under text; {key!r} is {value!r}.")
        if key in OWN_KEYS:
            raise InvalidInput(f"The metadata key {key!r} belongs to the format; use another.")
        try:
            (key + value).encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidInput(f"The metadata under {key!r} is half a character; remove it.") from error
    return dict(metadata)


def _parse_slot(name: str, entry: object, path: Path | str) -> Slot:
    if not NAME.fullmatch(name) and not PAD.fullmatch(name) and name not in (PAGES, HEAD):
        raise _damaged(path, f"{name[:80]!r} cannot name a tensor")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _damaged(path, f"the entry of {name!r} is not dtype, shape and data_offsets")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in DTYPES:
        raise _damaged(path, f"{name!r} has the unknown dtype {str(code)[:20]!r}")
    if not _sizes(shape) or len(shape) > MAX_AXES:
        raise _damaged(path, f"{name!r} has no valid shape")
    if not _sizes(offsets) or len(offsets) != 2:
        raise _damaged(path, f"{name!r} has no valid offsets")
    dtype = DTYPES[code]
    if nbytes(dtype, (max(1, axis) for axis in shape)) > MAX_BYTES:
        raise _damaged(path, f"the shape of {name!r} is larger than any file")
    if offsets[1] - offsets[0] != nbytes(dtype, shape):
        raise _damaged(path, f"the shape of {name!r} does not fit its offsets")
    return Slot(dtype, tuple(shape), offsets[0], offsets[1])


def _sizes(value: object) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size <= MAX_BYTES for size in value)


def _check_cover(slots: dict[str, Slot], size: int, path: Path | str) -> None:
    if PAGES not in slots or HEAD not in slots:
        raise _damaged(path, "it has no checksums, so it was not written by lilliput")
    end = 0
    for name, slot in sorted(slots.items(), key=lambda item: (item[1].begin, item[1].end)):
        if slot.begin != end:
            raise _damaged(path, f"{name!r} begins at {slot.begin} of the data where {end} was expected")
        if slot.begin % ALIGNMENT and name != HEAD and not PAD.fullmatch(name):
            raise _damaged(path, f"{name!r} does not begin at a multiple of {ALIGNMENT}")
        end = slot.end
    if end != size:
        raise _damaged(path, f"its tensors take {end} bytes where the file has {size}")
    pages, head = slots[PAGES], slots[HEAD]
    expected = Slot(DTYPES["U32"], (page_count(pages.begin),), pages.begin, head.begin)
    if pages != expected or head != Slot(DTYPES["U32"], (1,), pages.end, size):
        raise _damaged(path, "its checksums are not at its end")


def _damaged(path: object, why: str) -> CorruptFile:
    return CorruptFile(f"{path} is no container of lilliput, or damaged: {why}; restore it from a copy.")


def as_numbers(raw: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Read stored checksums in the machine's own order of bytes."""
    return raw.view("<u4").astype(np.uint32)
