"""HDF5 is read as h5py writes it, without the library that bad bytes can crash."""

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lilliput.errors import CorruptFile, InvalidInput
from lilliput.io.ann_benchmark import open_ann_benchmark, write_ann_benchmark
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix

X = np.random.default_rng(0).integers(0, 100, (101, 7)).astype(np.float32)
PACKINGS: dict[str, dict[str, Any]] = {
    "contiguous": {},
    "chunks": {"chunks": (10, 7)},
    "tiles": {"chunks": (16, 3)},
    "gzip": {"chunks": (10, 7), "compression": "gzip"},
    "everything": {"chunks": (9, 4), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "odd checksum": {"chunks": (3, 5), "fletcher32": True},
    "growing": {"chunks": (10, 7), "maxshape": (None, 7)},
}
VERSIONS: list[Any] = ["earliest", "v108", ("earliest", "v110")]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", "i1", "u1"])
def test_vectors_are_read_as_h5py_wrote_them(packing: str, version: Any, dtype: str, tmp_path: Path) -> None:
    """Of every type, in every packing that h5py has by itself, and in both kinds of headers."""
    path = tmp_path / "X.h5"
    with h5py.File(path, "w", libver=version) as file:
        file.create_dataset("deep/in/groups", data=X.astype(dtype), **PACKINGS[packing])
        file["ids"] = np.arange(101)

    source = open_vectors(path)

    assert (101, 7, f"{path}::deep/in/groups") == (source.rows, source.dim, source.name)
    np.testing.assert_array_equal(X, np.concatenate(list(source.batches(32))))
    actual = read_array(path, column="deep/in/groups")
    np.testing.assert_array_equal(X.astype(dtype), actual)
    assert np.dtype(dtype).newbyteorder("=") == actual.dtype
    np.testing.assert_array_equal(np.arange(101), read_array(f"{path}::/ids"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 70), st.integers(1, 14), st.integers(1, 40))
def test_chunks_of_any_shape_fit_together(
    tmp_path: Path, rows: int, dim: int, high: int, wide: int, size: int
) -> None:
    """Chunks reach beyond the edges, and blocks beyond the chunks."""
    array = np.arange(rows * dim, dtype=np.float32).reshape(rows, dim)
    file = io.BytesIO()
    with h5py.File(file, "w", libver="v108") as opened:
        opened.create_dataset("v", data=array, chunks=(high, wide), maxshape=(None, None), fletcher32=True)
    (tmp_path / "X.h5").write_bytes(file.getvalue())

    np.testing.assert_array_equal(array, np.concatenate(list(open_vectors(tmp_path / "X.h5").batches(size))))


def test_many_data_sets_and_attributes(tmp_path: Path) -> None:
    """A header that continues elsewhere, and a tree of groups of more than one node."""
    with h5py.File(tmp_path / "X.h5", "w", libver="earliest") as file:
        for number in range(300):
            file[f"{number:03d}"] = X[: number % 7 + 1]
            file.attrs[f"about {number}"] = "x" * 30

    np.testing.assert_array_equal(X[: 299 % 7 + 1], as_matrix(tmp_path / "X.h5::299", name="X"))
    with pytest.raises(InvalidInput, match=r"000, 001, .*, …; say which"):
        open_vectors(tmp_path / "X.h5")


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip", None])
def test_the_layout_of_ann_benchmarks(metric: str | None, tmp_path: Path) -> None:
    """All its parts, as h5py reads and writes them."""
    path = tmp_path / "X.hdf5"
    neighbors, distances = np.arange(20).reshape(4, 5), np.random.default_rng(1).random((4, 5))
    write_ann_benchmark(path, X, X[:4], neighbors, distances, metric)

    found = open_ann_benchmark(path)

    assert metric == found.metric
    np.testing.assert_array_equal(X, as_matrix(found.train, name="X"))
    np.testing.assert_array_equal(X[:4], as_matrix(found.test, name="X"))
    np.testing.assert_array_equal(neighbors, found.neighbors)
    np.testing.assert_array_equal(distances, found.distances)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(X, file["train"][:])
        assert {"cosine": "angular", "l2": "euclidean", "ip": "dot", None: None}[metric] == file.attrs.get(
            "distance"
        )
    with pytest.raises(InvalidInput, match="holds the data sets distances, test, train; say which"):
        open_vectors(path)


def test_a_file_with_vectors_and_queries_alone(tmp_path: Path) -> None:
    """Truth is not needed, queries are; a strange measure is none of ours."""
    with h5py.File(tmp_path / "X.h5", "w") as file:
        file["train"] = X
        file.attrs["distance"] = np.bytes_(b"jaccard")
    with pytest.raises(InvalidInput, match="holds no data set 'test' of vectors; it holds train"):
        open_ann_benchmark(tmp_path / "X.h5")
    with h5py.File(tmp_path / "X.h5", "a") as file:
        file["test"] = X[:2]

    found = open_ann_benchmark(tmp_path / "X.h5")

    assert (None, None, None) == (found.neighbors, found.distances, found.metric)


def test_no_other_file_is_read(tmp_path: Path) -> None:
    """Links and storage that lead to one that is there are not followed."""
    np.save(tmp_path / "other.npy", X)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["train"] = X
    layout = h5py.VirtualLayout(X.shape, "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "train", X.shape)
    with h5py.File(tmp_path / "X.h5", "w", libver="v110") as file:
        file["external"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/train")
        file["soft"] = h5py.SoftLink("/external")
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("stored", X.shape, "f4", external=[(str(tmp_path / "other.npy"), 128, X.nbytes)])

    for name, match in (
        ("external", "holds no data set 'external'"),
        ("soft", "holds no data set 'soft'"),
        ("virtual", "virtual, made of other data sets"),
        ("stored", "lie in other files"),
    ):
        for read in (open_vectors, read_array):
            with pytest.raises(InvalidInput, match=match):
                read(tmp_path / "X.h5", column=name)


def test_a_flipped_bit_in_a_packed_chunk_is_found(tmp_path: Path) -> None:
    """By the checksum that h5py wrote."""
    path = tmp_path / "X.h5"
    with h5py.File(path, "w", libver="v108") as file:
        file.create_dataset("v", data=X, chunks=(101, 7), fletcher32=True)
    whole = path.read_bytes()
    at = whole.index(X[50].tobytes())
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :])

    with pytest.raises(CorruptFile, match="does not match its checksum"):
        as_matrix(path, name="X")
