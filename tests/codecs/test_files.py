"""Codecs and codes as files: what was saved comes back, what is not a codec is refused."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs.codec import Codec
from lilliput.codecs.stored import open_codes
from lilliput.errors import CorruptFile, FileError
from lilliput.io.container import Container
from lilliput.io.container_writer import write_container
from lilliput.io.files import FileLayer, using
from spellings import SPECS

X = np.random.default_rng(0).standard_normal((200, 16)).astype(np.float32)
State = tuple[dict[str, str], dict[str, NDArray[Any]]]


@pytest.mark.parametrize("metric", ["ip", "l2", "cosine"])
@pytest.mark.parametrize("spec", SPECS)
def test_a_saved_codec_comes_back(spec: str, metric: str, tmp_path: Path) -> None:
    """It encodes, decodes and prepares queries to the bit."""
    made = Codec(spec, metric=metric, seed=9).fit(X)
    codes = made.encode(X)

    made.save(tmp_path / "codec")
    other = Codec.load(str(tmp_path / "codec"))

    assert made.get_params() == other.get_params()
    assert np.array_equal(codes, other.encode(X))
    assert np.array_equal(made.decode(codes), other.decode(codes))
    for expected, actual in zip(made.query(X[:5]), other.query(X[:5]), strict=True):
        assert np.array_equal(expected, actual)


def test_a_file_of_codes_holds_its_codec(tmp_path: Path) -> None:
    """It can be loaded from either."""
    made = Codec("pca5,bin").fit(X)
    made.encode(X, tmp_path / "codes")

    assert np.array_equal(made.encode(X), Codec.load(tmp_path / "codes").encode(X))


def test_saving_replaces(tmp_path: Path) -> None:
    """The newer codec stands alone under the name."""
    Codec("int8").fit(X).save(tmp_path / "codec")
    Codec("bin").fit(X).save(tmp_path / "codec")

    assert Codec.load(tmp_path / "codec").spec == "bin"
    assert [tmp_path / "codec"] == list(tmp_path.iterdir())


def test_what_holds_something_else_is_refused(tmp_path: Path) -> None:
    """A container of another kind, a codec where codes were wanted, and no file."""
    write_container(tmp_path / "other", {"x": X}, {}, format="lilliput-other")
    Codec("int8").fit(X).save(tmp_path / "codec")

    with pytest.raises(FileError, match="lilliput-other"):
        Codec.load(tmp_path / "other")
    with pytest.raises(FileError, match="lilliput-codec"):
        open_codes(tmp_path / "codec")
    with pytest.raises(FileError, match="does not exist"):
        Codec.load(tmp_path / "none")


def changed(state: State, **metadata: str) -> State:
    """A state with some of its text replaced."""
    return state[0] | metadata, dict(state[1])


def without(state: State, name: str) -> State:
    """A state that lacks an array."""
    return state[0], {key: array for key, array in state[1].items() if key != name}


def with_array(state: State, name: str, array: NDArray[Any]) -> State:
    """A state with an array more, or another one."""
    return state[0], state[1] | {name: array}


def good() -> State:
    """A state that is whole."""
    metadata, arrays = Codec("pca5,bin", metric="l2").fit(X).state()
    return dict(metadata), dict(arrays)


BROKEN = [
    (({}, {}), "seed"),
    (changed(good(), seed="-1"), "seed"),
    (changed(good(), seed="9" * 20), "seed"),
    (changed(good(), dim="x"), "dimensions"),
    (changed(good(), dim="0"), "dimensions"),
    (changed(good(), dim="99999999"), "dimensions"),
    (changed(good(), dim="17"), "directions"),
    (changed(good(), dim="4"), "pca5"),
    (changed(good(), spec="pca5"), "quantiser"),
    (changed(good(), spec="zip7"), "zip7"),
    (changed(good(), spec="pca6,bin"), "directions"),
    (changed(good(), spec="pca5,int8"), "arrays"),
    (changed(good(), metric="l3"), "l3"),
    (changed(good(), metric="cosine"), "arrays"),
    (without(good(), "0.mean"), "mean"),
    (without(good(), "1.step"), "step"),
    (with_array(good(), "2.more", X), "2.more"),
    (with_array(good(), "1.step", np.zeros(1)), "float64"),
    (with_array(good(), "1.step", np.zeros(2, np.float32)), "step"),
    (with_array(good(), "1.step", np.full(1, np.nan, np.float32)), "not finite"),
]


@pytest.mark.parametrize(("state", "words"), BROKEN)
def test_a_state_that_contradicts_itself_is_refused(state: State, words: str) -> None:
    """The message says what does not fit."""
    with pytest.raises(CorruptFile, match=words):
        Codec.from_state(*state)


def test_a_whole_state_is_taken() -> None:
    """The states above are broken by what was changed in them and by nothing else."""
    assert Codec.from_state(*good()).spec == "pca5,bin"


def test_codes_of_another_width_are_refused(tmp_path: Path) -> None:
    """Codes that the codec beside them did not make."""
    metadata, arrays = Codec("int8").fit(X).state()
    tensors = {f"codec.{name}": array for name, array in arrays.items()}
    write_container(tmp_path / "c", tensors | {"codes": X.view(np.uint8)}, metadata, format="lilliput-codes")

    with pytest.raises(CorruptFile, match="codes"):
        open_codes(tmp_path / "c")


@pytest.mark.parametrize("at", [100, 700, -200])
def test_a_flipped_bit_is_an_error(at: int, tmp_path: Path) -> None:
    """In the header, the codec or the codes."""
    path = tmp_path / "codes"
    Codec("pca5,int8", metric="l2").fit(X).encode(X, path)
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)

    with pytest.raises(CorruptFile, match="codes"):
        open_codes(path)


class FullDisk(FileLayer):
    """A disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, file: int, data: memoryview) -> int:
        """Write while there is room."""
        if self.room < len(data):
            raise OSError(errno.ENOSPC, "full")
        self.room -= len(data)
        return super().write(file, data)


@pytest.mark.parametrize("room", [0, 100, 2000, 3000])
def test_a_full_disk_leaves_the_old_codes(room: int, tmp_path: Path) -> None:
    """Whether the number of rows is known beforehand or not."""
    made = Codec("int8", metric="l2").fit(X)
    made.encode(X[:9], tmp_path / "codes")
    before = (tmp_path / "codes").read_bytes()

    for vectors in (X, iter([X])):
        with using(FullDisk(room)), pytest.raises(FileError, match="disk is full"):
            made.encode(vectors, tmp_path / "codes")

    assert before == (tmp_path / "codes").read_bytes()
    assert [tmp_path / "codes"] == list(tmp_path.iterdir())


def test_the_file_holds_what_it_says(tmp_path: Path) -> None:
    """Text and tensors are those that the page on the format names."""
    codes = Codec("rotate,bin", metric="l2", seed=4).fit(X).encode(X, tmp_path / "codes")

    with Container.open(tmp_path / "codes", verify="full") as container:
        assert container.format == "lilliput-codes"
        expected = {"spec": "rotate,bin", "metric": "l2", "seed": "4", "dim": "16"}
        assert expected == dict(container.metadata)
        assert ("codec.0.signs", "codec.1.mean", "codec.1.step", "codes") == container.names
        assert np.array_equal(codes, container.tensor("codes"))
