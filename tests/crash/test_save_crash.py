"""Saves that are killed: the old index opens or the new one does, and the next save clears up."""

import errno
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from faults import FaultyLayer
from lilliput.io.container import Container, write_container
from lilliput.io.files import FAILPOINTS, VARIABLE, using
from states import read_state, save_state

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

KILLS = 200
SEED = 20_240_229


def in_a_child(save: Callable[[], None], kill_after: float | None = None) -> int:
    """Run a save in a forked child, kill it after a time, and return the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            save()
            status = 0
        finally:
            os._exit(status)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def save_with(folder: Path, version: int, can_exchange: bool) -> Callable[[], None]:
    def save() -> None:
        with using(FaultyLayer(can_exchange=can_exchange)):
            save_state(folder, version)

    return save


def failpoints_of(folder: Path, can_exchange: bool) -> list[str]:
    """Each failpoint that a save passes, once."""
    layer = FaultyLayer(can_exchange=can_exchange)
    with using(layer):
        save_state(folder, 0)
        save_state(folder, 0)
    return sorted(set(layer.failpoints))


def test_killed_at_random_times(tmp_path: Path) -> None:
    """200 kills anywhere in a save, by either way of changing names: never neither, never a mixture."""
    rng = random.Random(SEED)
    folder = tmp_path / "index"
    save_state(folder, 0)
    started = time.perf_counter()
    for version in range(1, 6):
        in_a_child(save_with(folder, version, True))
    typical = (time.perf_counter() - started) / 5
    killed = kept = 0

    for version in range(1_000, 1_000 + KILLS):
        before = read_state(folder)
        ending = in_a_child(save_with(folder, version, version % 2 == 0), rng.uniform(0, 1.1 * typical))
        after = read_state(folder)
        assert after in (before, version), f"seed {SEED}, version {version}"
        assert ending or after == version
        killed += ending == signal.SIGKILL
        kept += after == before

    assert killed > KILLS / 10  # the clock decides how many, and a busy machine's is uneven
    assert kept > 0
    save_state(folder, 1)
    assert 1 == read_state(folder)
    assert ["index"] == os.listdir(tmp_path)


@pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "aside"])
def test_killed_at_every_failpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    """The old index opens up to the swap, the new one after it; the next save works and leaves no waste."""
    folder = tmp_path / "index"
    for failpoint in failpoints_of(folder, can_exchange):
        save_state(folder, 1)
        monkeypatch.setenv(VARIABLE, failpoint)

        assert signal.SIGKILL == in_a_child(save_with(folder, 2, can_exchange))

        monkeypatch.delenv(VARIABLE)
        expected = 2 if failpoint in ("index.rename.after", "index.remove") else 1
        assert expected == read_state(folder), failpoint
    save_state(folder, 3)
    assert 3 == read_state(folder)
    assert ["index"] == os.listdir(tmp_path)


@pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "aside"])
def test_the_first_save_is_whole_or_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    """Where there was nothing, a killed save leaves nothing that opens, or all of it."""
    for failpoint in failpoints_of(tmp_path / "probe", can_exchange):
        folder = tmp_path / failpoint / "index"
        folder.parent.mkdir()
        monkeypatch.setenv(VARIABLE, failpoint)
        ending = in_a_child(save_with(folder, 1, can_exchange))
        monkeypatch.delenv(VARIABLE)

        assert folder.exists() == (ending == 0 or failpoint == "index.rename.after")
        if folder.exists():
            assert 1 == read_state(folder)
        save_state(folder, 2)
        assert ["index"] == os.listdir(folder.parent)


@pytest.mark.parametrize("action", ["eio", "enospc"])
def test_failing_at_every_failpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """The same points as errors of the disk: typed, with the old index or the new one in place."""
    folder = tmp_path / "index"
    for failpoint in failpoints_of(folder, True):
        save_state(folder, 1)
        monkeypatch.setenv(VARIABLE, f"{failpoint}:{action}")
        code = None
        try:
            save_state(folder, 2)
        except OSError as error:
            code = error.errno
        monkeypatch.delenv(VARIABLE)

        wanted = None if failpoint == "index.remove" else {"eio": errno.EIO, "enospc": errno.ENOSPC}[action]
        assert wanted == code
        assert (2 if failpoint in ("index.rename.after", "index.remove") else 1) == read_state(folder)


def test_single_files_are_killed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that replaces another is old or new at each of its failpoints."""
    path = tmp_path / "codec.safetensors"

    def save(version: int) -> None:
        write_container(path, {"a": np.full(40_000, version)}, {}, format="test")

    for failpoint in (name for name in FAILPOINTS if name.startswith("file.")):
        save(1)
        monkeypatch.setenv(VARIABLE, failpoint)

        assert signal.SIGKILL == in_a_child(lambda: save(2))

        monkeypatch.delenv(VARIABLE)
        expected = 2 if failpoint == "file.rename.after" else 1
        assert expected == Container.open(path, verify="full").tensor("a")[0]
    save(3)
    assert [path.name] == os.listdir(tmp_path)


def test_every_failpoint_is_reached(tmp_path: Path) -> None:
    """The list of failpoints is what saves really pass."""
    layer = FaultyLayer(can_exchange=False)
    with using(layer):
        save_state(tmp_path / "index", 0)
        save_state(tmp_path / "index", 1)
        write_container(tmp_path / "x", {"a": np.ones(3)}, {}, format="test")

    assert set(FAILPOINTS) == set(layer.failpoints)
