"""`lilliput info`: what a file or folder holds, read from its headers."""

import os
from pathlib import Path
from typing import Any

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb

EXAMPLES = [
    "lilliput info index",
    "lilliput info vectors.npy --json",
]


@click.command("info", cls=Verb, examples=EXAMPLES)
@click.argument("path")
@options.as_json
def command(path: str, as_json: bool) -> None:
    """Say what the file or folder at PATH holds: vectors, a codec, codes or an index.

    Only headers are read; `lilliput verify` reads every byte.
    """
    report = describe(Path(path))
    if as_json:
        output.emit_json(report)
        return
    parts = report.pop("parts", [])
    output.facts(report)
    if parts:
        output.table(list(parts[0]), [list(part.values()) for part in parts])


def describe(path: Path) -> dict[str, Any]:
    """Collect what the headers of a file or folder say.

    Parameters
    ----------
    path:
        An index folder, a container, or a file of vectors. A path without a suffix is taken for a folder.

    Returns
    -------
    What it is, its figures, and under ``parts`` the files of a folder or the tensors of a container.
    """
    from lilliput.io.hfdataset import is_dataset
    from lilliput.io.safetensors import has_checksums

    if (path.is_dir() or not path.suffix) and not is_dataset(path) and "::" not in str(path):
        return _folder(path)
    if path.suffix == ".safetensors" and has_checksums(path):
        return _container(path)
    return _vectors(path)


def _folder(path: Path) -> dict[str, Any]:
    from lilliput.io.folder import open_folder

    with open_folder(path) as folder:
        parts = [{"file": name, "bytes": part.nbytes} for name, part in folder.containers.items()]
        facts = {key: value for key, value in folder.metadata.items() if not isinstance(value, dict | list)}
        total = sum(part.nbytes for part in folder.containers.values())
        return {"path": str(path), "format": folder.format, **facts, "file_bytes": total, "parts": parts}


def _container(path: Path) -> dict[str, Any]:
    from lilliput.io.container import Container

    with Container.open(path) as file:
        parts = []
        for name in file.names:
            tensor = file.mapped(name)
            shape = " x ".join(map(str, tensor.shape))
            parts.append({"tensor": name, "type": str(tensor.dtype), "shape": shape, "bytes": tensor.nbytes})
        return {
            "path": str(path),
            "format": file.format,
            **file.metadata,
            "file_bytes": file.nbytes,
            "parts": parts,
        }


def size_of(path: str) -> int:
    """Count the bytes of a file, or of the files of a folder."""
    files = [entry.path for entry in os.scandir(path)] if os.path.isdir(path) else [path]
    return sum(map(os.path.getsize, files))


def _vectors(path: Path) -> dict[str, Any]:
    from lilliput.io.elements import element_of
    from lilliput.io.open import open_vectors, split_name

    source = open_vectors(path)
    file, _ = split_name(path)
    return {
        "path": str(path),
        "format": Path(file).suffix.lstrip(".") or "datasets",
        "rows": source.rows,
        "dim": source.dim,
        "dtype": element_of(source),
        "file_bytes": size_of(file),
    }
