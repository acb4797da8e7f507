"""Saves of a whole index that are killed at any moment: the old one opens or the new one, and answers."""

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from lilliput.index.index import Index

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

KILLS = 200
SEED = 20_240_301
QUERIES = np.random.default_rng(1).standard_normal((5, 32)).astype(np.float32)


def make(spec: str, seed: int) -> Index:
    """Build a small index whose answers tell which it is."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2_000, 32)).astype(np.float32)
    return Index(spec).fit(X, queries=X[:25]).add(X, rng.permutation(5_000)[:2_000])


def answer(index: Index) -> bytes:
    """Say everything that a search says."""
    hits = index.search(QUERIES, 10, exact=True, threads=1)
    return (
        f"{index.spec} {len(index)} {index.calibration}".encode() + hits.ids.tobytes() + hits.scores.tobytes()
    )


def save_in_a_child(index: Index, folder: Path, kill_after: float | None) -> bool:
    """Save in a forked child that is killed after a time; say whether it was killed in the middle."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            index.save(folder)
            status = 0
        finally:
            os._exit(status)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_killed_while_saving(tmp_path: Path) -> None:
    """200 kills while two indexes take turns: what opens is wholly one of them; the last save clears up."""
    indexes = [make("flat | int8 | f16", 2), make("flat | bin | f32", 3)]
    answers = [answer(index) for index in indexes]
    assert answers[0] != answers[1]
    folder = tmp_path / "index"
    indexes[0].save(folder)
    started = time.perf_counter()
    for number in range(4):
        assert not save_in_a_child(indexes[number % 2], folder, None)
    typical = (time.perf_counter() - started) / 4
    rng = random.Random(SEED)
    there, killed, kept = 1, 0, 0

    for number in range(KILLS):
        new = number % 2
        was_killed = save_in_a_child(indexes[new], folder, rng.uniform(0, 1.2 * typical))
        with Index.open(folder, mmap=number % 3 != 0, verify="full") as opened:
            found = answers.index(answer(opened))
        assert found in (there, new), f"seed {SEED}, kill {number}"
        assert was_killed or found == new
        killed += was_killed
        kept += was_killed and found == there != new
        there = found

    assert killed > KILLS / 4
    assert kept > 0
    indexes[0].save(folder)
    assert answers[0] == answer(Index.open(folder, verify="full"))
    assert ["index"] == os.listdir(tmp_path)
