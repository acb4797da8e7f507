"""What is written in any format reads back the same, number for number and type for type."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput.errors import FileError, InvalidInput, WrongType
from lilliput.io.elements import ELEMENTS, element, element_of, from_bf16, to_bf16
from lilliput.io.files import FileLayer, using
from lilliput.io.formats import FORMATS
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix, as_source
from lilliput.io.write import write_vectors

NUMPY = ["f16", "f32", "f64", "i8", "u8"]
SUFFIXES = [suffix for suffix, format in FORMATS.items() if "f16" in format.elements]
PLACES = [*SUFFIXES, "/"]


def numbers(name: str, rows: int, dim: int, seed: int = 0) -> NDArray[Any]:
    """Vectors of a type, over most of its range."""
    rng = np.random.default_rng(seed)
    if name in ("i8", "u8"):
        return rng.integers(0, 127, (rows, dim)).astype(ELEMENTS[name])
    spread = 10.0 ** rng.integers(-4, 4, (rows, dim))
    wide: NDArray[Any] = rng.standard_normal((rows, dim)) * spread
    return wide.astype(np.float32 if name == "bf16" else ELEMENTS[name])


def place(folder: Path, suffix: str) -> str:
    """A path that a suffix, or a slash, tells the format of."""
    return f"{folder}/X{suffix}"


@pytest.mark.parametrize("suffix", PLACES)
@pytest.mark.parametrize("name", NUMPY)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 50), st.integers(1, 9), st.integers(1, 60))
def test_what_is_written_reads_back(
    suffix: str, name: str, tmp_path: Path, rows: int, dim: int, size: int
) -> None:
    """Raw to the bit, as float32 blocks of the size asked for, and again from the file that was read."""
    array = numbers(name, rows, dim, rows)
    path = place(tmp_path, suffix)

    assert rows == write_vectors(path, array, progress=False)

    source = open_vectors(path.rstrip("/"))
    assert (rows, dim, name) == (source.rows, source.dim, element_of(source))
    blocks = list(source.batches(size))
    assert all(len(block) == size for block in blocks[:-1])
    np.testing.assert_array_equal(array.astype(np.float32), np.concatenate(blocks))
    actual = read_array(path.rstrip("/"))
    assert array.dtype == actual.dtype
    np.testing.assert_array_equal(array, actual)
    write_vectors(tmp_path / "again.npy", source)
    np.testing.assert_array_equal(array, np.load(tmp_path / "again.npy"))
    assert array.dtype == np.load(tmp_path / "again.npy").dtype


@pytest.mark.parametrize("suffix", [".safetensors", ".jsonl"])
def test_bfloat16_is_kept(suffix: str, tmp_path: Path) -> None:
    """Where a format holds it; its numbers are exact in float32."""
    given_floats = numbers("f32", 30, 5)
    path = tmp_path / f"X{suffix}"

    write_vectors(path, given_floats, dtype="bf16")

    source = open_vectors(path)
    expected = from_bf16(to_bf16(given_floats))
    assert "bf16" == element_of(source)
    np.testing.assert_array_equal(expected, as_matrix(source, name="X"))
    write_vectors(tmp_path / "Y.safetensors", source)
    assert "bf16" == element_of(open_vectors(tmp_path / "Y.safetensors"))
    np.testing.assert_array_equal(expected, read_array(tmp_path / "Y.safetensors"))
    write_vectors(tmp_path / "Z.npy", source)
    np.testing.assert_array_equal(expected, np.load(tmp_path / "Z.npy"))


def test_bfloat16_rounds_as_another_library_does() -> None:
    """To the nearest, and to even between two."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    floats = np.concatenate(
        [numbers("f32", 100, 50).ravel(), np.float32([1.00390625, 1.01171875, 3.4e38, -0.0])]
    )

    expected = floats.astype(ml_dtypes.bfloat16).view("<u2")

    np.testing.assert_array_equal(expected, to_bf16(floats).view("<u2"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_number_changes_unasked(suffix: str, tmp_path: Path) -> None:
    """Float64 stays, and goes to narrower types only when they are named."""
    array = np.array([[0.1, 1 / 3]])

    write_vectors(tmp_path / f"X{suffix}", array)
    write_vectors(tmp_path / f"Y{suffix}", array, dtype="float16")

    np.testing.assert_array_equal(array, read_array(tmp_path / f"X{suffix}"))
    np.testing.assert_array_equal(array.astype("f2"), read_array(tmp_path / f"Y{suffix}"))


@pytest.mark.parametrize("suffix", [".fvecs", ".fbin"])
def test_a_format_that_cannot_hold_a_type_says_which_can(suffix: str, tmp_path: Path) -> None:
    """And takes it rounded when told so; what is narrower goes in as it is."""
    with pytest.raises(
        InvalidInput, match=rf"\{suffix} cannot hold f64, only f32; write \.npy or .*dtype='f32'"
    ):
        write_vectors(tmp_path / f"X{suffix}", np.array([[0.1]]))
    assert [] == list(tmp_path.iterdir())

    for dtype, array in (("f32", np.array([[0.1]])), (None, np.array([[0.5]], "f2")), (None, [[0.5]])):
        write_vectors(tmp_path / f"X{suffix}", array, dtype=dtype)
        np.testing.assert_array_equal(np.asarray(array, "f4"), read_array(tmp_path / f"X{suffix}"))
    with pytest.raises(InvalidInput, match=r"cannot hold bf16, only f32; write \.safetensors or \.jsonl"):
        write_vectors(tmp_path / f"X{suffix}", [[0.5]], dtype="bf16")


@pytest.mark.parametrize(
    ("dtype", "bad", "match"),
    [
        ("f16", 1e5, "row 1 that f16 cannot hold"),
        ("bf16", 3.4e38, "row 1 that bf16 cannot hold"),
        ("i8", 128.0, "Row 1 is not whole numbers from -128 to 127"),
        ("u8", 0.5, "Row 1 is not whole numbers from 0 to 255"),
    ],
)
def test_a_number_beyond_a_type_is_named_by_its_row(
    dtype: str, bad: float, match: str, tmp_path: Path
) -> None:
    """Nothing is written."""
    with pytest.raises(InvalidInput, match=match):
        write_vectors(tmp_path / "X.jsonl", [[0.0], [bad]], dtype=dtype)
    assert [] == list(tmp_path.iterdir())


def test_types_have_several_names() -> None:
    """Short, long and numpy's own; anything else is refused with the list."""
    assert ["f16"] * 3 == [element(name) for name in ("f16", "float16", np.float16)]
    with pytest.raises(InvalidInput, match="one of f16, bf16, f32"):
        element("float8")
    with pytest.raises(InvalidInput, match="one of f16, bf16, f32"):
        element(np.int64)
    with pytest.raises((WrongType, InvalidInput), match="one of f16"):
        element(object())


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".arrow", ".arrows", ".h5", ".safetensors", ".jsonl"])
def test_a_part_has_the_name_that_it_is_given(suffix: str, tmp_path: Path) -> None:
    """Both ways of saying it, for writing and for reading; a wrong one lists what is there."""
    X = numbers("f32", 5, 3)
    path = tmp_path / f"X{suffix}"
    write_vectors(f"{path}::emb", X)
    other = tmp_path / f"Y{suffix}"
    write_vectors(other, X, column="emb")

    assert path.read_bytes() == other.read_bytes()
    np.testing.assert_array_equal(X, as_matrix(f"{path}::emb", name="X"))
    np.testing.assert_array_equal(X, read_array(path, column="emb"))
    with pytest.raises(InvalidInput, match=r"holds no \w+( \w+)? 'train2' of vectors; it holds emb"):
        open_vectors(f"{path}::train2")
    with pytest.raises(InvalidInput, match="name one"):
        open_vectors(f"{path}::emb", column="other")


def test_a_path_that_is_there_is_not_parted(tmp_path: Path) -> None:
    """A file may have colons in its name."""
    np.save(tmp_path / "a::b.npy", np.eye(3))

    assert 3 == open_vectors(tmp_path / "a::b.npy").dim


@pytest.mark.parametrize("suffix", [suffix for suffix in PLACES if suffix != ".ndjson"])
def test_reading_and_writing_take_a_few_blocks_of_memory(suffix: str, tmp_path: Path) -> None:
    """Of Python's memory, 64 MiB of vectors take less than 40 MiB."""
    rows = 2_000 if suffix == ".jsonl" else 32_768
    block = numbers("f32", 1_000, 512)
    batches = as_source([block] * (rows // 1_000))
    write_vectors(f"{tmp_path}/first{suffix}", block[:1])  # what is imported for it is not counted
    tracemalloc.start()
    try:
        write_vectors(place(tmp_path, suffix), batches, progress=False)
        for _ in open_vectors(place(tmp_path, suffix).rstrip("/")).batches():
            pass
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


class FullDisk(FileLayer):
    """A disk that is full after some bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, file: int, data: memoryview) -> int:
        """Refuse what does not fit."""
        if self.room < len(data):
            raise OSError(28, "No space left on device")
        self.room -= len(data)
        return super().write(file, data)


@pytest.mark.parametrize("suffix", PLACES)
@pytest.mark.parametrize("room", [0, 700, 100_000])
def test_a_full_disk_leaves_what_was_there(suffix: str, room: int, tmp_path: Path) -> None:
    """The error says so, and the old vectors are read as before."""
    old = numbers("f32", 4, 4)
    path = place(tmp_path, suffix)
    write_vectors(path, old)
    before = sorted(tmp_path.iterdir())

    with using(FullDisk(room)), pytest.raises(FileError, match=r"disk is full.*unchanged"):
        write_vectors(path, numbers("f32", 4_000, 64))

    assert before == sorted(tmp_path.iterdir())
    np.testing.assert_array_equal(old, as_matrix(path.rstrip("/"), name="X"))


@pytest.mark.parametrize(
    "suffix", [suffix for suffix in SUFFIXES if suffix in (".h5", ".safetensors", ".parquet")]
)
def test_a_flipped_bit_in_the_numbers_is_an_error(suffix: str, tmp_path: Path) -> None:
    """What lilliput writes in a format that has checksums is covered by them."""
    array = numbers("f32", 500, 16)
    path = tmp_path / f"X{suffix}"
    write_vectors(path, array)
    whole = path.read_bytes()
    first = whole.index(array[:1].tobytes())
    for at in (first, first + 7_001, first + 31_999):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])

        with pytest.raises(FileError, match=r"damaged|not a sound|checksum"):
            as_matrix(path, name="X")


def test_progress_is_told_and_can_cancel(tmp_path: Path) -> None:
    """Rows done of all; a False leaves nothing behind."""
    from lilliput.errors import Cancelled

    told: list[tuple[int, int]] = []
    write_vectors(tmp_path / "X.npy", numbers("f32", 9, 2), progress=lambda *step: told.append(step))

    assert [(9, 9)] == told
    with pytest.raises(Cancelled):
        write_vectors(tmp_path / "Y.parquet", numbers("f32", 9, 2), progress=lambda done, total: False)
    assert ["X.npy"] == [path.name for path in tmp_path.iterdir()]
