"""Tables that other libraries wrote: Parquet, Arrow files and streams, data sets on disk."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from lilliput.errors import CorruptFile, FileError, InvalidInput
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix
from lilliput.io.write import write_vectors

X = np.random.default_rng(0).standard_normal((300, 6), dtype=np.float32)
TABLE = pa.table(
    {"id": np.arange(300), "emb": pa.array(X.tolist(), pa.list_(pa.float32())), "t": ["a"] * 300}
)


def stream(table: pa.Table, path: Path) -> None:
    """Write a stream of several batches."""
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=70)


WRITERS: dict[str, Callable[[pa.Table, Path], Any]] = {
    "plain.parquet": pq.write_table,
    "zstd.parquet": lambda table, path: pq.write_table(table, path, compression="zstd"),
    "pages 2.parquet": lambda table, path: pq.write_table(table, path, data_page_version="2.0"),
    "groups.parquet": lambda table, path: pq.write_table(table, path, row_group_size=70),
    "lz4.feather": lambda table, path: pa.feather.write_feather(table, path, compression="lz4"),
    "plain.feather": lambda table, path: pa.feather.write_feather(table, path, compression="uncompressed"),
    "chunks.arrow": lambda table, path: pa.feather.write_feather(table, path, chunksize=70),
    "stream.arrow": stream,
    "stream.arrows": stream,
}
KINDS = {
    "list": pa.list_(pa.float32()),
    "large list": pa.large_list(pa.float32()),
    "fixed list": pa.list_(pa.float32(), 6),
    "tensor": pa.fixed_shape_tensor(pa.float32(), [6]),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_only_column_of_vectors_is_taken(writer: str, kind: str, tmp_path: Path) -> None:
    """Whatever its kind of list, the packing, the row groups and batches; ids can be read beside it."""
    column = pa.array(X.tolist(), KINDS[kind] if kind != "tensor" else KINDS["fixed list"])
    if kind == "tensor":
        column = pa.ExtensionArray.from_storage(KINDS[kind], column)
    path = tmp_path / writer
    WRITERS[writer](TABLE.set_column(1, "emb", column), path)

    source = open_vectors(path)

    assert (300, 6) == (source.rows, source.dim)
    np.testing.assert_array_equal(X, np.concatenate(list(source.batches(64))))
    np.testing.assert_array_equal(X, read_array(path))
    np.testing.assert_array_equal(np.arange(300), read_array(f"{path}::id"))
    with pytest.raises(InvalidInput, match=r"::id is int64; a column of vectors has lists.*here that is emb"):
        open_vectors(path, column="id")


@pytest.mark.parametrize("name", ["X.parquet", "X.arrow"])
def test_a_bad_row_is_named(name: str, tmp_path: Path) -> None:
    """Over all batches."""
    for bad, match in (
        ([1.0] * 5, "5 dimensions in row 250 and 6 in row 0"),
        (None, "no vector in row 250 but a null"),
        ([1.0, None] * 3, "null number in row 250"),
        ([float("nan")] * 6, "NaN in row 250"),
    ):
        rows: list[Any] = [*X[:250].tolist(), bad, *X[250:].tolist()]
        WRITERS["groups.parquet" if "parquet" in name else "chunks.arrow"](
            pa.table({"emb": pa.array(rows, pa.list_(pa.float32()))}), tmp_path / name
        )
        with pytest.raises(InvalidInput, match=match):
            as_matrix(tmp_path / name, name="X")


def test_pages_are_verified(tmp_path: Path) -> None:
    """Where a Parquet file has checksums, a flipped bit in a page is an error."""
    path = tmp_path / "X.parquet"
    pq.write_table(TABLE, path, write_page_checksum=True, compression="none", use_dictionary=False)
    whole = path.read_bytes()
    at = whole.index(X[:1].tobytes())
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])

    with pytest.raises(CorruptFile, match="not a sound"):
        as_matrix(path, name="X")


def test_a_dotted_name_is_no_path_into_a_struct(tmp_path: Path) -> None:
    """The column that is meant, or an error."""
    inner = pa.array([{"b": [1.0, 2.0]}], pa.struct([("b", pa.list_(pa.float32()))]))
    pq.write_table(
        pa.table({"a": inner, "a.b": pa.array([[3.0, 4.0]], pa.list_(pa.float32()))}), tmp_path / "X.parquet"
    )

    try:
        actual = as_matrix(tmp_path / "X.parquet", name="X")
    except FileError:
        return
    np.testing.assert_array_equal([[3.0, 4.0]], actual)


def test_an_extension_type_runs_nothing(tmp_path: Path) -> None:
    """Metadata that names a pickled type is passed over."""
    mark = tmp_path / "run"
    payload = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    field = pa.field(
        "v",
        pa.list_(pa.float32(), 2),
        metadata={"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": payload},
    )
    table = pa.Table.from_arrays(
        [pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2))], schema=pa.schema([field])
    )
    stream(table, tmp_path / "X.arrows")
    pq.write_table(table, tmp_path / "X.parquet")

    for name in ("X.arrows", "X.parquet"):
        np.testing.assert_array_equal([[1.0, 2.0]], as_matrix(tmp_path / name, name="X"))
    assert not mark.exists()


def saved(folder: Path, shards: int = 3) -> Path:
    """A data set on disk, as `datasets` lays it out."""
    folder.mkdir()
    names = [f"data-{number:05d}-of-{shards:05d}.arrow" for number in range(shards)]
    for number, name in enumerate(names):
        stream(TABLE.slice(100 * number, 100), folder / name)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}))
    (folder / "dataset_info.json").write_text("{}")
    return folder


def test_a_data_set_on_disk_is_its_shards_in_order(tmp_path: Path) -> None:
    """Without the package that wrote it."""
    folder = saved(tmp_path / "docs")

    assert 300 == open_vectors(folder).rows
    np.testing.assert_array_equal(X, as_matrix(f"{folder}::emb", name="X"))
    np.testing.assert_array_equal(np.arange(300), read_array(folder, column="id"))


def test_the_package_reads_what_is_written(tmp_path: Path) -> None:
    """Column, type and rows."""
    datasets = pytest.importorskip("datasets")
    write_vectors(f"{tmp_path}/docs/", X.astype("f2"), column="emb")

    loaded = datasets.load_from_disk(str(tmp_path / "docs"))

    assert "float16" in str(loaded.features["emb"])
    np.testing.assert_array_equal(X.astype("f2"), np.asarray(loaded["emb"]))


def test_what_the_package_writes_is_read(tmp_path: Path) -> None:
    """By `save_to_disk`, in several shards; a folder of splits names them."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    data = datasets.Dataset.from_dict({"emb": X.tolist(), "id": list(range(300))}).with_format("numpy")
    data.save_to_disk(tmp_path / "docs", num_shards=2)
    datasets.DatasetDict({"train": data}).save_to_disk(tmp_path / "both")

    np.testing.assert_array_equal(X, as_matrix(tmp_path / "docs", name="X"))
    np.testing.assert_array_equal(X, as_matrix(tmp_path / "both" / "train", name="X"))
    with pytest.raises(FileError, match="splits train; give the path of one"):
        open_vectors(tmp_path / "both")


STATES = {
    "parent": {"_data_files": [{"filename": "../secret.arrow"}]},
    "absolute": {"_data_files": [{"filename": "/etc/passwd"}]},
    "link": {"_data_files": [{"filename": "link.arrow"}]},
    "missing": {"_data_files": [{"filename": "data-9.arrow"}]},
    "number": {"_data_files": [{"filename": 3}]},
    "text": {"_data_files": "data-00000-of-00003.arrow"},
    "none": {"_data_files": []},
    "nothing": {},
    "twice": {"_data_files": [{"filename": "data-00000-of-00003.arrow"}] * 2},
    "indices": {"_data_files": [{"filename": "x"}], "_indices_data_files": [{"filename": "i.arrow"}]},
    "nul": {"_data_files": [{"filename": "a\0b"}]},
    "a folder": {"_data_files": [{"filename": "inner"}]},
}


@pytest.mark.parametrize("state", STATES)
def test_a_list_of_shards_leads_nowhere_else(state: str, tmp_path: Path) -> None:
    """Names that leave the folder, links out of it, and lists that are none."""
    folder = saved(tmp_path / "docs")
    stream(TABLE, tmp_path / "secret.arrow")
    (folder / "link.arrow").symlink_to(tmp_path / "secret.arrow")
    (folder / "inner").mkdir()
    (folder / "state.json").write_text(json.dumps(STATES[state]))

    with pytest.raises((CorruptFile, FileError, InvalidInput), match=r"[.]$"):
        as_matrix(folder, name="X")


def test_a_damaged_data_set_is_refused(tmp_path: Path) -> None:
    """A shard that is cut or of another kind, and a description that is no JSON."""
    folder = saved(tmp_path / "docs")
    last = folder / "data-00002-of-00003.arrow"
    whole = last.read_bytes()
    last.write_bytes(whole[:-8])
    with pytest.raises(CorruptFile, match="end mark"):
        as_matrix(folder, name="X")
    stream(pa.table({"emb": pa.array(X.tolist(), pa.list_(pa.float64()))}), last)
    with pytest.raises(CorruptFile, match="has no column 'emb' of list"):
        as_matrix(folder, name="X")
    (folder / "state.json").write_text("{")
    with pytest.raises(CorruptFile, match="not valid JSON"):
        open_vectors(folder)
    (folder / "state.json").unlink()
    (folder / "state.json").symlink_to("/dev/zero")
    with pytest.raises((FileError, InvalidInput)):
        open_vectors(folder)


def test_a_folder_of_other_things_is_not_replaced(tmp_path: Path) -> None:
    """A data set is; what is not one stays."""
    write_vectors(f"{tmp_path}/docs/", X)
    write_vectors(tmp_path / "docs", X[:5])
    assert 5 == open_vectors(tmp_path / "docs").rows
    (tmp_path / "docs" / "notes.txt").write_text("mine")

    with pytest.raises(FileError, match="other things in it"):
        write_vectors(tmp_path / "docs", X)
    assert "mine" == (tmp_path / "docs" / "notes.txt").read_text()


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    """With the command that installs it."""
    (tmp_path / "X.parquet").write_bytes(b"PAR1")
    script = """
import sys
sys.modules["pyarrow"] = sys.modules["h5py"] = None
from lilliput.errors import MissingExtra
from lilliput.io.open import open_vectors
from lilliput.io.write import write_vectors
acts = [(open_vectors, "X.parquet"), (write_vectors, "Y.arrow", [[1.0]]), (write_vectors, "Y.h5", [[1.0]])]
for act, *what in acts:
    try:
        act(*what)
    except MissingExtra as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert 2 == done.stdout.count("pip install 'lilliput[arrow]'")
    assert 1 == done.stdout.count("pip install 'lilliput[hdf5]'")
    assert ["X.parquet"] == os.listdir(tmp_path)
