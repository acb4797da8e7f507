"""Hand-made files that are not what they say, by the suffix that they pretend to."""

import io
import pickle
import struct
import zipfile

import numpy as np

from attacks.malformed_tables import TABLE_CASES, TABLE_SOUND

FLOATS = np.arange(12, dtype="<f4").tobytes()  # three rows of four
NAN = np.array([[1, 2], [3, np.nan]])
INF = np.array([[1, 2], [-np.inf, 3]])


def npy(
    shape: object = (3, 4),
    data: bytes = FLOATS,
    *,
    descr: object = "<f4",
    fortran: object = False,
    header: str | bytes | None = None,
    version: int = 1,
    length: int | None = None,
) -> bytes:
    """A `.npy` with any part replaced."""
    text = (
        header
        if header is not None
        else f"{{'descr': {descr!r}, 'fortran_order': {fortran!r}, 'shape': {shape!r}, }}"
    )
    raw = text if isinstance(text, bytes) else text.encode("utf-8")
    size = len(raw) if length is None else length
    width = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, size) + raw + data


def saved(array: np.ndarray) -> bytes:
    """A `.npy` as numpy writes it."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


NPY: dict[str, bytes] = {
    "empty": b"",
    "half a mark": b"\x93NUM",
    "mark alone": b"\x93NUMPY",
    "mark and version": b"\x93NUMPY\x01\x00",
    "another mark": b"\x93NUMPZ" + npy()[6:],
    "text": b"these are words and no vectors at all\n" * 4,
    "an archive": b"PK\x03\x04" + bytes(60),
    "version 0": npy(version=0),
    "version 9": npy(version=9),
    "header cut": npy()[:40],
    "header of 2**32": npy(version=2, length=2**32 - 1),
    "header of 65535": npy(length=65_535),
    "header of 2**31 spaces claimed": npy(version=3, length=2**31),
    "header too long": npy(header=str({"descr": "<f4"}) + " " * 20_000),
    "header not ASCII": npy(
        header="{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'é': 1}", version=3
    ),
    "header of NULs": npy(header=b"\0" * 64),
    "header not UTF-8": npy(header=b"\xff\xfe" * 32),
    "header with an escape": npy(header="{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (3, 4)}"),
    "header empty": npy(header=""),
    "header a list": npy(header="[1, 2, 3]"),
    "header a number": npy(header="12"),
    "header cut in the middle": npy(header="{'descr': '<f4', 'fortran_order': False, 'sha"),
    "header that calls": npy(header="__import__('os').system('true')"),
    "header that computes": npy(header="{'descr': '<f4', 'fortran_order': False, 'shape': (1+2, 2*2)}"),
    "header that nests": npy(header="(" * 5_000),
    "header that nests dicts": npy(header="{1:" * 3_000),
    "header of minus signs": npy(header="-" * 9_000 + "1"),
    "header that cannot be hashed": npy(header="{[]: 1}"),
    "key missing": npy(header="{'descr': '<f4', 'shape': (3, 4)}"),
    "key too many": npy(header="{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'x': 1}"),
    "number of 6000 digits": npy(
        header="{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 6_000 + ",)}"
    ),
    "huge shape": npy((2**40, 1024)),
    "huge rows": npy((2**62, 4)),
    "2**64 rows": npy((2**64, 4)),
    "2**64 dimensions": npy((3, 2**64)),
    "product wraps to the size": npy((2**62 + 3, 4)),
    "product wraps to zero": npy((2**32, 2**32), b""),
    "negative rows": npy((-3, 4)),
    "negative dimensions": npy((3, -4)),
    "both negative": npy((-3, -4)),
    "rows a float": npy((3.0, 4)),
    "rows a bool": npy((True, 12)),
    "rows text": npy(("3", 4)),
    "rows None": npy((None, 4)),
    "shape a list": npy([3, 4]),
    "shape a number": npy(12),
    "no rank": npy((), FLOATS[:4]),
    "rank 1": npy((12,)),
    "rank 3": npy((3, 2, 2)),
    "rank 60": npy((1,) * 58 + (3, 4)),
    "no dimensions": npy((3, 0), b""),
    "2**62 rows of nothing": npy((2**62, 0), b""),
    "no rows of 2**62": npy((0, 2**62), b""),
    "no rows of 2**64": npy((0, 2**64), b""),
    "too many dimensions": npy((1, 65_537), bytes(65_537 * 4)),
    "pickle": npy((1,), pickle.dumps([print]), descr="|O"),
    "pickle that numpy wrote": saved(np.array([[None, {}]], dtype=object)),
    "text values": saved(np.array([["a", "b"]])),
    "bytes values": saved(np.array([[b"a", b"b"]])),
    "complex": saved(np.ones((2, 2), complex)),
    "dates": saved(np.zeros((2, 2), "M8[s]")),
    "raw bytes": saved(np.zeros((2, 2), "V2")),
    "records": saved(np.zeros((2, 2), [("a", "<f4"), ("b", "<f4")])),
    "bool": saved(np.ones((2, 2), bool)),
    "int64": saved(np.ones((2, 2), np.int64)),
    "uint16": saved(np.ones((2, 2), np.uint16)),
    "long double": npy((3, 1), bytes(48), descr="<f16"),
    "type nonsense": npy(descr="<q9"),
    "type of 3 bytes": npy((4, 4), descr="<f3"),
    "type of 10**9 bytes": npy(descr="<f999999999"),
    "type without byte order": npy(descr="f4"),
    "type a number": npy(descr=4),
    "type None": npy(descr=None),
    "type a tuple": npy(descr=("<f4", (4,))),
    "type a subarray": npy(descr="(4,)<f4"),
    "order a number": npy(fortran=0),
    "order text": npy(fortran="False"),
    "one byte short": npy()[:-1],
    "one byte long": npy() + b"\0",
    "no data": npy(data=b""),
    "columns, one byte short": npy(fortran=True)[:-1],
    "columns, huge": npy((2**40, 1024), fortran=True),
    "NaN": saved(NAN),
    "infinity": saved(INF.astype("<f4")),
    "NaN in half floats": saved(NAN.astype("<f2")),
    "NaN in the other byte order": saved(NAN.astype(">f4")),
    "NaN in columns": saved(np.asfortranarray(NAN)),
    "beyond float32": saved(np.array([[1e39]])),
    "text in floats": npy(data=b"\xff" * 48),
}


def packed(data: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of one entry."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("X.npy", data)
    return file.getvalue()


def archive_of(*names: str, data: bytes = b"") -> bytes:
    """An archive of entries with the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            archive.writestr(info, data)
    return file.getvalue()


def patched(whole: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """Bytes written over, at an offset from the last time that a mark occurs."""
    at = whole.rindex(mark) + offset
    return whole[:at] + value + whole[at + len(value) :]


def big(value: int, width: int = 4) -> bytes:
    """A little-endian number."""
    return value.to_bytes(width, "little")


LOCAL, DIRECTORY, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
GOOD = packed(npy())
DEFLATED = packed(npy((300, 4), FLOATS * 100), zipfile.ZIP_DEFLATED)


def bomb() -> bytes:
    """A hundred MB of zeros with a header that is true of them."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("X.npy", "w") as entry,
    ):
        entry.write(npy((2000, 50_000), b"", descr="|u1"))
        for _ in range(100):
            entry.write(bytes(10**6))
    return file.getvalue()


def npz_cases() -> dict[str, bytes]:
    """Archives broken in their own ways, then every broken `.npy` inside a sound archive."""
    cases = {
        "empty": b"",
        "text": b"no archive at all, but words\n" * 9,
        "a bare npy": npy(),
        "end alone": END + bytes(18),
        "cut in half": GOOD[: len(GOOD) // 2],
        "one byte short": GOOD[:-1],
        "no entries": archive_of(),
        "no arrays": archive_of("readme.txt"),
        "a folder": archive_of("X.npy/"),
        "two of one name": patched(archive_of("X.npy", "Y.npy", data=npy()), b"Y.npy", 0, b"X.npy"),
        "several arrays": archive_of("a.npy", "b.npy", data=npy()),
        "10,000 entries": archive_of(*(f"{number}.npy" for number in range(10_000))),
        "bomb": bomb(),
        "bzip2": packed(npy(), zipfile.ZIP_BZIP2),
        "lzma": packed(npy(), zipfile.ZIP_LZMA),
        "encrypted": patched(GOOD, DIRECTORY, 8, b"\x01\x00"),
        "method unknown": patched(GOOD, DIRECTORY, 10, b"\x63\x00"),
        "version 99": patched(GOOD, DIRECTORY, 6, b"\x63\x00"),
        "checksum wrong": patched(GOOD, DIRECTORY, 16, b"\x00\x11\x22\x33"),
        "a number flipped": patched(GOOD, FLOATS[4:], 0, b"\x01"),
        "packed size huge": patched(GOOD, DIRECTORY, 20, big(2**31)),
        "packed size small": patched(DEFLATED, DIRECTORY, 20, big(20)),
        "packed size nil": patched(DEFLATED, DIRECTORY, 20, big(0)),
        "size huge": patched(DEFLATED, DIRECTORY, 24, big(2**31)),
        "size huge, stored": patched(GOOD, DIRECTORY, 24, big(2**31)),
        "size small": patched(DEFLATED, DIRECTORY, 24, big(60)),
        "size nil": patched(DEFLATED, DIRECTORY, 24, big(0)),
        "sizes of zip64 without it": patched(GOOD, DIRECTORY, 20, b"\xff" * 8),
        "offset beyond the end": patched(GOOD, DIRECTORY, 42, big(2**31)),
        "offset at the end": patched(GOOD, DIRECTORY, 42, big(len(GOOD) - 1)),
        "local mark wrong": b"PK\x03\x05" + GOOD[4:],
        "local name another": GOOD.replace(b"X.npy", b"Z.npy", 1),
        "directory mark wrong": patched(GOOD, DIRECTORY, 0, b"PK\x01\x09"),
        "directory size huge": patched(GOOD, END, 12, big(2**32 - 2)),
        "directory offset huge": patched(GOOD, END, 16, big(2**32 - 2)),
        "directory offset off by one": patched(GOOD, END, 16, big(1 + int.from_bytes(GOOD[-6:-2], "little"))),
        "deflate nonsense": patched(DEFLATED, b"X.npy" + DEFLATED[35:40], 5, b"\xff" * 30),
        "zip64 locator nonsense": GOOD[:-22] + b"PK\x06\x07" + b"\xff" * 16 + GOOD[-22:],
    }
    return cases | {f"npy: {name}": packed(data) for name, data in NPY.items()}


NPZ = npz_cases()
HARMLESS_NPZ = {
    "something before it": b"#!/bin/sh\n" + GOOD,
    "more disks": patched(GOOD, END, 4, b"\x05\x00"),
    "comment longer than it is": patched(GOOD, END, 20, b"\xff\xff"),
    "name longer than it is": patched(GOOD, DIRECTORY, 28, b"\xff\xff"),
    "extra longer than it is": patched(GOOD, DIRECTORY, 30, b"\xff\xff"),
}


def row(dim: int, data: bytes) -> bytes:
    """A row of the vecs formats."""
    return struct.pack("<i", dim) + data


ROW = row(4, FLOATS[:16])
FVECS: dict[str, bytes] = {
    "empty": b"",
    "one byte": b"\x04",
    "three bytes": b"\x04\0\0",
    "a length and no row": row(4, b""),
    "length 0": row(0, b""),
    "length 0, many": row(0, b"") * 1000,
    "length -1": row(-1, FLOATS),
    "length -1, of no bytes": row(-1, b""),
    "length -2**31": row(-(2**31), FLOATS),
    "length 2**31 - 1": row(2**31 - 1, FLOATS),
    "length beyond the file": row(5, FLOATS[:16]),
    "length short of the file": row(3, FLOATS[:16]),
    "too many dimensions": row(65_537, bytes(65_537 * 4)),
    "big-endian lengths": struct.pack(">i", 4) + FLOATS[:16],
    "one byte short": (ROW * 3)[:-1],
    "one byte long": ROW * 3 + b"\0",
    "a number short": (ROW * 3)[:-4],
    "ragged, longer": ROW + row(6, FLOATS[:24]) + ROW,
    "ragged, shorter": ROW + row(2, FLOATS[:8]) + ROW,
    "ragged, of a fitting size": ROW + row(9, FLOATS[:36]),
    "second length 0": ROW + row(0, FLOATS[:16]),
    "second length negative": ROW + row(-4, FLOATS[:16]),
    "second length huge": ROW + row(2**31 - 1, FLOATS[:16]),
    "last length wrong": ROW * 99 + row(5, FLOATS[:16]),
    "NaN": ROW + row(4, b"\x00\x00\xc0\x7f" * 4),
    "signalling NaN": ROW + row(4, b"\x01\x00\x80\x7f" * 4),
    "infinity": ROW + row(4, b"\x00\x00\x80\xff" * 4),
    "text": b"these are words and no vectors at all\n",
    "npy": npy(),
    "npz": GOOD,
    "fbin": struct.pack("<II", 3, 4) + FLOATS,
    "bvecs": row(8, bytes(8)) * 2,
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
}
BVECS = {
    "empty": b"",
    "fvecs": ROW * 3,
    "length 0": row(0, b""),
    "length negative": row(-8, bytes(8)),
    "length huge": row(2**31 - 1, bytes(8)),
    "ragged": row(8, bytes(8)) + row(9, bytes(9)),
    "ragged, of a fitting size": row(8, bytes(8)) + row(20, bytes(20)),
    "one byte short": row(8, bytes(7)),
}


def table(rows: int, dim: int, data: bytes = FLOATS) -> bytes:
    """A file of the bin formats."""
    return struct.pack("<II", rows, dim) + data


FBIN: dict[str, bytes] = {
    "empty": b"",
    "four bytes": b"\x03\0\0\0",
    "seven bytes": table(3, 4)[:7],
    "more rows": table(4, 4),
    "fewer rows": table(2, 4),
    "more dimensions": table(3, 5),
    "fewer dimensions": table(3, 3),
    "no dimensions": table(3, 0, b""),
    "nothing at all": table(0, 0, b""),
    "2**32 - 1 rows of nothing": table(2**32 - 1, 0, b""),
    "no rows of 2**32 - 1": table(0, 2**32 - 1, b""),
    "both 2**32 - 1": table(2**32 - 1, 2**32 - 1),
    "product wraps 32 bits to zero": table(65_536, 65_536, b""),
    "bytes wrap 32 bits to zero": table(2**30, 1, b""),
    "bytes wrap 32 bits to the size": table(2**30 + 12, 1),
    "bytes wrap 64 bits": table(2**31, 2**31, b""),
    "a negative number of rows": table(2**32 - 3, 4),
    "too many dimensions": table(1, 65_537, bytes(65_537 * 4)),
    "rows and dimensions swapped": table(1, 70_000, bytes(280_000)),
    "one byte short": table(3, 4)[:-1],
    "one byte long": table(3, 4) + b"\0",
    "no data": table(3, 4, b""),
    "big-endian": struct.pack(">II", 3, 4) + FLOATS,
    "numbers of 8 bytes": struct.pack("<QQ", 3, 4) + FLOATS,
    "NaN": table(1, 2, NAN[1].astype("<f4").tobytes()),
    "infinity": table(2, 2, INF.astype("<f4").tobytes()),
    "u8bin": table(3, 4, bytes(12)),
    "fvecs": ROW * 3,
    "npy": npy(),
    "npz": GOOD,
    "text": b"these are words and no vectors at all\n",
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
}
U8BIN = {
    "empty": b"",
    "fbin": table(3, 4),
    "huge": table(2**31, 2**31, b""),
    "no dimensions": table(5, 0, b""),
    "one byte short": table(3, 4, bytes(11)),
}

CASES = {
    ".npy": NPY,
    ".npz": NPZ,
    ".fvecs": FVECS,
    ".bvecs": BVECS,
    ".fbin": FBIN,
    ".u8bin": U8BIN,
    ".i8bin": U8BIN,
    **TABLE_CASES,
}
SOUND = {
    ".npy": npy(),
    ".npz": DEFLATED,
    ".fvecs": ROW * 9,
    ".bvecs": row(8, bytes(8)) * 9,
    ".fbin": table(3, 4),
    ".u8bin": table(3, 4, bytes(12)),
    **TABLE_SOUND,
}
