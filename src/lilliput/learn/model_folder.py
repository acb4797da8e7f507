"""Finds the folder of a sentence encoder, and refuses one that could run code when it is loaded."""

import hashlib
import json
from pathlib import Path
from typing import Any

from lilliput.errors import FileError, InvalidInput, MissingExtra
from lilliput.io.files import explained

HUB_OWNER = "sentence-transformers"  # of a name without an owner, as in "all-MiniLM-L6-v2"
FILES = ("*.json", "*.txt", "*.safetensors", "*.model")  # settings, words and weights; no pickle, no code
OWN_MODULES = "sentence_transformers."
PICKLE, SAFE = "pytorch_model.bin", ("model.safetensors", "model.safetensors.index.json")


def find_model(name: str) -> Path:
    """Find the folder of a model, here or in the cache of the hub, or fetch it.

    What lies on this machine wins, so that a model does not change between two runs. Only settings and
    safetensors are fetched: weights that are pickled stay where they are.

    Parameters
    ----------
    name:
        A folder, or a name on the hub such as "all-MiniLM-L6-v2" or "BAAI/bge-small-en-v1.5".

    Returns
    -------
    Path

    Raises
    ------
    InvalidInput
        When the model would need code of its own, or has only pickled weights.
    FileError
        When it is not here and cannot be fetched.
    MissingExtra
        When it is a name, and `sentence-transformers` is not installed.
    """
    folder = Path(name).expanduser()
    if not name or not folder.is_dir():
        if not name or name.count("/") > 1 or name.startswith((".", "/", "~")):
            raise FileError(f"There is no folder {name!r}; give a folder or the name of a model.")
        folder = _from_hub(name)
    check_model(folder, name)
    return folder


def check_model(folder: Path, name: str) -> None:
    """Make sure that loading a model neither unpickles nor runs what came with it.

    Raises
    ------
    InvalidInput
        Naming the module that would.
    FileError
        When the folder holds no model, or its list of modules cannot be read.
    """
    if not (folder / "config.json").exists() and not (folder / "modules.json").exists():
        raise FileError(f"{name} is a folder without a config.json or modules.json; it holds no model.")
    parts = [folder]
    for module in _modules(folder, name):
        kind, place = module.get("type"), module.get("path", "")
        if not isinstance(kind, str) or not kind.startswith(OWN_MODULES):
            raise InvalidInput(
                f"{name} needs code of its own ({kind}), which is never run; choose a model made of the "
                "modules of sentence-transformers."
            )
        parts.append(folder / str(place))
    for part in parts:
        if (part / PICKLE).exists() and not any((part / safe).exists() for safe in SAFE):
            raise InvalidInput(
                f"{name} has its weights as a pickle ({PICKLE}), which is never opened; choose a model with "
                "safetensors, or convert this one."
            )


def fingerprint(folder: Path) -> str:
    """Identify a model by what makes its vectors: settings, vocabulary and weights.

    A folder that the hub's cache keeps is known by its commit, without being read. Any other is read once.

    Parameters
    ----------
    folder:
        From `find_model`.

    Returns
    -------
    Hexadecimal text; equal for copies of a folder.
    """
    if folder.parent.name == "snapshots":
        return folder.name
    total = hashlib.sha256()
    found = {path.relative_to(folder).as_posix(): path for kind in FILES for path in folder.rglob(kind)}
    for name in sorted(found):
        with explained("read", found[name]), open(found[name], "rb") as file:
            total.update(f"{name}\n{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


def _modules(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / "modules.json"
    if not path.exists():
        return []
    with explained("read", path):
        raw = path.read_bytes()
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(module, dict) for module in found):
        raise FileError(f"{path} is no list of modules; fetch {name} again.")
    return found


def _from_hub(name: str) -> Path:
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtra("sentence-transformers", "encode") from error
    full = name if "/" in name else f"{HUB_OWNER}/{name}"
    try:
        try:
            here = Path(huggingface_hub.snapshot_download(full, local_files_only=True))
            if any(here.rglob("*.safetensors")):
                return here
        except FileNotFoundError:
            pass
        return Path(huggingface_hub.snapshot_download(full, allow_patterns=list(FILES)))
    except Exception as error:  # the hub's client raises its own errors and those of two others
        reason = str(error).strip().split("\n")[0]
        raise FileError(
            f"The model {name!r} is not on this machine and could not be fetched ({reason}); check the name "
            "and the network, or give the folder of a model."
        ) from error
