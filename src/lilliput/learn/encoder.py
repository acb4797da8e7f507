"""Sentence encoders: a real model, behind a cache that survives being killed."""

import os
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from lilliput.errors import InvalidInput, WrongType
from lilliput.io.files import explained
from lilliput.learn.model_folder import find_model, fingerprint
from lilliput.learn.sentence_model import Kind, SentenceModel
from lilliput.learn.shards import FloatArray, Shards, cache_folder, key_of
from lilliput.progress import ProgressOption, Track

KEPT_EVERY = 5.0  # seconds of work, which is the most that a killed run loses
IN_MEMORY = 512 * 2**20


class Encoder:
    """Turn texts into vectors by a model of sentence-transformers, each text once in its life.

    Encoding is the slow part of all that is done with texts: hours for a corpus, on a CPU. So vectors are
    kept on disk as they come, by model, kind and text. What was encoded before is read; when all of it was,
    the model is not even loaded. Only safetensors are opened, and no code that comes with a model is run.

    Parameters
    ----------
    name:
        The model: a folder, or a name on the hub such as "all-MiniLM-L6-v2".
    cache:
        The folder to keep vectors in; None is LILLIPUT_CACHE or the system's folder for such things, False
        keeps none.
    batch:
        Texts that go through the model at once.
    device:
        "cpu", "cuda" and so on; None is the best there is.

    Raises
    ------
    FileError
        When there is no such model, here or on the hub.
    InvalidInput
        When the model needs code of its own or has only pickled weights; for a batch below 1.
    MissingExtra
        When sentence-transformers is needed and not installed.

    Examples
    --------
    ::

        encoder = Encoder("all-MiniLM-L6-v2")
        vectors = encoder.encode(["A cat sat on the mat.", "Stocks fell."])   # float32, (2, 384)
        asked = encoder.encode(["Where is the cat?"], kind="query")
    """

    def __init__(
        self,
        name: str | os.PathLike[str],
        *,
        cache: str | os.PathLike[str] | Literal[False] | None = None,
        batch: int = 32,
        device: str | None = None,
    ) -> None:
        if batch < 1:
            raise InvalidInput(f"batch={batch} was given; at least 1 text goes through the model at once.")
        self.name = os.fspath(name)
        self.batch = batch
        self._device = device
        self._folder = find_model(self.name)
        self._cache = None if cache is False else cache_folder() if cache is None else Path(cache)

    @cached_property
    def dim(self) -> int:
        """Numbers a vector; the model is loaded where nothing of it is kept."""
        for kind in ("document", "query"):
            kept = self._shards(kind)
            found = None if kept is None else kept.dim()
            if found is not None:
                return found
        return int(self._model.encode([""], "document").shape[1])

    def encode(
        self, texts: Iterable[str], progress: ProgressOption = None, *, kind: Kind = "document"
    ) -> FloatArray:
        """Encode texts; one that stands there twice goes through the model once.

        Parameters
        ----------
        texts:
            The texts.
        progress:
            None, False or a callable told ``(different texts done, different texts)``.
        kind:
            "query" for questions, "document" for what they shall find: models may treat them differently.

        Returns
        -------
        float32 (n, dim)
            As the model gives them. Above 512 MiB they are mapped from a nameless file beside what is kept.

        Raises
        ------
        WrongType
            Something that is no string, or one string instead of several.
        InvalidInput
            A string that is no text, or a model that gives no numbers for one.
        FileError
            When the model cannot be loaded, or vectors cannot be kept.
        Cancelled
            The progress callback returned False; what was encoded is kept.
        """
        several = _several(texts)
        row_of: dict[bytes, int] = {}
        rows = [row_of.setdefault(key_of(text, number), number) for number, text in enumerate(several)]
        out = self._room(len(several))
        done = 0
        with (
            Track(progress, len(row_of), "encoding", after="what was encoded is kept") as step,
            closing(self._encoded({key: several[row] for key, row in row_of.items()}, kind)) as parts,
        ):
            for keys, vectors in parts:
                out[[row_of[key] for key in keys]] = vectors
                done += len(keys)
                step(done)
        for row, source in enumerate(rows):
            if row != source:
                out[row] = out[source]
        return out

    def _encoded(
        self, texts: dict[bytes, str], kind: Kind
    ) -> Generator[tuple[list[bytes], FloatArray], None, None]:
        """Yield vectors by key: first those that are kept, then new ones, batch by batch."""
        kept = self._shards(kind)
        if kept is not None:
            for keys, found in kept.read(texts, self.dim):
                for key in keys:
                    del texts[key]
                yield keys, found
        # Texts of like length go through the model together, as padding is work too; the longest come first,
        # so that the time left is promised rather too long.
        order = sorted(texts, key=lambda key: (-len(texts[key]), key))
        waiting: list[bytes] = []
        vectors: list[FloatArray] = []
        since = time.monotonic()
        try:
            for at in range(0, len(order), self.batch):
                keys = order[at : at + self.batch]
                found = _finite(self._model.encode([texts[key] for key in keys], kind), self.name)
                waiting, vectors = waiting + keys, [*vectors, found]
                if kept is not None and time.monotonic() - since > KEPT_EVERY:
                    kept.write(waiting, np.concatenate(vectors))
                    waiting, vectors, since = [], [], time.monotonic()
                yield keys, found
        finally:
            if kept is not None and waiting:
                kept.write(waiting, np.concatenate(vectors))

    @cached_property
    def _model(self) -> SentenceModel:
        return SentenceModel(self._folder, self.name, self._device)

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self._folder)

    def _shards(self, kind: Kind) -> Shards | None:
        return None if self._cache is None else Shards(self._cache / "embeddings" / self._fingerprint / kind)

    def _room(self, rows: int) -> FloatArray:
        """Make the array to fill: in memory, or mapped from a file without a name when it is large."""
        shape = rows, self.dim
        if rows * self.dim * 4 <= IN_MEMORY:
            return np.empty(shape, dtype=np.float32)
        with explained("made", self._cache or tempfile.gettempdir()):
            if self._cache is not None:
                self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._cache) as file:
                return np.memmap(file, dtype=np.float32, mode="w+", shape=shape)


def _several(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, str):
        raise WrongType("One string was given; wanted several texts: put it in a list.")
    several = list(texts)
    for number, text in enumerate(several):
        if not isinstance(text, str):
            raise WrongType(f"Text {number} is a {type(text).__name__}; wanted a string.")
    return several


def _finite(vectors: FloatArray, name: str) -> FloatArray:
    if not np.isfinite(vectors).all():
        raise InvalidInput(f"The model {name!r} gave NaN or infinity for a text; choose another model.")
    return vectors
