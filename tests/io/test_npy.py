"""The `.npy` reader agrees with numpy on what numpy writes, and the writer with the reader."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput.errors import FileError, InvalidInput
from lilliput.io.files import FileLayer, using
from lilliput.io.npy import HEADER_BYTES, array_header, open_npy, read_npy
from lilliput.io.source import as_matrix, as_source
from lilliput.io.write import write_vectors

NUMBERS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]
VECTORS = ["f2", "f4", "f8", "i1", "u1"]


@pytest.mark.parametrize("dtype", VECTORS)
@pytest.mark.parametrize("byte_order", "<>")
@pytest.mark.parametrize("memory_order", "CF")
@pytest.mark.parametrize("shape", [(13, 7), (1, 7), (13, 1), (1, 1), (0, 7)])
def test_vectors_stream_as_numpy_reads_them(
    dtype: str, byte_order: str, memory_order: str, shape: tuple[int, int], tmp_path: Path
) -> None:
    """Every dtype in both byte orders and both memory orders, in blocks that do not divide the rows."""
    array = np.arange(np.prod(shape)).reshape(shape).astype(f"{byte_order}{dtype}", order=memory_order)
    np.save(tmp_path / "X.npy", array)

    source = open_npy(tmp_path / "X.npy")
    blocks = list(source.batches(4))

    assert shape == (source.rows, source.dim)
    np.testing.assert_array_equal(
        array.astype("f4"), np.concatenate([np.empty((0, shape[1]), "f4"), *blocks])
    )
    assert all(block.dtype == np.float32 and block.flags.c_contiguous for block in blocks)


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("byte_order", "<>")
@pytest.mark.parametrize("memory_order", "CF")
@pytest.mark.parametrize("shape", [(), (5,), (0,), (3, 0), (4, 3), (2, 3, 4)])
def test_any_numbers_are_mapped_as_numpy_reads_them(
    dtype: str, byte_order: str, memory_order: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    """`read_array` keeps dtype, values and shape, and gives the machine's own byte order."""
    array = np.asarray(
        np.arange(np.prod(shape)).reshape(shape).astype(f"{byte_order}{dtype}"), order=memory_order
    )
    np.save(tmp_path / "X.npy", array)

    actual = read_npy(tmp_path / "X.npy")

    np.testing.assert_array_equal(array, actual)
    assert array.dtype.newbyteorder("=") == actual.dtype
    assert actual.dtype.isnative


def test_a_mapped_array_is_a_map_and_read_only(tmp_path: Path) -> None:
    """Nothing is read before it is touched."""
    np.save(tmp_path / "X.npy", np.eye(4))

    actual = read_npy(tmp_path / "X.npy")

    assert isinstance(actual, np.memmap)
    assert not actual.flags.writeable


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(version: tuple[int, int], tmp_path: Path) -> None:
    """Versions differ in the width of one length."""
    array = np.eye(3, dtype=np.float32)
    with open(tmp_path / "X.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)

    np.testing.assert_array_equal(array, as_matrix(tmp_path / "X.npy", name="X"))


@given(st.integers(0, 2**63), st.integers(1, 65_536))
def test_a_header_has_one_length_whatever_the_shape(rows: int, dim: int) -> None:
    """So it can be written again in its place, and numpy reads it."""
    header = array_header((rows, dim), np.dtype("<f4"))

    assert HEADER_BYTES == len(header)
    assert b"\n" == header[-1:]
    assert str((rows, dim)).encode() in header


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=5), st.integers(1, 4))
def test_numpy_reads_what_is_written(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], dim: int
) -> None:
    """From an iterator, whose number of rows is known only at its end."""
    path = tmp_path_factory.mktemp("npy") / "X.npy"
    batches = [np.full((length, dim), number, np.float32) for number, length in enumerate(lengths)]

    rows = write_vectors(path, as_source(iter(batches), dim=dim))

    expected = np.concatenate([np.empty((0, dim), np.float32), *batches])
    assert len(expected) == rows
    np.testing.assert_array_equal(expected, np.load(path))


def test_reading_takes_a_few_blocks_of_memory(tmp_path: Path) -> None:
    """A file of 96 MiB in column order, and one of float64, in under 40 MiB."""
    path = tmp_path / "X.npy"
    for dtype, order, rows in (("f4", True, 49_152), ("f8", False, 24_576)):
        np.lib.format.open_memmap(
            path, mode="w+", dtype=dtype, shape=(rows, 512), fortran_order=order
        ).flush()
        tracemalloc.start()
        try:
            assert rows == sum(len(block) for block in open_npy(path).batches())
            assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
        finally:
            tracemalloc.stop()


def test_every_failing_call_of_the_system_is_a_sentence(tmp_path: Path) -> None:
    """The Nth write, sync or rename fails, for every N; the old or the new file is there, whole."""
    path = tmp_path / "X.npy"
    X, Y = np.zeros((300_000, 2), np.float32), np.ones((300_000, 2), np.float32)
    write_vectors(path, X)
    survivors = set()
    for number in range(20):
        message = failure(number, path, Y)
        if message is None:
            break
        assert "X.npy could not be" in message
        survivors.add(float(np.load(path)[0, 0]))
        assert [path] == list(tmp_path.iterdir())

    assert {0.0, 1.0} == survivors
    np.testing.assert_array_equal(Y, np.load(path))


def failure(number: int, path: Path, array: NDArray[np.float32]) -> str | None:
    """What is said when that call fails; None when there are fewer calls."""
    try:
        with using(Failing(number)):
            write_vectors(path, array)
    except FileError as error:
        return str(error)
    return None


class Failing(FileLayer):
    """Fails one of the calls that change the file."""

    def __init__(self, number: int) -> None:
        self.left = number

    def _count(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise OSError(5, "Input/output error")

    def create(self, path: Path) -> int:
        """Create, or fail."""
        self._count()
        return super().create(path)

    def write(self, file: int, data: memoryview) -> int:
        """Write, or fail."""
        self._count()
        return super().write(file, data)

    def sync(self, file: int) -> None:
        """Sync, or fail."""
        self._count()
        super().sync(file)

    def rename(self, old: Path, new: Path) -> None:
        """Rename, or fail."""
        self._count()
        super().rename(old, new)

    def sync_folder(self, path: Path) -> None:
        """Sync the folder, or fail."""
        self._count()
        super().sync_folder(path)


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    """NaN in the last row, and a full disk; no temporary file stays."""

    class Full(FileLayer):
        def write(self, file: int, data: memoryview) -> int:
            raise OSError(28, "No space left on device")

    path = tmp_path / "X.npy"
    write_vectors(path, [[1.0]])
    before = path.read_bytes()
    bad = np.zeros((4, 1))
    bad[3] = np.nan

    with pytest.raises(InvalidInput, match="row 3"):
        write_vectors(path, bad)
    with using(Full()), pytest.raises(FileError, match=r"disk is full.*unchanged"):
        write_vectors(path, [[2.0]])

    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_a_file_can_be_written_over_while_it_is_read(tmp_path: Path) -> None:
    """The new file takes the name only when the old one has been read."""
    path = tmp_path / "X.npy"
    X = np.random.default_rng(0).standard_normal((300, 8)).astype(np.float32)
    write_vectors(path, X)

    write_vectors(path, (block * 2 for block in open_npy(path).batches(7)))

    np.testing.assert_array_equal(X * 2, np.load(path))


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder, a missing parent, an unknown suffix."""
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        write_vectors(tmp_path / "folder.npy", [[1.0]])
    with pytest.raises(FileError, match="parent folder"):
        write_vectors(tmp_path / "nowhere" / "X.npy", [[1.0]])
    with pytest.raises(InvalidInput, match=r"\.npy, \.npz"):
        write_vectors(tmp_path / "X.xyz", [[1.0]])
