"""The file layer: failpoints, short writes, explanations."""

import errno
import os
import resource
import signal
from pathlib import Path

import pytest

from faults import FaultyLayer
from lilliput.errors import CorruptFile, FileError, InvalidInput
from lilliput.io.files import FAILPOINTS, VARIABLE, explained, fail, layer, using, write_all


def test_failpoints_do_nothing_until_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable, every failpoint is passed."""
    monkeypatch.delenv(VARIABLE, raising=False)

    for name in FAILPOINTS:
        fail(name)


@pytest.mark.parametrize(("action", "code"), [("eio", errno.EIO), ("enospc", errno.ENOSPC)])
def test_a_failpoint_fails_as_asked(monkeypatch: pytest.MonkeyPatch, action: str, code: int) -> None:
    """The named failpoint raises the error of the system, the others do not."""
    monkeypatch.setenv(VARIABLE, f"index.sync:{action}")

    fail("file.sync")
    with pytest.raises(OSError) as caught:
        fail("index.sync")

    assert code == caught.value.errno


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("wanted", ["file.data", "file.data:kill"])
def test_a_failpoint_kills(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    """Killing is what a failpoint does by default."""
    monkeypatch.setenv(VARIABLE, wanted)

    child = os.fork()
    if child == 0:
        fail("file.data")
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert signal.SIGKILL == os.WTERMSIG(status)


@pytest.mark.parametrize("wanted", ["nowhere", "file.data:explode", ":kill", "file.data:kill:3"])
def test_a_misspelt_failpoint_is_an_error(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    """A test that arms nothing must not pass unnoticed."""
    monkeypatch.setenv(VARIABLE, wanted)

    with pytest.raises(InvalidInput, match="failpoints are"):
        fail("file.data")


def test_short_writes_are_continued(tmp_path: Path) -> None:
    """Every byte arrives, though the system takes three at a time."""
    expected = bytes(range(100))

    with using(FaultyLayer(most_bytes=3)):
        file = layer().create(tmp_path / "x")
        write_all(file, memoryview(expected))
        os.close(file)

    assert expected == (tmp_path / "x").read_bytes()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_kernel_refuses_more(tmp_path: Path) -> None:
    """A real limit on the size of files becomes a FileError, after a real short write."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
        file = layer().create(tmp_path / "x")
        try:
            with explained("saved", "x"):
                write_all(file, memoryview(bytes(2_000)))
        except FileError as error:
            os._exit(42 if error.errno == errno.EFBIG else 1)
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert 42 == os.waitstatus_to_exitcode(status)
    assert 1_000 == (tmp_path / "x").stat().st_size


def test_names_change_places(tmp_path: Path) -> None:
    """An exchange swaps two folders, or says that it cannot and changes nothing."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text").write_text(name)

    swapped = layer().exchange(tmp_path / "a", tmp_path / "b")

    assert ("b" if swapped else "a") == (tmp_path / "a" / "text").read_text()
    assert ("a" if swapped else "b") == (tmp_path / "b" / "text").read_text()


def test_an_exchange_with_nothing_is_an_error(tmp_path: Path) -> None:
    """A missing name is the system's error, unless it cannot exchange at all."""
    (tmp_path / "a").mkdir()

    code = errno.ENOENT
    try:
        swapped = layer().exchange(tmp_path / "a", tmp_path / "b")
    except OSError as error:
        swapped, code = False, error.errno or 0

    assert not swapped
    assert errno.ENOENT == code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EACCES, "no permission; change the permissions"),
        (errno.EROFS, "read-only; choose another place"),
        (errno.ENOENT, "does not exist; check the path"),
        (errno.EIO, "the disk reported an error"),
        (errno.EXDEV, "the system says: Invalid cross-device link"),
    ],
)
def test_errors_say_what_where_and_what_to_do(code: int, words: str) -> None:
    """The message holds the path, the reason, the advice and the state left behind."""
    with pytest.raises(FileError) as caught, explained("saved", "some/index", "Nothing changed."):
        raise OSError(code, os.strerror(code))

    assert code == caught.value.errno
    assert str(caught.value).startswith("some/index could not be saved: ")
    assert words in str(caught.value)
    assert str(caught.value).endswith(". Nothing changed.")


def test_our_own_errors_pass_as_they_are() -> None:
    """An error that is explained already is not explained again."""
    with pytest.raises(CorruptFile, match=r"^page 3$"), explained("saved", "x"):
        raise CorruptFile("page 3")
