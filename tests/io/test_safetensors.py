"""Any safetensors file is read, and any safetensors reader reads what is written."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import lilliput as lp
from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.open import open_vectors, read_array
from lilliput.io.safetensors import has_checksums
from lilliput.io.source import as_matrix
from lilliput.io.write import write_vectors

X = np.random.default_rng(0).integers(0, 100, (3_000, 50)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1"])
def test_the_only_matrix_is_taken(dtype: str, tmp_path: Path) -> None:
    """Beside vectors of one axis, ids and metadata; each can be named."""
    parts = {"bias": np.ones(3, np.float32), "emb.weight": X.astype(dtype), "ids": np.arange(6).reshape(2, 3)}
    safetensors.numpy.save_file(parts, tmp_path / "X.safetensors", {"about": "this"})

    source = open_vectors(tmp_path / "X.safetensors")

    assert (3_000, 50, not True) == (source.rows, source.dim, has_checksums(tmp_path / "X.safetensors"))
    np.testing.assert_array_equal(X, np.concatenate(list(source.batches(700))))
    np.testing.assert_array_equal(parts["ids"], read_array(f"{tmp_path}/X.safetensors::ids"))
    with pytest.raises(InvalidInput, match="ids is I64; vectors are"):
        open_vectors(f"{tmp_path}/X.safetensors::ids")
    with pytest.raises(InvalidInput, match=r"bias has shape \(3,\)"):
        open_vectors(f"{tmp_path}/X.safetensors::bias")


def test_another_reader_reads_what_is_written(tmp_path: Path) -> None:
    """The checksums are tensors among others."""
    write_vectors(tmp_path / "X.safetensors", X)

    assert has_checksums(tmp_path / "X.safetensors")
    np.testing.assert_array_equal(X, safetensors.numpy.load_file(tmp_path / "X.safetensors")["vectors"])


def test_every_page_is_verified(tmp_path: Path) -> None:
    """A flip anywhere in header, numbers or checksums is an error, of streams and of whole arrays."""
    path = tmp_path / "X.safetensors"
    write_vectors(path, X)
    whole = path.read_bytes()
    for at in (0, 20, 300, len(whole) // 3, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 2]) + whole[at + 1 :])
        for read in (lambda: as_matrix(path, name="X"), lambda: read_array(path)):
            with pytest.raises(CorruptFile):
                read()


def test_blocks_before_a_damaged_page_are_sound(tmp_path: Path) -> None:
    """They were verified when they came."""
    path = tmp_path / "X.safetensors"
    write_vectors(path, np.repeat(X, 20, axis=0))
    whole = bytearray(path.read_bytes())
    whole[-3_000_000] ^= 1
    path.write_bytes(whole)

    blocks = open_vectors(path).batches(3_000)

    np.testing.assert_array_equal(np.repeat(X, 20, axis=0)[:3_000], next(blocks))
    with pytest.raises(CorruptFile, match="does not match its checksum"):
        list(blocks)


def test_codes_are_no_vectors(tmp_path: Path) -> None:
    """Their bytes are not taken for numbers."""
    codec = lp.Codec("int8").fit(X)
    codec.encode(X, out=tmp_path / "codes.safetensors")

    for read in (open_vectors, read_array):
        with pytest.raises(InvalidInput, match="lilliput decode"):
            read(tmp_path / "codes.safetensors")
