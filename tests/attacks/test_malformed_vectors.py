"""Files that are not what they say: a typed error in a sentence, and no more memory than they warrant."""

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attacks.malformed import CASES, HARMLESS_NPZ, NPY, SOUND, npy, packed
from attacks.malformed_tables import TABLE_CASES
from lilliput.errors import CorruptFile, FileError, InvalidInput, LilliputError
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix, as_source

ALLOWANCE = 64 * 2**20
ALL = [(suffix, name) for suffix, cases in CASES.items() for name in cases]


def drain(path: Path) -> None:
    """Read block by block."""
    for _ in as_source(path).batches():
        pass


def whole(path: Path) -> None:
    """Read at once."""
    as_matrix(path, name="X")


def peak(read: Callable[[Path], object], path: Path) -> tuple[BaseException | None, int]:
    """What a reader raises, and the most memory that it held."""
    tracemalloc.start()
    try:
        read(path)
    except Exception as error:
        return error, tracemalloc.get_traced_memory()[1]
    else:
        return None, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_there_are_enough_cases() -> None:
    """At least 25 for each reader."""
    vecs = len(CASES[".fvecs"]) + len(CASES[".bvecs"])

    assert all(len(CASES[suffix]) >= 25 for suffix in (".npy", ".npz", ".fbin", *TABLE_CASES))
    assert vecs >= 25


@pytest.mark.parametrize(("suffix", "name"), ALL)
def test_a_malformed_file_is_refused(suffix: str, name: str, tmp_path: Path) -> None:
    """By every way of reading vectors: with a sentence that names the file, in bounded memory."""
    path = tmp_path / f"X{suffix}"
    data = CASES[suffix][name]
    path.write_bytes(data)

    for read in (drain, whole):
        error, used = peak(read, path)

        assert isinstance(error, CorruptFile | InvalidInput | FileError), repr(error)
        assert path.name in str(error)
        assert str(error).endswith(".")
        assert len(str(error)) < 1000
        assert used < 2 * len(data) + ALLOWANCE


@pytest.mark.parametrize(("suffix", "name"), ALL)
def test_a_malformed_file_gives_no_raw_array_of_another_size(suffix: str, name: str, tmp_path: Path) -> None:
    """`read_array` refuses it, or gives the numbers that are there, such as NaN."""
    path = tmp_path / f"X{suffix}"
    data = CASES[suffix][name]
    path.write_bytes(data)

    error, used = peak(read_array, path)

    assert error is None or isinstance(error, LilliputError), repr(error)
    assert used < 2 * len(data) + ALLOWANCE
    if error is None:
        assert read_array(path).nbytes <= len(data)


def test_a_process_stays_small_over_all_of_them(tmp_path: Path) -> None:
    """As the system counts memory: all files one after another, in a process of their own."""
    for number, (suffix, name) in enumerate(ALL):
        (tmp_path / f"{number}{suffix}").write_bytes(CASES[suffix][name])
    script = f"""
import resource, pathlib
from lilliput.errors import LilliputError
from lilliput.io.open import read_array
from lilliput.io.source import as_matrix
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
for path in pathlib.Path({str(tmp_path)!r}).iterdir():
    for read in (as_matrix, read_array):
        try:
            read(path)
        except LilliputError:
            pass
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)

    assert "" == done.stderr
    assert int(done.stdout) < ALLOWANCE


@pytest.mark.parametrize("suffix", SOUND)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_mutation_escapes_the_error_tree(suffix: str, data: st.DataObject, tmp_path: Path) -> None:
    """Flipped, cut, doubled and overwritten bytes give vectors or a typed error, and nothing else."""
    mutated = bytearray(SOUND[suffix])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(mutated) - 1)))
        deed = data.draw(st.sampled_from(["flip", "cut", "double", "overwrite", "remove"]))
        if deed == "flip" and mutated:
            mutated[at] ^= 1 << data.draw(st.integers(0, 7))
        elif deed == "cut":
            del mutated[at:]
        elif deed == "double":
            mutated[at:at] = mutated[at : at + 8]
        elif deed == "overwrite":
            mutated[at : at + 4] = data.draw(
                st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80"])
            )
        else:
            del mutated[at : at + 1]
    path = tmp_path / f"X{suffix}"
    path.write_bytes(mutated)

    for read in (whole, read_array):
        error, used = peak(read, path)
        assert error is None or isinstance(error, LilliputError), repr(error)
        assert used < 2 * len(mutated) + ALLOWANCE


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("big-endian", npy(data=np.arange(12, dtype=">f4").tobytes(), descr=">f4")),
        ("columns", npy(data=np.arange(12, dtype="<f4").reshape(3, 4).T.tobytes(), fortran=True)),
        ("version 3", npy(version=3)),
        ("spaces", npy(header=" {'shape':(3,4),\t'fortran_order':False,\"descr\":'<f4'} \n")),
    ],
)
def test_what_is_merely_unusual_is_read(name: str, data: bytes, tmp_path: Path) -> None:
    """The other byte order and column order are converted, alone and in an archive."""
    expected = np.arange(12, dtype=np.float32).reshape(3, 4)
    (tmp_path / "X.npy").write_bytes(data)
    (tmp_path / "X.npz").write_bytes(packed(data))

    for file in ("X.npy", "X.npz"):
        np.testing.assert_array_equal(expected, as_matrix(tmp_path / file, name="X"))
        np.testing.assert_array_equal(expected, read_array(tmp_path / file))


@pytest.mark.parametrize("name", HARMLESS_NPZ)
def test_an_archive_with_a_harmless_fault_is_read(name: str, tmp_path: Path) -> None:
    """What says nothing of the numbers is let pass; those are checked by their sum."""
    (tmp_path / "X.npz").write_bytes(HARMLESS_NPZ[name])

    actual = as_matrix(tmp_path / "X.npz", name="X")

    np.testing.assert_array_equal(np.arange(12, dtype=np.float32).reshape(3, 4), actual)


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    """One that would make a file makes none."""
    mark = tmp_path / "run"
    payload = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    for data in (npy((1,), payload, descr="|O"), npy((1, 1), payload, descr="|O")):
        (tmp_path / "X.npy").write_bytes(data)
        (tmp_path / "X.npz").write_bytes(packed(data))
        for file in ("X.npy", "X.npz"):
            for read in (drain, read_array):
                with pytest.raises(LilliputError):
                    read(tmp_path / file)

    assert not mark.exists()


@pytest.mark.parametrize("suffix", CASES)
def test_what_is_no_file_is_refused(suffix: str, tmp_path: Path) -> None:
    """Missing, a folder, a pipe, a device, a loop of links, a name too long: a FileError at once."""
    (tmp_path / f"folder{suffix}").mkdir()
    os.mkfifo(tmp_path / f"pipe{suffix}")
    (tmp_path / f"device{suffix}").symlink_to("/dev/zero")
    (tmp_path / f"loop{suffix}").symlink_to(tmp_path / f"loop{suffix}")
    (tmp_path / f"plain{suffix}").write_bytes(NPY["text"])
    places = ["missing", "folder", "pipe", "device", "loop", "x" * 400, "plain" + suffix + "/below"]
    for place in places:
        path = tmp_path / f"{place}{suffix}"
        for read in (open_vectors, read_array):
            with pytest.raises(FileError, match=r"[.]$"):
                read(path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's refusal becomes a sentence; tests may run as a user whom nothing is refused."""

    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    (tmp_path / "X.npy").write_bytes(npy())
    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(FileError, match=r"X\.npy could not be read: there is no permission"):
        open_vectors(tmp_path / "X.npy")


def test_a_path_with_a_nul_is_refused(tmp_path: Path) -> None:
    """The system would not take it."""
    with pytest.raises(InvalidInput, match="NUL"):
        open_vectors(f"{tmp_path}/a\0b.npy")


@pytest.mark.parametrize("suffix", SOUND)
def test_a_file_cut_after_it_was_opened_is_noticed(suffix: str, tmp_path: Path) -> None:
    """Before or while it is read."""
    path = tmp_path / f"X{suffix}"
    path.write_bytes(SOUND[suffix])
    source = open_vectors(path)
    os.truncate(path, len(SOUND[suffix]) - 1)
    with pytest.raises(CorruptFile):
        next(source.batches(1))

    path.write_bytes(SOUND[suffix])
    blocks = open_vectors(path).batches(1)
    next(blocks)
    os.truncate(path, 10)
    if suffix not in (
        ".npz",
        ".parquet",
        ".arrow",
        ".arrows",
        ".h5",
        ".jsonl",
    ):  # so short, it was read whole
        with pytest.raises(CorruptFile):
            list(blocks)
