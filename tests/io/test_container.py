"""Containers: what goes in comes out, what is damaged does not."""

import errno
import gc
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from faults import FaultyLayer
from forge import container as forged
from forge import entry, good_entries
from lilliput.errors import CorruptFile, FileError, InvalidInput, LilliputError, UnsupportedVersion
from lilliput.io.container import Container, new_container, write_container
from lilliput.io.files import using

PAGE = 65_536
TYPES = [np.dtype(f"<{code}") for code in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")]

arrays = st.sampled_from(TYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
)
tensor_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,20}", fullmatch=True)


def slow_crc32c(data: bytes, state: int = 0) -> int:
    """Follow the definition bit by bit."""
    state ^= 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A container of three tensors over several pages."""
    rng = np.random.default_rng(0)
    tensors = {
        "rows": rng.integers(0, 256, (3_000, 100), np.uint8),
        "mean": rng.standard_normal(100, np.float32),
        "alpha": rng.standard_normal(3_000, np.float32),
    }
    write_container(tmp_path / "x.safetensors", tensors, {"spec": "int8"}, format="test")
    return tmp_path / "x.safetensors"


def flip(path: Path, offset: int, bit: int = 0) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset] ^= 1 << bit
    path.write_bytes(raw)


def data_start(path: Path) -> int:
    return 8 + int.from_bytes(path.read_bytes()[:8], "little")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tensors=st.dictionaries(tensor_names, arrays, max_size=5), mapped=st.booleans())
def test_arrays_come_back(tmp_path: Path, tensors: dict[str, np.ndarray[Any, Any]], mapped: bool) -> None:
    """Values, types and shapes survive, from ours and from the format's own reader."""
    path = tmp_path / "x.safetensors"
    write_container(path, tensors, {"clé": "valeur"}, format="test")

    with Container.open(path, mmap=mapped) as container:
        assert set(tensors) == set(container.names)
        assert {"clé": "valeur"} == dict(container.metadata)
        theirs = safetensors.numpy.load_file(path)
        for name, expected in tensors.items():
            for actual in (container.tensor(name), theirs[name]):
                assert expected.dtype == actual.dtype
                assert expected.shape == actual.shape
                assert expected.tobytes() == actual.tobytes()
            assert not container.tensor(name).flags.writeable


def test_the_bytes_are_those_of_the_page_on_the_format(tmp_path: Path) -> None:
    """Alignment, pads and both checksums, worked out from the description alone."""
    tensors = {"a": np.arange(70_001, dtype=np.uint8), "b": np.ones(3)}
    write_container(tmp_path / "x", tensors, {}, format="test")
    raw = (tmp_path / "x").read_bytes()
    start = data_start(tmp_path / "x")
    header = json.loads(raw[8:start])

    assert 0 == start % 64
    metadata = header.pop("__metadata__")
    assert ("test", "1", "1") == tuple(metadata[key] for key in ("format", "format_version", "min_reader"))
    assert ["a", "__pad0", "b", "__pad1", "__crc_pages", "__crc_head"] == list(header)
    for name in ("a", "b", "__crc_pages"):
        assert 0 == header[name]["data_offsets"][0] % 64
    guarded = header["__crc_pages"]["data_offsets"][0]
    data = raw[start : start + guarded]
    stored = np.frombuffer(raw[start + guarded :], "<u4")
    assert [slow_crc32c(data[:PAGE]), slow_crc32c(data[PAGE:])] == stored[:2].tolist()
    assert slow_crc32c(raw[:start] + raw[start + guarded : -4]) == stored[2]
    assert len(raw) == start + header["__crc_head"]["data_offsets"][1]


@pytest.mark.parametrize("mapped", [True, False])
def test_tensors_lie_on_whole_cache_lines(path: Path, mapped: bool) -> None:
    """Every tensor starts at a multiple of 64 in memory too."""
    with Container.open(path, mmap=mapped) as container:
        assert [0, 0, 0] == [container.tensor(name).ctypes.data % 64 for name in container.names]


def test_blocks_make_the_same_file_as_whole_arrays(tmp_path: Path) -> None:
    """However a tensor is cut, strided or swapped, the bytes are the same."""
    a = np.arange(300_000, dtype=np.float32).reshape(3_000, 100)
    tensors = {"a": a, "b": np.arange(5, dtype=np.int64)}
    write_container(tmp_path / "whole", tensors, {}, format="test")
    layout = {"a": ("f4", (3_000, 100)), "b": ("i8", (5,))}

    with new_container(tmp_path / "blocks", layout, {}, format="test") as writer:
        for first in range(0, 3_000, 7):
            writer.write("a", a[first : first + 7])
        writer.write("b", tensors["b"])
    wide = np.zeros((3_000, 200), ">f4")
    wide[:, ::2] = a
    write_container(tmp_path / "strided", {"a": wide[:, ::2], "b": tensors["b"]}, {}, format="test")

    assert (tmp_path / "whole").read_bytes() == (tmp_path / "blocks").read_bytes()
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "strided").read_bytes()


def test_a_damaged_page_is_met_when_it_is_touched(path: Path) -> None:
    """Lazy: other tensors serve; the damaged one is an error that names the bytes, again and again."""
    start = data_start(path)
    flip(path, start + 2 * PAGE + 5, 3)

    with Container.open(path) as container:
        container.check()
        assert (100,) == container.tensor("mean").shape
        assert (3_000, 100) == container.mapped("rows").shape
        message = f"bytes {start + 2 * PAGE} to {start + 3 * PAGE - 1} do not match their checksum"
        for _ in range(2):
            with pytest.raises(CorruptFile, match=message):
                container.tensor("rows")
        with pytest.raises(CorruptFile, match=message):
            container.check()
        assert container.guard is not None
        assert 2 == container.guard.bad_page


@pytest.mark.parametrize("options", [{"verify": "full"}, {"mmap": False}])
def test_a_damaged_page_is_met_at_once(path: Path, options: dict[str, Any]) -> None:
    """Full verification, or reading into memory, looks at every page when it opens."""
    with Container.open(path, **options) as container:
        assert container.guard is None

    flip(path, data_start(path) + 2 * PAGE + 5, 3)
    with pytest.raises(CorruptFile, match="do not match their checksum"):
        Container.open(path, **options)


def test_the_guard_answers_for_the_bytes_it_covers(path: Path) -> None:
    """Touching by offset verifies the pages under it and refuses what is outside."""
    flip(path, data_start(path) + PAGE)
    guard = Container.open(path).guard
    assert guard is not None

    assert guard.touch(0, PAGE)
    assert not guard.touch(PAGE - 1, 2)
    assert not guard.verify_all()
    assert 1 == guard.bad_page
    for offset, n in [(0, 10**12), (10**12, 1), (2**64 - 1, 2)]:
        with pytest.raises(IndexError):
            guard.touch(offset, n)


def test_arrays_outlive_their_container(path: Path) -> None:
    """Closing lets go of the mapping only when nobody reads it any more."""
    container = Container.open(path)
    rows, guard = container.mapped("rows"), container.guard
    expected = rows.sum()
    container.close()
    del container
    gc.collect()

    assert guard is not None
    assert guard.verify_all()
    assert expected == rows.sum()
    with Container.open(path) as closed:
        pass
    with pytest.raises(FileError, match="is closed"):
        closed.tensor("rows")


def test_every_flipped_bit_is_an_error_or_changes_nothing(tmp_path: Path) -> None:
    """Each bit of a small file, header, data, pads and checksums alike."""
    path = tmp_path / "x"
    write_container(path, {"a": np.arange(9, dtype=np.int16), "b": np.ones(1)}, {"k": "v"}, format="test")
    silent = []
    with path.open("r+b", buffering=0) as file:
        for offset, byte in enumerate(path.read_bytes()):
            for bit in range(8):
                os.pwrite(file.fileno(), bytes([byte ^ 1 << bit]), offset)
                try:
                    Container.open(path, verify="full")
                    silent.append((offset, bit))
                except CorruptFile:
                    pass
            os.pwrite(file.fileno(), bytes([byte]), offset)

    assert [] == silent
    assert 9 == len(Container.open(path, verify="full").tensor("a"))


def test_every_truncation_is_an_error(tmp_path: Path) -> None:
    """Each length of a small file, and a byte too many."""
    path = tmp_path / "x"
    write_container(path, {"a": np.arange(9, dtype=np.int16)}, {}, format="test")
    raw = path.read_bytes()

    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        with pytest.raises(CorruptFile):
            Container.open(path)
    path.write_bytes(raw + b"\0")
    with pytest.raises(CorruptFile):
        Container.open(path)


def change(**entries: Any) -> Callable[[], bytes]:
    """Make a file whose header has other entries; None removes one."""

    def make() -> bytes:
        header = good_entries() | entries
        return forged({name: value for name, value in header.items() if value is not None})

    return make


def raw_header(text: bytes) -> Callable[[], bytes]:
    return lambda: forged(text)


GOOD = json.dumps(good_entries(), separators=(",", ":")).encode()
LONG = "a" * 129
FORGERIES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "seven bytes": lambda: bytes(7),
    "eight bytes": lambda: bytes(8),
    "header longer than the file": lambda: (10**6 - 8).to_bytes(8, "little") + bytes(200),
    "header of 2**63": lambda: (2**63).to_bytes(8, "little") + bytes(200),
    "header not on a line": lambda: (60).to_bytes(8, "little") + bytes(200),
    "header all zeros": lambda: (56).to_bytes(8, "little") + bytes(200),
    "a file of another format": lambda: b"\x93NUMPY\x01\x00" + bytes(200),
    "not UTF-8": raw_header(GOOD.replace(b"forger", b"\xff\xfe")),
    "UTF-16": raw_header(GOOD.decode().encode("utf-16")),
    "a list": raw_header(b"[]"),
    "a name twice": raw_header(GOOD[:-1] + b',"a":{}}'),
    "nested deep": raw_header(b'{"a":' + b"[" * 100_000),
    "a huge number": raw_header(GOOD.replace(b"[0,64]", b"[0," + b"9" * 5_000 + b"]")),
    "half a character": raw_header(GOOD.replace(b"forger", b"\\ud800")),
    "no metadata": change(__metadata__=None),
    "metadata of numbers": change(__metadata__={"format": 1}),
    "no min_reader": change(__metadata__={"format": "f"}),
    "no checksums": change(__crc_pages=None, __crc_head=None, a=entry("U8", [72], 0, 72)),
    "no head": change(__crc_head=None),
    "hole": change(a=entry("U8", [60], 0, 60)),
    "overlap": change(b=entry("U8", [32], 32, 64)),
    "beyond the end": change(a=entry("U8", [2**40], 0, 2**40)),
    "backwards": change(a=entry("U8", [0], 64, 0)),
    "shape of another size": change(a=entry("U8", [63], 0, 64)),
    "shape that overflows": change(a=entry("U8", [2**32, 2**32, 64], 0, 64)),
    "shape that overflows to nothing": change(z=entry("U8", [0, 2**47, 2**47], 0, 0)),
    "negative axis": change(a=entry("U8", [-8, -8], 0, 64)),
    "axis of bool": change(a=entry("U8", [True, 64], 0, 64)),
    "axis of float": change(a=entry("U8", [64.0], 0, 64)),
    "axis of text": change(a=entry("U8", ["64"], 0, 64)),
    "nine axes": change(a=entry("U8", [64] + [1] * 8, 0, 64)),
    "offset of float": change(a=entry("U8", [64], 0.0, 64)),
    "three offsets": change(a={"dtype": "U8", "shape": [64], "data_offsets": [0, 64, 64]}),
    "unknown type": change(a=entry("BOOL", [64], 0, 64)),
    "type of number": change(a={"dtype": 3, "shape": [64], "data_offsets": [0, 64]}),
    "extra key": change(a=entry("U8", [64], 0, 64) | {"x": 1}),
    "no entry": change(a=7),
    "unaligned": change(a=entry("U8", [32], 0, 32), b=entry("U8", [32], 32, 64)),
    "reserved name": change(a=None, __b=entry("U8", [64], 0, 64)),
    "path as name": change(a=None, **{"../a": entry("U8", [64], 0, 64)}),
    "empty name": change(a=None, **{"": entry("U8", [64], 0, 64)}),
    "long name": change(a=None, **{LONG: entry("U8", [64], 0, 64)}),
    "head of another type": change(__crc_head=entry("I32", [1], 68, 72)),
    "too few checksums": change(__crc_pages=entry("U32", [0], 64, 64), b=entry("U8", [4], 64, 68)),
    "a checksum that does not fit": lambda: change()()[:-1] + b"x",
    "a checksum of pages that does not fit": lambda: change()()[:-8] + b"abcd" + change()()[-4:],
}


def test_the_forger_can_be_honest(tmp_path: Path) -> None:
    """What the cases below change is a whole container."""
    (tmp_path / "x").write_bytes(change()())

    assert (64,) == Container.open(tmp_path / "x", verify="full").tensor("a").shape


@pytest.mark.parametrize("make", FORGERIES.values(), ids=FORGERIES.keys())
def test_malformed_files_are_refused(tmp_path: Path, make: Callable[[], bytes]) -> None:
    """Typed error, naming the file."""
    (tmp_path / "hostile").write_bytes(make())

    with pytest.raises(CorruptFile, match="hostile"):
        Container.open(tmp_path / "hostile")


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"0,", b'"ab",', b'{"k":1},', b'"' + b"x" * 200 + b'",'])
def test_hostile_headers_take_little_memory(tmp_path: Path, piece: bytes) -> None:
    """16 MB of the costliest JSON stay under twice the file and 64 MB."""
    size = 16 * 2**20 - 8 - 2
    text = b'{"a":[' + (piece * (size // len(piece)))[: size - 6]
    (tmp_path / "x").write_bytes(forged(text[: size - size % 64 - 64]))
    tracemalloc.start()
    try:
        with pytest.raises(CorruptFile):
            Container.open(tmp_path / "x")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2 * os.path.getsize(tmp_path / "x") + 64 * 2**20


def test_newer_versions_are_named(tmp_path: Path) -> None:
    """A newer version that this reader can still read opens; one that it cannot says what is needed."""
    metadata = {"format": "f", "format_version": "7", "writer": "lilliput 9"}
    (tmp_path / "a").write_bytes(change(__metadata__=metadata | {"min_reader": "1"})())
    (tmp_path / "b").write_bytes(change(__metadata__=metadata | {"min_reader": "7"})())

    assert (64,) == Container.open(tmp_path / "a").tensor("a").shape
    with pytest.raises(UnsupportedVersion, match="'lilliput 9' and needs a reader of format version 7"):
        Container.open(tmp_path / "b")


def test_what_cannot_be_opened_is_explained(path: Path, tmp_path: Path) -> None:
    """Missing, a folder, a FIFO, another format, another verify: one sentence each, and no waiting."""
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(FileError, match="does not exist"):
        Container.open(tmp_path / "none")
    for name in (".", "fifo"):
        with pytest.raises(FileError, match="not a regular file"):
            Container.open(tmp_path / name)
    with pytest.raises(FileError, match="holds 'test', not 'codec'"):
        Container.open(path, format="codec")
    with pytest.raises(InvalidInput, match="it is 'lazy' or 'full'"):
        Container.open(path, verify="never")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wanted", [{"dtype": "f4"}, {"shape": (3_000, 99)}, {"shape": (3_000,)}, {"shape": ()}]
)
def test_tensors_must_be_what_is_asked_for(path: Path, wanted: dict[str, Any]) -> None:
    """Type and shape are checked before use; a missing tensor is damage."""
    with Container.open(path) as container:
        assert (3_000, 100) == container.tensor("rows", dtype=np.uint8, shape=(None, 100)).shape
        with pytest.raises(CorruptFile, match="'rows'"):
            container.tensor("rows", **wanted)
        with pytest.raises(CorruptFile, match="has no tensor 'beta'"):
            container.tensor("beta")
        with pytest.raises(CorruptFile, match="has no tensor '__crc_pages'"):
            container.tensor("__crc_pages")


@pytest.mark.parametrize("dtype", [bool, complex, object, "U3", "M8[s]", np.longdouble])
def test_types_without_a_form_are_refused(tmp_path: Path, dtype: Any) -> None:
    """Nothing is converted behind the caller's back."""
    with pytest.raises(InvalidInput, match="a container holds U8"):
        write_container(tmp_path / "x", {"a": np.zeros(3, dtype)}, {}, format="test")
    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["", "__a", "__pad0", "a b", "ä", "../a", LONG, "a\n"])
def test_names_without_a_form_are_refused(tmp_path: Path, name: str) -> None:
    """The writer takes no name that the reader would refuse."""
    with pytest.raises(InvalidInput, match="cannot name a tensor"):
        write_container(tmp_path / "x", {name: np.zeros(3)}, {}, format="test")
    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize(
    "metadata", [{"format": "x"}, {"a": 1}, {1: "a"}, {"a": "\udc80"}, {"a": "x" * 2**25}]
)
def test_metadata_without_a_form_is_refused(tmp_path: Path, metadata: Any) -> None:
    """Metadata is text under text, whole characters, not too long, and not the format's own."""
    with pytest.raises(InvalidInput):
        write_container(tmp_path / "x", {}, metadata, format="test")
    assert [] == os.listdir(tmp_path)


def write_blocks(path: Path, layout: Any, blocks: list[tuple[str, Any]]) -> None:
    with new_container(path, layout, {}, format="test") as writer:
        for name, block in blocks:
            writer.write(name, block)


def test_what_is_written_is_what_was_announced(tmp_path: Path) -> None:
    """Wrong order, type, size or a missing block: an error, and no file."""
    layout = {"a": ("f4", (2, 3)), "b": ("u1", (4,))}
    a, b = np.zeros((2, 3), np.float32), np.zeros(4, np.uint8)
    for blocks, words in [
        ([("b", b)], "'a' lacks 24 bytes"),
        ([("a", a[:1])], "'a' lacks 12 bytes"),
        ([("a", a), ("a", a)], "overflows"),
        ([("a", a), ("b", b), ("a", a)], "written already"),
        ([("a", a.astype(np.float64))], "this block is float64"),
        ([("c", a)], "not announced"),
        ([("a", a)], "'b' lacks 4 bytes"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            write_blocks(tmp_path / "x", layout, blocks)
        assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_every_operation_may_fail(path: Path, lasting: bool) -> None:
    """Whichever operation fails, the old file or the new one opens, and the next save clears up."""
    for number in range(1, 60):
        before = path.read_bytes()
        layer = FaultyLayer(number, errno.ENOSPC, lasting=lasting)
        text = None
        try:
            with using(layer):
                write_container(path, {"a": np.full(10, number)}, {}, format="test")
        except FileError as error:
            text = str(error)
        if text is None or "in place" in text:
            assert number == Container.open(path).tensor("a")[0]
        else:
            assert "the disk is full; free some space" in text
            assert before == path.read_bytes()
        if not layer.failed:
            break
    assert 7 < number < 59
    assert [path.name] == os.listdir(path.parent)


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    """A file does not replace a folder."""
    with pytest.raises(LilliputError, match="is a folder; give the name of a file"):
        write_container(tmp_path, {}, {}, format="test")


def test_pages_are_verified_by_many_threads(path: Path) -> None:
    """Threads that touch the same fresh pages agree."""
    from concurrent.futures import ThreadPoolExecutor

    flip(path, data_start(path) + 3 * PAGE)
    guard = Container.open(path).guard
    assert guard is not None
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda page: guard.touch(page % 4 * PAGE, PAGE), range(400)))

    assert [page % 4 != 3 for page in range(400)] == answers
