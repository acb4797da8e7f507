"""Makes containers that the writer would never make, with checksums that fit all the same."""

import json
import struct
from typing import Any

import numpy as np

from lilliput import _core

METADATA = {"format": "f", "format_version": "1", "min_reader": "1", "writer": "forger"}


def entry(dtype: str, shape: list[Any], begin: Any, end: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def good_entries(rows: int = 64) -> dict[str, Any]:
    """The header of one u8 tensor "a" of some rows, a multiple of 64 below 64 KiB."""
    return {
        "__metadata__": dict(METADATA),
        "a": entry("U8", [rows], 0, rows),
        "__crc_pages": entry("U32", [1], rows, rows + 4),
        "__crc_head": entry("U32", [1], rows + 4, rows + 8),
    }


def container(header: dict[str, Any] | bytes, data: bytes = bytes(64)) -> bytes:
    """Join header, data and the checksums that belong to them."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    head = struct.pack("<Q", len(text)) + text
    pages = _core.crc32c_pages(data).astype("<u4").tobytes()
    return head + data + pages + np.array([_core.crc32c(pages, _core.crc32c(head))], "<u4").tobytes()
