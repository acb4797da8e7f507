"""Each text goes through the model once in its life, whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import encoders
from encoders import DIM, Counting, count, minilm, model_folder, vectors_of
from lilliput.errors import Cancelled, CorruptFile, FileError, InvalidInput, LilliputWarning, WrongType
from lilliput.learn import Encoder
from lilliput.learn.shards import Shards, cache_folder

TEXTS = [f"text number {number} {'long ' * (number % 7)}" for number in range(50)]
# Puts every batch on disk, and dies when it has encoded so many texts.
KILLED = """
import os, signal, sys
sys.path.insert(0, {path!r})
import lilliput.learn.encoder as encoder
from encoders import Counting

class Mortal(Counting):
    def encode(self, texts, kind):
        if len(self.asked) >= {after}:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts, kind)

encoder.SentenceModel, encoder.KEPT_EVERY = Mortal, 0.0
encoder.Encoder({model!r}, cache={cache!r}, batch=4).encode({texts!r})
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that looks like a model."""
    return model_folder(tmp_path / "model")


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    """The model that counts."""
    return count(monkeypatch)


def shards_in(cache: Path) -> list[Path]:
    """The files that hold vectors."""
    return sorted(cache.rglob("*.safetensors"))


def test_rows_are_those_of_the_texts(model: Path, tmp_path: Path, counting: type[Counting]) -> None:
    """Order is kept though long texts go first; equal texts go through once."""
    texts = [*TEXTS, TEXTS[3], ""]

    actual = Encoder(model, cache=tmp_path / "c", batch=8).encode(texts, False)

    assert np.array_equal(vectors_of(texts), actual)
    assert (np.float32, sorted([*TEXTS, ""])) == (actual.dtype, sorted(set(counting.asked)))
    assert len(counting.asked) <= len(TEXTS) + 2  # one more to learn the dimensions


def test_the_second_run_does_not_load_the_model(
    model: Path, tmp_path: Path, counting: type[Counting]
) -> None:
    """All vectors are kept, and so is their number of dimensions."""
    expected = Encoder(model, cache=tmp_path / "c").encode(TEXTS, False)
    counting.loaded = 0

    again = Encoder(model, cache=tmp_path / "c")

    assert np.array_equal(expected, again.encode(TEXTS[::-1], False)[::-1])
    assert (DIM, 0) == (again.dim, counting.loaded)


def test_kinds_and_models_are_kept_apart(model: Path, tmp_path: Path, counting: type[Counting]) -> None:
    """A question is not a document, and a model that was changed in place is another; a copy is not."""
    other, copy = model_folder(tmp_path / "o", '{"a": 1}'), model_folder(tmp_path / "copy")
    Encoder(model, cache=tmp_path / "c").encode(TEXTS, False)

    asked = Encoder(model, cache=tmp_path / "c").encode(TEXTS, False, kind="query")
    counting.loaded = 0
    Encoder(copy, cache=tmp_path / "c").encode(TEXTS, False)
    after_copy = counting.loaded
    Encoder(other, cache=tmp_path / "c").encode(TEXTS, False)

    assert np.array_equal(vectors_of(TEXTS, "query"), asked)
    assert (0, 1) == (after_copy, counting.loaded)


def test_without_a_cache_nothing_is_written(
    model: Path, tmp_path: Path, counting: type[Counting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """cache=False; and where the default is, LILLIPUT_CACHE says, else the system's folder."""
    monkeypatch.setenv("LILLIPUT_CACHE", str(tmp_path / "named"))

    assert np.array_equal(vectors_of(TEXTS), Encoder(model, cache=False).encode(TEXTS, False))
    assert [] == shards_in(tmp_path)
    assert tmp_path / "named" == cache_folder()
    monkeypatch.delenv("LILLIPUT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tmp_path / "lilliput" == cache_folder()


def dying(model: Path, cache: Path, after: int) -> str:
    """Write a script that encodes `TEXTS` and is killed after so many of them."""
    path = str(Path(encoders.__file__).parent)
    return KILLED.format(path=path, after=after, model=str(model), cache=str(cache), texts=TEXTS)


def test_a_killed_run_is_gone_on_with(model: Path, tmp_path: Path, counting: type[Counting]) -> None:
    """SIGKILL loses the running batch; the next run asks for what is missing and for nothing else."""
    cache, after = tmp_path / "c", 21
    script = dying(model, cache, after)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    actual = Encoder(model, cache=cache, batch=4).encode(TEXTS, False)

    assert -signal.SIGKILL == done.returncode, done.stderr
    assert np.array_equal(vectors_of(TEXTS), actual)
    assert len(TEXTS) - 24 <= len(counting.asked) <= len(TEXTS) - 20 + 4


@pytest.mark.parametrize("failpoint", ["file.create", "file.data", "file.sync", "file.rename.before"])
def test_death_while_writing_leaves_no_half_file(
    failpoint: str, model: Path, tmp_path: Path, counting: type[Counting]
) -> None:
    """Whenever the process dies, what lies there is whole, and the next run ends well."""
    cache = tmp_path / "c"
    script = dying(model, cache, 999)
    environment = {**os.environ, "LILLIPUT_FAILPOINT": failpoint}

    done = subprocess.run([sys.executable, "-c", script], env=environment)

    assert -signal.SIGKILL == done.returncode
    assert np.array_equal(vectors_of(TEXTS), Encoder(model, cache=cache, batch=4).encode(TEXTS, False))


def test_a_cancelled_run_keeps_what_was_done(model: Path, tmp_path: Path, counting: type[Counting]) -> None:
    """The callback says stop after three batches: the next run starts with the fourth."""
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 12

    with pytest.raises(Cancelled, match="cancelled after 12 of 50; what was encoded is kept"):
        Encoder(model, cache=tmp_path / "c", batch=4).encode(TEXTS, stop)
    counting.asked = []
    Encoder(model, cache=tmp_path / "c", batch=4).encode(TEXTS, False)

    assert [(4, 50), (8, 50), (12, 50)] == told
    assert 38 == len(counting.asked)


@pytest.mark.parametrize("at", [0.1, 0.6, 0.99])
def test_a_flipped_byte_is_found_and_mended(
    at: float, model: Path, tmp_path: Path, counting: type[Counting]
) -> None:
    """The damaged file goes, with a warning, and its texts are encoded again; the others are not."""
    cache = tmp_path / "c"
    Encoder(model, cache=cache).encode(TEXTS[:30], False)
    Encoder(model, cache=cache).encode(TEXTS, False)
    damaged = max(shards_in(cache), key=lambda path: path.stat().st_size)
    raw = bytearray(damaged.read_bytes())
    raw[int(len(raw) * at)] ^= 16
    damaged.write_bytes(raw)
    counting.asked = []

    with pytest.warns(LilliputWarning, match="is damaged and was removed; its texts are encoded again"):
        actual = Encoder(model, cache=cache).encode(TEXTS, False)

    assert np.array_equal(vectors_of(TEXTS), actual)
    assert sorted(TEXTS[:30]) == sorted(counting.asked)


def test_a_large_result_is_mapped(
    model: Path, tmp_path: Path, counting: type[Counting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit rows lie in a file without a name, which goes when the array goes."""
    monkeypatch.setattr("lilliput.learn.encoder.IN_MEMORY", 100)

    actual = Encoder(model, cache=tmp_path / "c").encode(TEXTS, False)

    assert isinstance(actual, np.memmap)
    assert np.array_equal(vectors_of(TEXTS), actual)
    assert {"embeddings"} == {path.name for path in (tmp_path / "c").iterdir()}


def test_no_texts_and_wrong_ones(model: Path, counting: type[Counting]) -> None:
    """No text gives no row; what is no text is named by its number."""
    encoder = Encoder(model, cache=False)

    assert (0, DIM) == encoder.encode([], False).shape
    with pytest.raises(WrongType, match="One string was given"):
        encoder.encode("text", False)
    with pytest.raises(WrongType, match="Text 1 is a int"):
        encoder.encode(["a", 5], False)  # type: ignore[list-item]
    with pytest.raises(InvalidInput, match="Text 0 holds half a character"):
        encoder.encode(["\ud800"], False)
    with pytest.raises(InvalidInput, match="batch=0"):
        Encoder(model, batch=0)


def test_numbers_that_are_none_are_not_kept(
    model: Path, tmp_path: Path, counting: type[Counting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that gives NaN is refused, and nothing of it stays."""
    monkeypatch.setattr(counting, "encode", lambda self, texts, kind: np.full((len(texts), 3), np.nan))

    with pytest.raises(InvalidInput, match="gave NaN"):
        Encoder(model, cache=tmp_path / "c").encode(["a"], False)
    assert [] == shards_in(tmp_path / "c")


def test_shards_of_another_length_are_damaged(tmp_path: Path) -> None:
    """Vectors that do not fit the model are never handed out."""
    shards = Shards(tmp_path)
    shards.write([b"k" * 16], np.zeros((1, 5), np.float32))

    with pytest.warns(LilliputWarning, match="removed"):
        assert [] == list(shards.read({b"k" * 16}, 4))
    assert not issubclass(LilliputWarning, CorruptFile)
    assert [] == shards_in(tmp_path)


@pytest.mark.parametrize(
    ("modules", "files", "error", "sentence"),
    [
        ('[{"type": "custom_st.Transformer", "path": ""}]', [], InvalidInput, "needs code of its own"),
        ('[{"type": "os.system", "path": ""}]', [], InvalidInput, "needs code of its own"),
        (None, ["pytorch_model.bin"], InvalidInput, "weights as a pickle"),
        (
            '[{"type": "sentence_transformers.models.Dense", "path": "2"}]',
            ["2/pytorch_model.bin"],
            InvalidInput,
            "weights as a pickle",
        ),
        ('{"type": 1}', [], FileError, "no list of modules"),
        ("[", [], FileError, "no list of modules"),
    ],
)
def test_models_that_could_run_code_are_refused(
    modules: str | None, files: list[str], error: type[Exception], sentence: str, tmp_path: Path
) -> None:
    """Code of a model's own and pickled weights: refused before anything is loaded."""
    folder = model_folder(tmp_path / "model")
    if modules is not None:
        (folder / "modules.json").write_text(modules)
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")

    with pytest.raises(error, match=sentence):
        Encoder(folder)


def test_models_that_are_not_there(tmp_path: Path) -> None:
    """A folder without a model, and a path that is none."""
    with pytest.raises(FileError, match="holds no model"):
        Encoder(tmp_path)
    with pytest.raises(FileError, match="There is no folder"):
        Encoder(tmp_path / "model")
    with pytest.raises(FileError, match="There is no folder"):
        Encoder("")


REAL = """
import json, sys, warnings
import numpy as np
from lilliput.errors import FileError
from lilliput.learn import Encoder

model, cache = sys.argv[1:]
first = Encoder(model, cache=cache)
texts = ["A cat sat on the mat.", "A kitten rested on the rug.", "Stocks fell today.", "cat " * 400, ""]
vectors = first.encode(texts, False)
asked = first.encode(texts[:1], False, kind="query")
from sentence_transformers import SentenceTransformer
from transformers.utils import logging
logging.disable_progress_bar()
theirs = SentenceTransformer(model, local_files_only=True).encode(texts, show_progress_bar=False)
try:
    Encoder("nobody/no-such-model")
    refusal = ""
except FileError as error:
    refusal = str(error)
print(json.dumps({
    "dim": first.dim,
    "alike": float(vectors[0] @ vectors[1]), "unlike": float(vectors[0] @ vectors[2]),
    "apart": float(np.abs(vectors - theirs).max()), "asked": float(np.abs(asked[0] - vectors[0]).max()),
    "refusal": refusal,
}))
"""
AGAIN = """
import sys
from lilliput.learn import Encoder
vectors = Encoder(sys.argv[1], cache=sys.argv[2]).encode(["Stocks fell today.", "A cat sat on the mat."])
loaded = {"torch", "transformers", "sentence_transformers"} & set(sys.modules)
print(vectors.shape, sorted(loaded))
"""


def run(script: str, *arguments: str) -> str:
    """Run a script offline, where warnings are errors, and give what it printed."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True
    )
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the real MiniLM says, from one process: importing it takes seconds and warns."""
    cache = str(tmp_path_factory.mktemp("real"))
    found: dict[str, Any] = json.loads(run(REAL, minilm(), cache))
    return {**found, "again": run(AGAIN, minilm(), cache)}


def test_the_real_model_knows_meanings(real: dict[str, Any]) -> None:
    """A paraphrase is nearer than an unrelated sentence."""
    assert real["dim"] == 384
    assert real["alike"] > 0.4 > real["unlike"]


def test_the_real_model_gives_what_sentence_transformers_gives(real: dict[str, Any]) -> None:
    """Batches by length, the cache and prompts change nothing."""
    assert real["apart"] <= 1e-5
    assert real["asked"] <= 1e-5


def test_the_real_model_is_not_loaded_twice(real: dict[str, Any]) -> None:
    """A second process reads what the first kept: neither torch nor transformers is imported."""
    assert "(2, 384) []\n" == real["again"]


def test_a_model_that_cannot_be_fetched_is_named(real: dict[str, Any]) -> None:
    """Offline, an unknown name is one sentence."""
    assert (
        "The model 'nobody/no-such-model' is not on this machine and could not be fetched" in real["refusal"]
    )
