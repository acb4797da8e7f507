"""The formats of vectors, by suffix: how each is opened, read raw and written, and which types it holds."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lilliput.errors import InvalidInput
from lilliput.io.arrays import AnyArray
from lilliput.io.bin import open_bin, read_bin, write_bin
from lilliput.io.blocks import Source
from lilliput.io.elements import Elements
from lilliput.io.hdf5 import open_hdf5, read_hdf5, write_hdf5
from lilliput.io.hfdataset import open_dataset, read_dataset
from lilliput.io.ipc import open_ipc, read_ipc, write_file, write_stream
from lilliput.io.jsonl import open_jsonl, read_jsonl, write_base64, write_jsonl
from lilliput.io.npy import open_npy, read_npy, write_npy
from lilliput.io.npz import open_npz, read_npz, write_npz
from lilliput.io.parquet import open_parquet, read_parquet, write_parquet
from lilliput.io.safetensors import open_safetensors, read_safetensors, write_safetensors
from lilliput.io.vecs import open_vecs, read_vecs, write_vecs

NUMPY = ("f16", "f32", "f64", "i8", "u8")
EVERY = ("f16", "bf16", "f32", "f64", "i8", "u8")


@dataclass(frozen=True)
class Format:
    """What is done with files of one format.

    Attributes
    ----------
    open, read:
        Give a path's vectors as a source, and its numbers as they are. Both take the name of a part.
    write:
        Writes vectors to a file, under the name of a part, and returns how many there were.
    elements:
        The types that it holds, as "f16".
    named:
        Whether a file has named parts.
    counted:
        Whether the number of rows is written before the rows.
    """

    open: Callable[[Path, str | None], Source]
    read: Callable[[Path, str | None], AnyArray]
    write: Callable[[BinaryIO, Elements, str | None], int]
    elements: tuple[str, ...]
    named: bool = True
    counted: bool = False


def _single(
    opens: Callable[[Path], Source],
    reads: Callable[[Path], AnyArray],
    writes: Callable[[BinaryIO, Elements], int],
    *elements: str,
) -> Format:
    """Describe a format that holds one array without a name."""
    return Format(
        lambda path, _: opens(path),
        lambda path, _: reads(path),
        lambda file, vectors, _: writes(file, vectors),
        elements,
        named=False,
    )


JSON_LINES = Format(open_jsonl, read_jsonl, write_jsonl, EVERY)
BASE64 = Format(open_jsonl, read_jsonl, write_base64, EVERY)  # the same, written in another way

FORMATS: dict[str, Format] = {
    ".npy": _single(open_npy, read_npy, write_npy, *NUMPY),
    ".npz": Format(open_npz, read_npz, write_npz, NUMPY, counted=True),
    ".fvecs": _single(open_vecs, read_vecs, write_vecs, "f32"),
    ".bvecs": _single(open_vecs, read_vecs, write_vecs, "u8"),
    ".ivecs": _single(open_vecs, read_vecs, write_vecs, "i32"),
    ".fbin": _single(open_bin, read_bin, write_bin, "f32"),
    ".u8bin": _single(open_bin, read_bin, write_bin, "u8"),
    ".i8bin": _single(open_bin, read_bin, write_bin, "i8"),
    ".parquet": Format(open_parquet, read_parquet, write_parquet, NUMPY),
    ".arrow": Format(open_ipc, read_ipc, write_file, NUMPY),
    ".feather": Format(open_ipc, read_ipc, write_file, NUMPY),
    ".arrows": Format(open_ipc, read_ipc, write_stream, NUMPY),
    ".h5": Format(open_hdf5, read_hdf5, write_hdf5, NUMPY),
    ".hdf5": Format(open_hdf5, read_hdf5, write_hdf5, NUMPY),
    ".safetensors": Format(open_safetensors, read_safetensors, write_safetensors, EVERY, counted=True),
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
}

# Written by `write_vectors` itself, since it is no file.
FOLDER = Format(open_dataset, read_dataset, write_stream, NUMPY)


def format_of(path: Path) -> Format:
    """Give the format that a path's suffix tells.

    Raises
    ------
    InvalidInput
        Naming the suffixes that do.
    """
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    near = difflib.get_close_matches(suffix, FORMATS, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise InvalidInput(
        f"{path} has no suffix of a format of vectors; {hint}the suffixes are {', '.join(FORMATS)}."
    )


def holding(element: str) -> list[str]:
    """Name the suffixes of the formats that hold a type."""
    return [suffix for suffix, format in FORMATS.items() if element in format.elements]
