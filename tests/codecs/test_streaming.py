"""Vectors that come in blocks give the same codes, in bounded memory."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lilliput.codecs.codec import Codec
from lilliput.codecs.stored import open_codes
from lilliput.errors import Cancelled, FileError, InvalidInput
from lilliput.io.write import write_vectors
from spellings import SPECS

X = np.random.default_rng(0).standard_normal((1000, 16)).astype(np.float32)


def batches(size: int) -> Iterator[np.ndarray]:
    """The vectors, a few at a time."""
    for start in range(0, len(X), size):
        yield X[start : start + size]


@pytest.mark.parametrize("metric", ["l2", "cosine"])
@pytest.mark.parametrize("spec", SPECS)
def test_every_way_in_and_out_gives_the_same_codes(spec: str, metric: str, tmp_path: Path) -> None:
    """From an array, batches or a file; to an array or a file."""
    made = Codec(spec, metric=metric).fit(X)
    codes = made.encode(X)
    np.save(tmp_path / "x.npy", X)

    for size in (1000, 333, 7):
        assert np.array_equal(codes, made.encode(batches(size)))
    assert np.array_equal(codes, made.encode(tmp_path / "x.npy"))
    assert np.array_equal(codes, made.encode(np.load(tmp_path / "x.npy", mmap_mode="r")))
    assert np.array_equal(codes, made.encode(X, tmp_path / "a.codes"))
    assert np.array_equal(codes, made.encode(batches(60), tmp_path / "b.codes"))
    assert np.array_equal(codes, made.pack(made.encode_rows(X)))


@pytest.mark.parametrize("spec", SPECS)
def test_fitting_sees_the_same_sample_in_any_blocks(spec: str) -> None:
    """The fit depends on the rows and their order alone."""
    codes = Codec(spec).fit(X).encode(X)

    assert np.array_equal(codes, Codec(spec).fit(batches(77)).encode(X))


def test_rows_are_written_in_place() -> None:
    """A part of what was allocated is filled, and nothing around it."""
    made = Codec("int8", metric="l2").fit(X)
    whole = made.encode_rows(X)
    room = made.allocate(1000)
    held = [array for array in room if array is not None]
    for array in held:
        array.fill(3)

    made.encode_rows(X[400:600], room.part(400, 600))

    for expected, actual in zip([array for array in whole if array is not None], held, strict=True):
        assert np.array_equal(expected[400:600], actual[400:600])
        assert (actual[:400] == 3).all()
        assert (actual[600:] == 3).all()


def test_the_file_is_mapped_read_only_and_opens_again(tmp_path: Path) -> None:
    """It holds the codec, so that nothing else is needed to decode."""
    made = Codec("pca5,int8", metric="l2", seed=3).fit(X)

    codes = made.encode(X, tmp_path / "codes")

    assert not codes.flags.writeable
    stored = open_codes(tmp_path / "codes", verify="full")
    assert np.array_equal(codes, stored.codes)
    assert made.get_params() == stored.codec.get_params()
    assert (1000, 16) == (stored.rows, stored.dim)
    write_vectors(tmp_path / "back.npy", stored)
    assert np.array_equal(made.decode(codes), np.load(tmp_path / "back.npy"))


def test_a_failed_encode_leaves_the_old_file(tmp_path: Path) -> None:
    """A bad row, a callback that says stop, a folder that is not there: what was there stays, alone."""
    made = Codec("int8").fit(X)
    out = tmp_path / "codes"
    made.encode(X[:10], out)
    bad = X.copy()
    bad[999, 0] = np.nan
    before = out.read_bytes()

    with pytest.raises(InvalidInput, match="row 999"):
        made.encode(bad, out)
    with pytest.raises(InvalidInput, match="row 999"):
        made.encode(iter([bad]), out)
    with pytest.raises(Cancelled):
        made.encode(X, out, progress=lambda done, total: False)
    with pytest.raises(FileError, match="parent folder"):
        made.encode(X, tmp_path / "no" / "codes")
    with pytest.raises(FileError, match="parent folder"):
        made.encode(batches(10), tmp_path / "no" / "codes")

    assert before == out.read_bytes()
    assert [out] == list(tmp_path.iterdir())


def test_vectors_are_not_overwritten_by_their_codes(tmp_path: Path) -> None:
    """The same path in and out, by whatever name, is refused."""
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "link.npy").symlink_to(tmp_path / "x.npy")
    made = Codec("int8").fit(X)

    with pytest.raises(InvalidInput, match="another name"):
        made.encode(tmp_path / "x.npy", tmp_path / "x.npy")
    with pytest.raises(InvalidInput, match="another name"):
        made.encode(str(tmp_path / "x.npy"), tmp_path / "link.npy")


def test_progress_is_told() -> None:
    """Fitting and encoding say how far they are, and stop when they are asked to."""
    told: list[tuple[int, int]] = []
    made = Codec("bin").fit(X, progress=lambda done, total: told.append((done, total)))
    made.encode(X, progress=lambda done, total: told.append((done, total)))

    assert [(1000, 1000), (1000, 1000)] == told
    with pytest.raises(Cancelled):
        made.fit(X, progress=lambda done, total: False)
    assert made.__sklearn_is_fitted__()


MEMORY = """
import resource, sys
import numpy as np
from lilliput.codecs.codec import Codec

x = np.load(sys.argv[1], mmap_mode="r")
codec = Codec("pca64,int8", metric="l2").fit(np.random.default_rng(0).standard_normal((2000, 384)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
codes = codec.encode(x, sys.argv[2])
print(codes.shape[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_mapped_file_is_encoded_in_bounded_memory(tmp_path: Path) -> None:
    """Half a gigabyte of vectors takes less than 100 MB more than the codec itself."""
    rows = 2**29 // 4 // 384
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (rows, 384))
    mapped[-1] = 1
    del mapped

    command = [sys.executable, "-c", MEMORY, str(tmp_path / "x.npy"), str(tmp_path / "codes")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert rows == int(printed[0])
    assert int(printed[1]) < 100 * 1024
