"""Loads a model of sentence-transformers, quietly, and asks it for vectors."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import FileError, MissingExtra

Kind = Literal["document", "query"]
PROMPTS: dict[Kind, tuple[str, ...]] = {"query": ("query",), "document": ("document", "passage", "corpus")}


class SentenceModel:
    """A model in memory.

    Parameters
    ----------
    folder:
        Settings and safetensors, from `find_model`.
    name:
        What messages call it.
    device:
        None is the best there is.

    Raises
    ------
    MissingExtra
        When sentence-transformers is not installed.
    FileError
        When the folder cannot be loaded.
    """

    def __init__(self, folder: Path, name: str, device: str | None) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtra("sentence-transformers", "encode") from error
        with _without_bars():
            try:
                self._model: Any = SentenceTransformer(
                    str(folder), device=device, local_files_only=True, model_kwargs={"use_safetensors": True}
                )
            except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
                reason = str(error).strip().split("\n")[0]
                raise FileError(
                    f"The model {name!r} could not be loaded ({reason}); fetch it again."
                ) from error
        _use_threads()

    def encode(self, texts: Sequence[str], kind: Kind) -> NDArray[np.float32]:
        """Encode one batch.

        Parameters
        ----------
        texts:
            At least one.
        kind:
            Chooses the prompt, in models that have one.

        Returns
        -------
        float32 (n, d)
        """
        options: dict[str, Any] = {
            "batch_size": len(texts), "show_progress_bar": False, "convert_to_numpy": True
        }  # fmt: skip
        ask = getattr(self._model, f"encode_{kind}", None)
        if ask is None:  # before version 5
            prompts = getattr(self._model, "prompts", {})
            options["prompt_name"] = next((name for name in PROMPTS[kind] if name in prompts), None)
            ask = self._model.encode
        return np.asarray(ask(list(texts), **options), dtype=np.float32)


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep transformers from drawing bars of its own."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _use_threads() -> None:
    """Let the model use as many threads as everything else."""
    wanted = os.environ.get("LILLIPUT_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted):
        import torch

        torch.set_num_threads(int(wanted))
