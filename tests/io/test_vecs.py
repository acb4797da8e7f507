"""The `.fvecs`, `.ivecs` and `.bvecs` formats, as their page describes them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix
from lilliput.io.write import write_vectors

DTYPES = {".fvecs": "<f4", ".ivecs": "<i4", ".bvecs": "u1"}


def laid_out(array: NDArray[np.generic], suffix: str) -> bytes:
    """The bytes, row by row."""
    rows = array.astype(DTYPES[suffix])
    return b"".join(np.int32(rows.shape[1]).astype("<i4").tobytes() + row.tobytes() for row in rows)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 50), st.sampled_from([".fvecs", ".bvecs"]))
def test_vectors_stream_as_laid_out(
    tmp_path_factory: pytest.TempPathFactory, rows: int, dim: int, size: int, suffix: str
) -> None:
    """Read, mapped and written, byte for byte."""
    folder = tmp_path_factory.mktemp("vecs")
    array = np.random.default_rng(rows).integers(0, 256, (rows, dim)).astype(DTYPES[suffix])
    path = folder / f"X{suffix}"
    path.write_bytes(laid_out(array, suffix))

    source = open_vectors(path)

    assert (rows, dim) == (source.rows, source.dim)
    np.testing.assert_array_equal(array, np.concatenate(list(source.batches(size))))
    np.testing.assert_array_equal(array, read_array(path))
    assert array.dtype == read_array(path).dtype
    assert rows == write_vectors(folder / f"Y{suffix}", source)
    assert path.read_bytes() == (folder / f"Y{suffix}").read_bytes()


def test_ids_are_read_as_they_are(tmp_path: Path) -> None:
    """`.ivecs` is a ground truth: int32, negative too, and no vectors."""
    ids = np.array([[5, -1, 2**31 - 1], [0, 2**24 + 1, -(2**31)]], "<i4")
    (tmp_path / "T.ivecs").write_bytes(laid_out(ids, ".ivecs"))

    actual = read_array(tmp_path / "T.ivecs")

    np.testing.assert_array_equal(ids, actual)
    assert np.int32 == actual.dtype
    with pytest.raises(InvalidInput, match="ids, not vectors; use read_array"):
        open_vectors(tmp_path / "T.ivecs")


def test_a_suffix_in_capitals_is_the_same(tmp_path: Path) -> None:
    """As other systems write it."""
    (tmp_path / "X.FVECS").write_bytes(laid_out(np.eye(3), ".fvecs"))

    np.testing.assert_array_equal(np.eye(3), as_matrix(tmp_path / "X.FVECS", name="X"))


@pytest.mark.parametrize("row", [1, 4, 9])
def test_a_row_of_another_length_is_named(row: int, tmp_path: Path) -> None:
    """In whatever block it lies."""
    data = bytearray(laid_out(np.ones((10, 3)), ".fvecs"))
    data[row * 16] = 2
    (tmp_path / "X.fvecs").write_bytes(data)

    for read in (read_array, lambda path: list(open_vectors(path).batches(4))):
        with pytest.raises(CorruptFile, match=f"2 dimensions in row {row} and 3 in row 0"):
            read(tmp_path / "X.fvecs")


@pytest.mark.parametrize(
    ("suffix", "bad"),
    [
        (".bvecs", 256),
        (".bvecs", -1),
        (".bvecs", 0.5),
        (".ivecs", 2.0**31),
        (".ivecs", 1.5),
        (".ivecs", -(2.0**32)),
    ],
)
def test_values_that_would_change_are_refused(suffix: str, bad: float, tmp_path: Path) -> None:
    """With their row; nothing is written."""
    with pytest.raises(InvalidInput, match=f"Row 1 is not whole numbers.*{suffix}"):
        write_vectors(tmp_path / f"X{suffix}", [[1.0], [bad]])
    assert [] == list(tmp_path.iterdir())


def test_whole_numbers_are_written_exactly(tmp_path: Path) -> None:
    """To the ends of the range that float32 has."""
    write_vectors(tmp_path / "X.ivecs", [[-(2.0**31), 2.0**31 - 128]])

    np.testing.assert_array_equal([[-(2**31), 2**31 - 128]], read_array(tmp_path / "X.ivecs"))


def test_no_vectors_cannot_be_written(tmp_path: Path) -> None:
    """The format has no place for their dimensions."""
    with pytest.raises(InvalidInput, match="empty set"):
        write_vectors(tmp_path / "X.fvecs", np.empty((0, 3), np.float32))
