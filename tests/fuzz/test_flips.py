"""Flipped bits and cut files: a typed error or the same answer, and never anything else."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from fuzz.harness import Trial, flip_trials
from lilliput.errors import CorruptFile
from lilliput.io.container import Container, write_container
from lilliput.io.folder import open_folder
from lilliput.io.verify import verify
from states import save_state

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def container_answer(path: Path) -> bytes:
    """Everything that a container gives, page by page."""
    with Container.open(path) as container:
        tensors = b"".join(container.tensor(name).tobytes() for name in container.names)
        return repr((container.names, dict(container.metadata), container.format)).encode() + tensors


def folder_answer(path: Path) -> bytes:
    """Everything that a folder gives."""
    with open_folder(path) as files:
        answer = repr((files.metadata, files.format, sorted(files.containers))).encode()
        for name in sorted(files.containers):
            container = files.container(name)
            answer += b"".join(container.tensor(tensor).tobytes() for tensor in container.names)
        return answer


def verify_answer(path: Path) -> bytes:
    """Verification is a reader too: it may raise, but not call a damaged file whole."""
    if not verify(path, progress=False).ok:
        raise CorruptFile("found")
    return b"whole"


def test_containers_withstand_damage(tmp_path: Path) -> None:
    """A container of several pages, read lazily."""
    rng = np.random.default_rng(0)
    tensors = {"rows": rng.integers(0, 256, (2_000, 96), np.uint8), "alpha": rng.standard_normal(2_000)}
    write_container(tmp_path / "x", tensors, {"spec": "int8"}, format="test")

    outcome = flip_trials(tmp_path / "x", container_answer, trials=1_500, seed=1)

    assert [] == outcome.bad
    assert outcome.counts == {"typed error": 1_500}


@pytest.mark.parametrize("answer", [folder_answer, verify_answer])
def test_folders_withstand_damage(tmp_path: Path, answer: object) -> None:
    """A folder of two containers and a manifest; white space of the manifest alone may change."""
    save_state(tmp_path / "index", 3)

    outcome = flip_trials(tmp_path / "index", answer, trials=1_000, seed=2)  # type: ignore[arg-type]

    assert [] == outcome.bad
    assert outcome.counts["typed error"] > 950


def test_the_harness_sees_what_it_must(tmp_path: Path) -> None:
    """A reader without checksums, one that dies, one that hangs and one that trips are all caught."""
    (tmp_path / "x").write_bytes(bytes(50))

    def careless(path: Path) -> bytes:
        raw = path.read_bytes()
        if sum(raw) == 128:
            os.kill(os.getpid(), signal.SIGKILL)
        if len(raw) < 50:
            raise KeyError(len(raw))
        return raw

    outcome = flip_trials(tmp_path / "x", careless, trials=100)

    assert {"silent difference", "crash", "foreign error"} == set(outcome.counts)
    assert 100 == sum(outcome.counts.values())
    assert 100 == len(outcome.bad)


def test_the_harness_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that hangs is a result, and the trials go on."""
    monkeypatch.setattr("fuzz.harness.PATIENCE_SECONDS", 0.2)
    (tmp_path / "x").write_bytes(bytes(50))

    def stuck(path: Path) -> bytes:
        if any(path.read_bytes()):
            signal.pause()
        return b""

    outcome = flip_trials(tmp_path / "x", stuck, trials=3, cuts=0.0)

    assert {"hang": 3} == outcome.counts


def test_damage_is_what_it_says(tmp_path: Path) -> None:
    """A flip changes one bit, a cut one length."""
    path = tmp_path / "x"
    path.write_bytes(bytes(9))

    Trial("", 4, 7).apply(path)
    assert bytes(4) + b"\x80" + bytes(4) == path.read_bytes()
    Trial("", 3, None).apply(path)
    assert bytes(3) == path.read_bytes()
