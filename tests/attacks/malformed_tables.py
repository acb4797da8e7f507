"""Hand-made files of tables that are not what they say: Parquet, Arrow, HDF5, safetensors, JSON lines."""

import base64
import io
import json
import struct
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

X = np.arange(96, dtype="<f4").reshape(24, 4)
ROWS: list[Any] = X.tolist()
NAN = [*ROWS[:5], [1.0, 2.0, float("nan"), 3.0]]
INF = [*ROWS[:5], [1.0, 2.0, float("-inf"), 3.0]]
TEXT = b"these are words and no vectors at all\n" * 9


def lists(rows: Any, number: Any = None, dim: int = -1) -> pa.Array:
    """A column of lists, of fixed size where one is given."""
    return pa.array(rows, type=pa.list_(number or pa.float32(), dim))


# Columns that can be written and hold no vectors of one length.
COLUMNS: dict[str, Callable[[], dict[str, pa.Array]]] = {
    "no columns of vectors": lambda: {"id": pa.array([1, 2])},
    "no columns": dict,
    "two columns of vectors": lambda: {"a": lists(ROWS), "b": lists(ROWS)},
    "text": lambda: {"v": pa.array(["a", "b"])},
    "lists of text": lambda: {"v": lists([["a"], ["b"]], pa.string())},
    "lists of lists": lambda: {"v": pa.array([[[1.0]], [[2.0]]])},
    "int64": lambda: {"v": lists([[1, 2], [3, 4]], pa.int64())},
    "bool": lambda: {"v": lists([[True, False]], pa.bool_())},
    "dates": lambda: {"v": lists([[1, 2]], pa.date32())},
    "ragged, longer": lambda: {"v": lists([[1.0, 2.0], [1.0, 2.0, 3.0]])},
    "ragged, shorter": lambda: {"v": lists([[1.0, 2.0], [1.0], [2.0]])},
    "ragged, of a fitting sum": lambda: {"v": lists([[1.0, 2.0], [1.0], [2.0, 3.0, 4.0]])},
    "an empty vector": lambda: {"v": lists([[1.0, 2.0], []])},
    "only empty vectors": lambda: {"v": lists([[], []])},
    "null vector": lambda: {"v": lists([[1.0, 2.0], None])},
    "null vector first": lambda: {"v": lists([None, [1.0, 2.0]])},
    "null vector of fixed size": lambda: {"v": lists([[1.0, 2.0], None], None, 2)},
    "null number": lambda: {"v": lists([[1.0, 2.0], [1.0, None]])},
    "null number of fixed size": lambda: {"v": lists([[1.0, 2.0], [None, 1.0]], None, 2)},
    "NaN": lambda: {"v": lists(NAN)},
    "infinity": lambda: {"v": lists(INF)},
    "NaN of fixed size": lambda: {"v": lists(NAN, None, 4)},
    "NaN in half floats": lambda: {"v": lists([np.float16([1, np.nan])], pa.float16())},
    "beyond float32": lambda: {"v": lists([[1e39]], pa.float64())},
    "too many dimensions": lambda: {"v": lists([[0.0] * 65_537])},
    "no rows, size unknown": lambda: {"v": lists([])},
    "structs": lambda: {"v": pa.array([{"a": 1.0, "b": 2.0}])},
    "maps": lambda: {"v": pa.array([[("a", 1.0)]], type=pa.map_(pa.string(), pa.float32()))},
}


def parquet(table: pa.Table, **options: Any) -> bytes:
    """A Parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file, **({"write_page_checksum": True} | options))
    return file.getvalue()


def arrow(table: pa.Table, new: Any = pa.ipc.new_file, **options: Any) -> bytes:
    """An Arrow file or stream."""
    file = io.BytesIO()
    with new(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return file.getvalue()


def at(whole: bytes, place: int, value: bytes) -> bytes:
    """Bytes written over, at a place; from the end where it is negative."""
    place %= len(whole)
    return whole[:place] + value + whole[place + len(value) :]


GOOD = pa.table({"v": lists(ROWS, None, 4), "id": [str(number) for number in range(24)]})
SOUND_PARQUET, SOUND_ARROW = parquet(GOOD), arrow(GOOD)
SOUND_STREAM = arrow(GOOD, pa.ipc.new_stream)
FOOTER = struct.unpack("<I", SOUND_PARQUET[-8:-4])[0]


def table_cases(write: Callable[[pa.Table], bytes]) -> dict[str, bytes]:
    """Every column that holds no vectors, in a sound file."""
    return {f"column: {name}": write(pa.table(make())) for name, make in COLUMNS.items()}


PARQUET: dict[str, bytes] = {
    "empty": b"",
    "mark alone": b"PAR1",
    "two marks": b"PAR1PAR1",
    "marks and no footer": b"PAR1" + bytes(4) + b"PAR1",
    "text": TEXT,
    "cut in half": SOUND_PARQUET[: len(SOUND_PARQUET) // 2],
    "one byte short": SOUND_PARQUET[:-1],
    "one byte long": SOUND_PARQUET + b"\0",
    "without its beginning": SOUND_PARQUET[100:],
    "footer length 0": at(SOUND_PARQUET, -8, bytes(4)),
    "footer length huge": at(SOUND_PARQUET, -8, b"\xff\xff\xff\x7f"),
    "footer length negative": at(SOUND_PARQUET, -8, b"\xff\xff\xff\xff"),
    "footer off by one": at(SOUND_PARQUET, -8, struct.pack("<I", FOOTER - 1)),
    "footer of zeros": at(SOUND_PARQUET, -8 - FOOTER, bytes(FOOTER)),
    "footer of ones": at(SOUND_PARQUET, -8 - FOOTER, b"\xff" * FOOTER),
    "encrypted": at(SOUND_PARQUET, -4, b"PARE"),
    "pages of zeros": at(SOUND_PARQUET, 4, bytes(200)),
    "pages of ones": at(SOUND_PARQUET, 4, b"\xff" * 200),
    "a bomb": parquet(
        pa.table({"v": pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(20_000_000, "f4")), 50)})
    ),
    **table_cases(parquet),
}

ARROW: dict[str, bytes] = {
    "empty": b"",
    "mark alone": b"ARROW1\0\0",
    "two marks": b"ARROW1\0\0ARROW1",
    "text": TEXT,
    "feather 1": b"FEA1" + bytes(60) + b"FEA1",
    "cut in half": SOUND_ARROW[: len(SOUND_ARROW) // 2],
    "cut after the schema": SOUND_STREAM[: 8 + struct.unpack("<i", SOUND_STREAM[4:8])[0]],
    "cut before the end mark": SOUND_STREAM[:-8],
    "stream one byte short": SOUND_STREAM[:-1],
    "message length 0 at once": at(SOUND_STREAM, 4, bytes(4)),
    "message length huge": at(SOUND_STREAM, 4, b"\xff\xff\xff\x7f"),
    "message length negative": at(SOUND_STREAM, 4, b"\xff\xff\xff\xff"),
    "message length off": at(SOUND_STREAM, 4, b"\x08\0\0\0"),
    "message of zeros": at(SOUND_STREAM, 8, bytes(100)),
    "message of ones": at(SOUND_STREAM, 8, b"\xff" * 100),
    "no continuation mark": at(SOUND_STREAM, 0, bytes(4)),
    "a batch and no schema": SOUND_STREAM[8 + struct.unpack("<i", SOUND_STREAM[4:8])[0] :],
    "schema twice": SOUND_STREAM[: 8 + struct.unpack("<i", SOUND_STREAM[4:8])[0]] * 2 + SOUND_STREAM[-8:],
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    **table_cases(arrow),
}


def hdf5(fill: Callable[[h5py.File], None], **options: Any) -> bytes:
    """An HDF5 file."""
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as opened:
        fill(opened)
    return file.getvalue()


def dataset(array: Any, **options: Any) -> Callable[[h5py.File], None]:
    """A file of one data set."""
    return lambda file: file.create_dataset("train", data=array, **options) and None


def virtual(file: h5py.File) -> None:
    """A data set that is another file's."""
    layout = h5py.VirtualLayout((24, 4), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "train", (24, 4))
    file.create_virtual_dataset("train", layout)


def loop(file: h5py.File) -> None:
    """A group that holds itself."""
    group = file.create_group("a")
    group["again"] = group


def partial(file: h5py.File) -> None:
    """Chunks of which most were never written."""
    file.create_dataset("train", (10**6, 100), "f4", chunks=(100, 100))[:5] = 1


def compact(file: h5py.File) -> None:
    """A data set inside its own description."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((24, 4))
    h5py.h5d.create(file.id, b"train", h5py.h5t.IEEE_F32LE, space, dcpl=plist)


CHUNKED = {"chunks": (8, 4), "compression": "gzip", "shuffle": True, "fletcher32": True}
SOUND_H5 = hdf5(dataset(X, **CHUNKED), libver=("earliest", "v108"))
PLAIN_H5 = hdf5(dataset(X), libver="earliest")
NEW_H5 = hdf5(dataset(X), libver="v108")
DATA = PLAIN_H5.index(X.tobytes())
SHAPE = PLAIN_H5.index(struct.pack("<QQ", 24, 4))
CHUNK = SOUND_H5.index(struct.pack("<III", 8, 4, 4))
TREE = SOUND_H5.rindex(b"TREE\x01")

HDF5: dict[str, bytes] = {
    "empty": b"",
    "mark alone": b"\x89HDF\r\n\x1a\n",
    "text": TEXT,
    "another mark": at(PLAIN_H5, 0, b"\x89HDX"),
    "version 9": at(PLAIN_H5, 8, b"\x09"),
    "places of 4 bytes": at(PLAIN_H5, 13, b"\x04\x04"),
    "cut in half": PLAIN_H5[: len(PLAIN_H5) // 2],
    "one byte short": PLAIN_H5[:-1],
    "new, one byte short": NEW_H5[:-1],
    "root nowhere": at(PLAIN_H5, 64, b"\xff" * 8),
    "root beyond the end": at(PLAIN_H5, 64, struct.pack("<Q", 2**40)),
    "root of zeros": at(PLAIN_H5, 96, bytes(64)),
    "rows huge": at(PLAIN_H5, SHAPE, struct.pack("<Q", 2**40)),
    "rows 2**64 - 1": at(PLAIN_H5, SHAPE, b"\xff" * 8),
    "dimensions 0": at(PLAIN_H5, SHAPE + 8, bytes(8)),
    "dimensions wrap": at(PLAIN_H5, SHAPE, struct.pack("<QQ", 2**62, 4)),
    "a row more": at(PLAIN_H5, SHAPE, struct.pack("<Q", 25)),
    "a row less": at(PLAIN_H5, SHAPE, struct.pack("<Q", 23)),
    "chunk of 0 rows": at(SOUND_H5, CHUNK, bytes(4)),
    "chunk of 2**32 - 1 rows": at(SOUND_H5, CHUNK, b"\xff" * 4),
    "chunk of other rows": at(SOUND_H5, CHUNK, struct.pack("<I", 6)),
    "tree that is its own child": at(SOUND_H5, TREE + 5, b"\x01"),
    "tree of zeros": at(SOUND_H5, TREE, bytes(24)),
    "tree of many entries": at(SOUND_H5, TREE + 6, b"\xff\xff"),
    "chunk's bytes flipped": SOUND_H5[:-100] + bytes(byte ^ 0xFF for byte in SOUND_H5[-100:]),
    "NaN": hdf5(dataset(np.float32(NAN))),
    "infinity in chunks": hdf5(dataset(np.float32(INF), chunks=(2, 4)), libver="v108"),
    "beyond float32": hdf5(dataset(np.array([[1e39]]))),
    "one axis": hdf5(dataset(X[0])),
    "three axes": hdf5(dataset(X.reshape(4, 6, 4))),
    "no axis": hdf5(dataset(1.0)),
    "no dimensions": hdf5(dataset(X[:, :0])),
    "int64": hdf5(dataset(X.astype("i8"))),
    "complex": hdf5(dataset(X.astype("c8"))),
    "text values": hdf5(dataset(np.array([[b"a", b"b"]]))),
    "bool": hdf5(dataset(X > 0)),
    "records": hdf5(dataset(np.zeros((2, 2), [("a", "f4"), ("b", "f4")]))),
    "references": hdf5(lambda file: file.create_dataset("train", (2, 2), h5py.ref_dtype) and None),
    "objects of any length": hdf5(dataset(["a", "b"])),
    "too many dimensions": hdf5(dataset(np.zeros((1, 65_537), "f4"))),
    "nothing": hdf5(lambda file: None),
    "only a group": hdf5(lambda file: file.create_group("train") and None),
    "a group in itself": hdf5(loop),
    "two data sets": hdf5(lambda file: file.update({"train": X, "test": X})),
    "external link": hdf5(lambda file: file.update({"train": h5py.ExternalLink("other.h5", "/train")})),
    "soft link": hdf5(lambda file: file.update({"train": h5py.SoftLink("/nowhere")})),
    "virtual": hdf5(virtual, libver="v110"),
    "external storage": hdf5(
        lambda file: file.create_dataset("train", (24, 4), "f4", external=[("other.bin", 0, 384)]) and None
    ),
    "never written": hdf5(partial, libver="v108"),
    "lzf": hdf5(dataset(X, compression="lzf"), libver="v108"),
    "compact": hdf5(compact),
}


def tensors(header: Any, data: bytes = X.tobytes(), length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def tensor(dtype: Any = "F32", shape: Any = (24, 4), offsets: Any = (0, 384), **more: Any) -> dict[str, Any]:
    """The entry of one tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}


SAFETENSORS: dict[str, bytes] = {
    "empty": b"",
    "seven bytes": bytes(7),
    "length alone": bytes(8),
    "text": TEXT,
    "header of 2**63": tensors({"v": tensor()}, length=2**63),
    "header longer than the file": tensors({"v": tensor()}, length=10_000),
    "header cut": tensors({"v": tensor()}, length=20),
    "header a list": tensors([1, 2]),
    "header not JSON": tensors(b"{'v': 1}"),
    "header not UTF-8": tensors(b"\xff\xfe" * 40),
    "header that nests": tensors(b'{"a":' + b"[" * 90_000),
    "key twice": tensors(json.dumps({"v": tensor()})[:-1].encode() + b', "v": 1}'),
    "entry a number": tensors({"v": 3}),
    "entry without a shape": tensors({"v": {"dtype": "F32", "data_offsets": [0, 384]}}),
    "entry with more": tensors({"v": tensor(more=1)}),
    "dtype unknown": tensors({"v": tensor("F99")}),
    "dtype a number": tensors({"v": tensor(4)}),
    "dtype int64": tensors({"v": tensor("I64", (12, 4))}),
    "dtype bool": tensors({"v": tensor("BOOL", (96, 4))}),
    "shape negative": tensors({"v": tensor(shape=(-24, -4))}),
    "shape of floats": tensors({"v": tensor(shape=(24.0, 4.0))}),
    "shape of bools": tensors({"v": tensor(shape=(True, 96))}),
    "shape huge": tensors({"v": tensor(shape=(2**40, 4))}),
    "shape that wraps": tensors({"v": tensor(shape=(2**62, 4), offsets=(0, 0))}, b""),
    "shape of 2**64": tensors({"v": tensor(shape=(2**64, 0), offsets=(0, 0))}, b""),
    "shape text": tensors({"v": tensor(shape="24x4")}),
    "one axis": tensors({"v": tensor(shape=(96,))}),
    "three axes": tensors({"v": tensor(shape=(4, 6, 4))}),
    "no dimensions": tensors({"v": tensor(shape=(24, 0), offsets=(0, 0))}, b""),
    "too many dimensions": tensors({"v": tensor("U8", (1, 65_537), (0, 65_537))}, bytes(65_537)),
    "offsets back": tensors({"v": tensor(offsets=(384, 0))}),
    "offsets beyond": tensors({"v": tensor(offsets=(384, 768))}),
    "offsets of three": tensors({"v": tensor(offsets=(0, 384, 0))}),
    "a gap at the end": tensors({"v": tensor()}, X.tobytes() + b"\0"),
    "one byte short": tensors({"v": tensor()}, X.tobytes()[:-1]),
    "overlap": tensors({"v": tensor(), "w": tensor()}),
    "two matrices": tensors({"v": tensor(), "w": tensor(offsets=(384, 768))}, X.tobytes() * 2),
    "no tensors": tensors({}, b""),
    "metadata alone": tensors({"__metadata__": {"a": "b"}}, b""),
    "NaN": tensors({"v": tensor(shape=(1, 2), offsets=(0, 8))}, np.float32([1, np.nan]).tobytes()),
    "infinity in half floats": tensors(
        {"v": tensor("F16", (1, 2), (0, 4))}, np.float16([1, np.inf]).tobytes()
    ),
    "NaN in bfloat16": tensors({"v": tensor("BF16", (1, 2), (0, 4))}, b"\x80\x3f\xc0\x7f"),
    "checksums that are none": tensors(
        {"v": tensor(), "__crc_head": tensor("U32", (1,), (384, 388))}, bytes(388)
    ),
}


def line(value: Any, **more: Any) -> bytes:
    """A line with a vector."""
    return (json.dumps({"vector": value, **more}) + "\n").encode()


FIRST = line([1.0, 2.0])
PACKED = base64.b64encode(X[0].tobytes()).decode()
JSONL: dict[str, bytes] = {
    "empty": b"",
    "blank lines": b"\n\n  \n",
    "text": TEXT,
    "not UTF-8": b"\xff\xfe" * 30,
    "NULs": bytes(100),
    "a list": b"[1, 2]\n",
    "a number": b"12\n",
    "cut in a line": FIRST * 3 + FIRST[:9],
    "no vector": b'{"id": 1}\n',
    "no vector later": FIRST + b'{"id": 1}\n',
    "two fields": b'{"a": [1, 2], "b": [3, 4]}\n',
    "field twice": b'{"vector": [1, 2], "vector": [3, 4]}\n',
    "null": line(None),
    "null later": FIRST + line(None),
    "null number": FIRST + line([1, None]),
    "text number": FIRST + line([1, "2"]),
    "bool": FIRST + line([True, False]),
    "nested": FIRST + line([[1, 2]]),
    "an object": FIRST + line({"0": 1}),
    "empty vector": line([]),
    "empty vector later": FIRST + line([]),
    "ragged, longer": FIRST + line([1, 2, 3]),
    "ragged, shorter": FIRST + line([1]),
    "NaN": FIRST + b'{"vector": [1, NaN]}\n',
    "infinity": FIRST + b'{"vector": [1, -Infinity]}\n',
    "1e999": FIRST + b'{"vector": [1, 1e999]}\n',
    "1e300": FIRST + b'{"vector": [1, 1e300]}\n',
    "a number of 6000 digits": FIRST + b'{"vector": [1, ' + b"9" * 6_000 + b"]}\n",
    "a number of 400 digits": FIRST + b'{"vector": [1, ' + b"9" * 400 + b"]}\n",
    "nests": b'{"vector": ' + b"[" * 100_000 + b"\n",
    "too many dimensions": line([0] * 65_537),
    "more commas than a vector has": line([0] * 140_000),
    "a line too long": b'{"vector": [1, 2], "text": "' + b"x" * (4 * 2**20) + b'"}\n',
    "base64 nonsense": line("these are words!"),
    "base64 of 3 bytes": line("AAAA"),
    "base64 cut": line(PACKED[:-1]),
    "base64 empty": line(""),
    "base64 ragged": line(PACKED) + line(PACKED[:8]),
    "base64 of NaN": line(base64.b64encode(np.float32([1, np.nan]).tobytes()).decode()),
    "dtype unknown": line(PACKED, dtype="float8"),
    "dtype a number": line(PACKED, dtype=4),
    "dtype null": line(PACKED, dtype=None),
    "dtype changes": line(PACKED) + line(PACKED, dtype="float16"),
    "dtype int8 of fractions": line([0.5], dtype="int8"),
    "dtype int8 of 300": line([300], dtype="int8"),
    "dtype float16 of 1e6": line([1e6], dtype="float16"),
}

TABLE_CASES = {
    ".parquet": PARQUET,
    ".arrow": ARROW,
    ".arrows": ARROW,
    ".h5": HDF5,
    ".safetensors": SAFETENSORS,
    ".jsonl": JSONL,
}
TABLE_SOUND = {
    ".parquet": SOUND_PARQUET,
    ".arrow": SOUND_ARROW,
    ".arrows": SOUND_STREAM,
    ".h5": SOUND_H5,
    ".hdf5": NEW_H5,
    ".safetensors": tensors({"v": tensor()}),
    ".jsonl": b"".join(line(row) for row in ROWS),
}
