"""Many threads, a child process, a writer beside readers, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.index.hits import Hits
from lilliput.index.index import Index

Floats = NDArray[np.float32]
SPECS = ["flat", "flat | int8 | f16", "flat | bin | f32"]
CHILD_SECONDS = 30


def same(expected: Hits, actual: Hits) -> bool:
    """Whether two answers are the same to the bit."""
    return np.array_equal(expected.ids, actual.ids) and np.array_equal(expected.scores, actual.scores)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("threads", [1, 4])
def test_search_fork_search(rng: np.random.Generator, threads: int) -> None:
    """A child of a process whose pool has run searches and adds as its parent does, and the parent too."""
    X = rng.standard_normal((9_000, 24))
    index = Index("flat | int8 | f16").fit(X, queries=X[:30]).add(X)
    expected = index.search(X[:80], 10, threads=threads)

    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(CHILD_SECONDS)
            alike = same(expected, index.search(X[:80], 10, threads=threads))
            index.add(X[:100], threads=threads)
            status = 0 if alike and index.search(X[:1], 2, exact=True).ids[0].tolist() == [0, 9_000] else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)

    assert 0 == status
    assert same(expected, index.search(X[:80], 10, threads=threads))


@pytest.mark.parametrize("spec", SPECS)
def test_eight_threads_find_what_one_finds(rng: np.random.Generator, spec: str) -> None:
    """Answers at once, from one pool and with one thread each, are the answers alone, to the bit."""
    X = rng.standard_normal((9_000, 24)).astype(np.float32)
    index = Index(spec).fit(X, queries=X[:30]).add(X)
    asked = [(X[100 * i : 100 * i + (1 if i % 3 == 0 else 70)], 1 + i % 4) for i in range(16)]
    alone = [index.search(Q, 10, exact=i % 2 == 0, threads=t) for i, (Q, t) in enumerate(asked)]

    def ask(i: int) -> Hits:
        Q, threads = asked[i % 16]
        return index.search(Q, 10, exact=i % 2 == 0, threads=threads)

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, range(64)))

    assert all(same(alone[i % 16], hits) for i, hits in enumerate(together))


class Beside:
    """Readers that check each answer of an index that a writer changes."""

    def __init__(self, index: Index, vectors: Floats) -> None:
        self.index, self.vectors = index, vectors
        self.phases = np.zeros(len(vectors), np.int64)  # of four: absent, being added, present, being removed
        self.going = True
        self.faults: list[str] = []
        self.answers = 0

    def read(self, seed: int) -> None:
        """Search until told to stop."""
        rng = np.random.default_rng(seed)
        try:
            while self.going:
                Q = rng.standard_normal((int(rng.integers(1, 9)), self.vectors.shape[1])).astype(np.float32)
                before = self.phases.copy()
                hits = self.index.search(Q, 20, exact=bool(rng.integers(2)), threads=int(rng.integers(1, 3)))
                settled = before == self.phases
                self.check(Q, hits, settled & (before % 4 == 0), int((settled & (before % 4 == 2)).sum()))
                self.answers += 1
        except Exception as error:
            self.faults.append(repr(error))

    def check(self, Q: Floats, hits: Hits, gone: NDArray[np.bool_], least: int) -> None:
        """Note what no single state of the index could have answered."""
        found = hits.ids >= 0
        if gone[hits.ids[found]].any():
            self.faults.append("an id that was absent throughout")
        if (hits.counts < min(20, least)).any():
            self.faults.append(f"{hits.counts.min()} rows of at least {least}")
        true = np.einsum("md,mkd->mk", Q, self.vectors[np.where(found, hits.ids, 0)])
        if not np.allclose(true[found], hits.scores[found], rtol=1e-4, atol=1e-3):
            self.faults.append("a score that is not its row's")
        if (np.diff(hits.scores, axis=1)[found[:, 1:]] > 0).any():
            self.faults.append("scores out of order")


def write(beside: Beside, rng: np.random.Generator, until: float) -> None:
    """Add and remove, by ids that are used again once they are gone."""
    index, n = beside.index, len(beside.vectors)
    while time.monotonic() < until:
        free = rng.permutation(np.flatnonzero(beside.phases % 4 == 0))[: int(rng.integers(1, n // 3))]
        beside.phases[free] += 1
        index.add(beside.vectors[free], free)
        beside.phases[free] += 1
        stored = rng.permutation(np.flatnonzero(beside.phases % 4 == 2))[: int(rng.integers(1, n // 3))]
        beside.phases[stored] += 1
        index.remove(stored)
        beside.phases[stored] += 1


@pytest.mark.parametrize("spec", ["flat", "flat | f32 | f32"])
def test_readers_beside_a_writer_see_whole_states(rng: np.random.Generator, spec: str) -> None:
    """Every hit has its own row's score, none was gone before, none is missing that was there throughout."""
    vectors = rng.standard_normal((3_000, 16)).astype(np.float32)
    beside = Beside(Index(spec, metric="ip").fit(vectors, queries=vectors[:25]), vectors)

    readers = [threading.Thread(target=beside.read, args=(seed,)) for seed in range(3)]
    for reader in readers:
        reader.start()
    try:
        write(beside, rng, time.monotonic() + 2.5)
    finally:
        beside.going = False
        for reader in readers:
            reader.join()

    assert [] == beside.faults[:3]
    assert beside.answers > 20


def test_a_save_beside_readers_and_a_writer(rng: np.random.Generator, tmp_path: Path) -> None:
    """What is saved is one state, whoever searches and adds meanwhile."""
    X = rng.standard_normal((200, 16)).astype(np.float32)
    index = Index("flat", metric="ip").fit(X, queries=X[:25])

    def add() -> None:
        for start in range(0, 200, 10):
            index.add(X[start : start + 10])

    with ThreadPoolExecutor(2) as pool:
        adding = pool.submit(add)
        while not adding.done():
            index.save(tmp_path / "index")
            with Index.open(tmp_path / "index", verify="full") as opened:
                assert 0 == len(opened) % 10
                rows = np.arange(len(opened))
                assert np.allclose(X[rows] @ X[0], opened.scores(X[0], rows), rtol=1e-4, atol=1e-4)
        adding.result()
    assert 200 == len(index)


INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np
from lilliput.index.index import Index
# A test run in the background ignores SIGINT, and its children would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
work = sys.argv[1]
X = np.random.default_rng(0).standard_normal((60_000, 128)).astype(np.float32)
index = Index("flat", metric="ip").fit(X[:100], queries=X[:20]).add(X)
before = len(index)

def interrupt():
    time.sleep(0.7)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

def endless():
    while True:
        yield X

sent = []
threading.Thread(target=interrupt).start()
try:
    if work == "add":
        index.add(endless(), progress=False)
    else:
        while True:
            index.search(np.tile(X[:4_000], (8, 1)), 10)
except KeyboardInterrupt:
    took = time.monotonic() - sent[0]
assert len(index) == before
assert index.search(X[7], 1, exact=True).ids.tolist() == [7]
print(took)
"""


@pytest.mark.parametrize("work", ["search", "add"])
def test_interrupts_end_long_work(work: str) -> None:
    """Ctrl-C ends a long search and a long addition within moments; the index is as before and answers."""
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, work], capture_output=True, text=True, timeout=60, check=False
    )

    assert "" == process.stderr
    assert float(process.stdout) < 2.0


def test_threads_that_raise_leave_others_alone(rng: np.random.Generator, tmp_path: Path) -> None:
    """A damaged page stops the searches that need it, not those of another index in the same pool."""
    X = rng.standard_normal((4_000, 64)).astype(np.float32)
    index = Index("flat").fit(X, queries=X[:20]).add(X)
    index.save(tmp_path / "index")
    rows = tmp_path / "index" / "search-rows.safetensors"
    raw = bytearray(rows.read_bytes())
    raw[len(raw) // 2] ^= 1
    rows.write_bytes(raw)
    damaged = Index.open(tmp_path / "index")
    expected = index.search(X[:70], 5)

    def ask(i: int) -> Any:
        try:
            return (index if i % 2 else damaged).search(X[:70], 5)
        except OSError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(20)))

    assert all(same(expected, hits) for hits in answers[1::2])
    assert all("do not match their checksum" in str(error) for error in answers[::2])
