"""A folder of good and bad files, made once, for the tests of the command line."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import lilliput as lp


def _flip(path: Path, at: float) -> None:
    """Flip one bit at a fraction of a file's length."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 4
    path.write_bytes(data)


def _vectors(folder: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 16), dtype=np.float32)
    np.save(folder / "X.npy", X)
    np.save(folder / "Q.npy", X[:5] + np.float32(0.01))
    np.save(folder / "narrow.npy", X[:5, :8])
    np.save(folder / "one.npy", X[0])
    np.save(folder / "empty.npy", X[:0])
    np.save(folder / "words.npy", np.array(["a", {}], dtype=object), allow_pickle=True)
    np.save(folder / "complex.npy", X.astype(np.complex64))
    np.save(folder / "ids.npy", np.arange(400) + 1000)
    np.save(folder / "twice.npy", np.repeat(np.arange(200), 2))
    X[17, 3] = np.nan
    np.save(folder / "nan.npy", X)
    whole = (folder / "X.npy").read_bytes()
    (folder / "cut.npy").write_bytes(whole[:-100])
    (folder / "text.npy").write_text("These are words, not vectors.\n")
    (folder / "X.xyz").write_bytes(whole)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors, queries, an index and codes; and of each kind some that are broken."""
    folder = tmp_path_factory.mktemp("desk")
    _vectors(folder)
    (folder / "plain").mkdir()
    index = lp.Index("flat | int8 | f32", metric="l2").fit(folder / "X.npy")
    index.add(folder / "X.npy")
    index.save(folder / "index")
    shutil.copytree(folder / "index", folder / "broken")
    for path in (folder / "broken").glob("*.safetensors"):
        _flip(path, 0.5)
    codec = lp.Codec("int8", metric="l2").fit(folder / "X.npy")
    codec.encode(folder / "X.npy", out=folder / "codes.safetensors")
    shutil.copy(folder / "codes.safetensors", folder / "flipped.safetensors")
    _flip(folder / "flipped.safetensors", 0.5)
    return folder


@pytest.fixture
def at_desk(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in that folder, so that Python and the command line name the same relative paths."""
    monkeypatch.chdir(desk)
    return desk
