"""The `.npz` reader agrees with numpy, in bounded memory, and checks what it reads."""

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.npz import open_npz, read_npz
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix
from lilliput.io.write import write_vectors

X = np.random.default_rng(0).integers(0, 50, (101, 7)).astype(np.float32)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f8", "i1", "u1"])
@pytest.mark.parametrize("order", "CF")
def test_vectors_stream_as_numpy_reads_them(save: object, dtype: str, order: str, tmp_path: Path) -> None:
    """Packed or not, in both memory orders, and again."""
    array = np.asarray(X.astype(dtype), order=order)  # type: ignore[call-overload]
    save(tmp_path / "X.npz", X=array)  # type: ignore[operator]

    source = open_npz(tmp_path / "X.npz")

    assert (101, 7) == (source.rows, source.dim)
    for _ in range(2):
        np.testing.assert_array_equal(X, np.concatenate(list(source.batches(10))))
    actual = read_npz(tmp_path / "X.npz")
    np.testing.assert_array_equal(array, actual)
    assert array.dtype.newbyteorder("=") == actual.dtype


def test_one_of_several_is_chosen_by_name(tmp_path: Path) -> None:
    """Without a name the message lists them."""
    np.savez(tmp_path / "X.npz", a=X, b=X + 1, ids=np.arange(5))

    np.testing.assert_array_equal(X + 1, as_matrix(open_vectors(tmp_path / "X.npz", column="b"), name="X"))
    np.testing.assert_array_equal(np.arange(5), read_array(tmp_path / "X.npz", column="ids"))
    with pytest.raises(
        InvalidInput, match=r"holds the arrays a, b, ids; say which, as .*X.npz::a or by column="
    ):
        open_vectors(tmp_path / "X.npz")
    with pytest.raises(InvalidInput, match="holds no array 'c' of vectors; it holds a, b, ids"):
        open_vectors(tmp_path / "X.npz", column="c")
    with pytest.raises(InvalidInput, match=r"X\.npz\[ids\] has shape \(5,\)"):
        open_vectors(tmp_path / "X.npz", column="ids")


def test_a_name_is_for_archives(tmp_path: Path) -> None:
    """A `.npy` has one array."""
    np.save(tmp_path / "X.npy", X)
    for read in (open_vectors, read_array):
        with pytest.raises(InvalidInput, match="without a name"):
            read(tmp_path / "X.npy", column="a")


def test_numpy_reads_what_is_written(tmp_path: Path) -> None:
    """One array named vectors; equal vectors give equal files."""
    assert 101 == write_vectors(tmp_path / "a.npz", X)
    write_vectors(tmp_path / "b.npz", X)

    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(X, archive["vectors"])
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_iterator_cannot_be_written(tmp_path: Path) -> None:
    """The number of rows comes first in an archive."""
    with pytest.raises(InvalidInput, match=r"write \.npy"):
        write_vectors(tmp_path / "X.npz", iter([X]))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_flipped_byte_is_found_or_harmless(save: object, tmp_path: Path) -> None:
    """The archive's checksum covers the numbers; a flip gives an error or the same vectors."""
    path = tmp_path / "X.npz"
    save(path, X=X[:9])  # type: ignore[operator]
    whole = path.read_bytes()
    found = 0
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        try:
            actual = as_matrix(path, name="X")
        except (CorruptFile, InvalidInput):
            found += 1
        else:
            np.testing.assert_array_equal(X[:9], actual)
    assert found > len(whole) // 2


def test_reading_takes_a_few_blocks_of_memory(tmp_path: Path) -> None:
    """60 MiB that were packed to nearly nothing, in either memory order, in under 40 MiB."""
    rows = np.zeros((30_720, 512), np.float32)
    for order in (rows, np.asfortranarray(rows)):
        np.savez_compressed(tmp_path / "X.npz", X=order)
        tracemalloc.start()
        try:
            assert 30_720 == sum(len(block) for block in open_npz(tmp_path / "X.npz").batches())
            assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
        finally:
            tracemalloc.stop()


def test_an_archive_that_changes_is_noticed(tmp_path: Path) -> None:
    """Between opening and reading."""
    path = tmp_path / "X.npz"
    np.savez(path, X=X)
    source = open_npz(path)
    np.savez(path, X=X[:, :6])
    with pytest.raises(CorruptFile, match="open it again"):
        next(source.batches())

    np.savez(path, X=X)
    source = open_npz(path)
    np.savez(path, X=X.reshape(7, 101))
    with pytest.raises(CorruptFile, match="open it again"):
        next(source.batches())


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    """Nothing is ever unpacked to a name."""
    np.save(tmp_path / "X.npy", X)
    with zipfile.ZipFile(tmp_path / "X.npz", "w") as archive:
        archive.write(tmp_path / "X.npy", "../../escape.npy")
    before = sorted(tmp_path.parent.rglob("*"))

    np.testing.assert_array_equal(X, as_matrix(tmp_path / "X.npz", name="X"))
    assert before == sorted(tmp_path.parent.rglob("*"))
