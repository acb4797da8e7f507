"""The `.fbin`, `.u8bin` and `.i8bin` formats, as the benchmarks' page describes them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.errors import InvalidInput
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix
from lilliput.io.write import write_vectors

DTYPES = {".fbin": "<f4", ".u8bin": "u1", ".i8bin": "i1"}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 50), st.sampled_from(sorted(DTYPES)))
def test_vectors_stream_as_laid_out(
    tmp_path_factory: pytest.TempPathFactory, rows: int, dim: int, size: int, suffix: str
) -> None:
    """Read, mapped and written, byte for byte."""
    folder = tmp_path_factory.mktemp("bin")
    array = np.random.default_rng(rows).integers(0, 128, (rows, dim)).astype(DTYPES[suffix])
    path = folder / f"X{suffix}"
    path.write_bytes(np.array([rows, dim], "<u4").tobytes() + array.tobytes())

    source = open_vectors(path)

    assert (rows, dim) == (source.rows, source.dim)
    np.testing.assert_array_equal(array, np.concatenate([array[:0], *source.batches(size)]))
    np.testing.assert_array_equal(array, read_array(path))
    assert array.dtype == read_array(path).dtype
    assert rows == write_vectors(folder / f"Y{suffix}", source)
    assert path.read_bytes() == (folder / f"Y{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("suffix", "bad"), [(".u8bin", -1), (".u8bin", 256), (".i8bin", 128), (".i8bin", 0.25)]
)
def test_values_that_would_change_are_refused(suffix: str, bad: float, tmp_path: Path) -> None:
    """With their row; nothing is written."""
    with pytest.raises(InvalidInput, match="Row 2 is not whole numbers"):
        write_vectors(tmp_path / f"X{suffix}", [[0.0], [0.0], [bad]])
    assert [] == list(tmp_path.iterdir())


def test_negative_numbers_are_signed(tmp_path: Path) -> None:
    """And large ones unsigned, by the suffix."""
    for suffix, values in ((".i8bin", [-128, 127]), (".u8bin", [0, 255])):
        write_vectors(tmp_path / f"X{suffix}", [values])

        np.testing.assert_array_equal([values], as_matrix(tmp_path / f"X{suffix}", name="X"))
