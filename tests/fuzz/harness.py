"""Flips bits and cuts files, and looks at what a reader makes of them.

A reader is a function of a path that gives bytes: its answer. Whatever happens to the file, it must give the
same answer or raise one of our own errors. It runs in a child process, so that a crash or a hang is a result
like any other; one child serves many trials and is replaced when it dies.
"""

import os
import random
import select
import shutil
import signal
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lilliput.errors import LilliputError

SAME, REFUSED, SILENT, STRANGE = b"=rs!"
NAMES = {SAME: "same answer", REFUSED: "typed error", SILENT: "silent difference", STRANGE: "foreign error"}
PATIENCE_SECONDS = 10.0
EDGE = 512  # bytes at both ends of a file, where half of the flips go

Use = Callable[[Path], bytes]


@dataclass(frozen=True)
class Trial:
    """One thing done to one file: a bit flipped at an offset, or the file cut there."""

    file: str
    offset: int
    bit: int | None

    def apply(self, path: Path) -> None:
        if self.bit is None:
            os.truncate(path, self.offset)
            return
        with path.open("r+b") as file:
            file.seek(self.offset)
            byte = file.read(1)[0]
            file.seek(self.offset)
            file.write(bytes([byte ^ 1 << self.bit]))


@dataclass
class Outcome:
    """How many trials ended how, and which ended badly."""

    counts: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[str, Trial]] = field(default_factory=list)

    def add(self, trial: Trial, ending: str) -> None:
        self.counts[ending] += 1
        if ending not in (NAMES[SAME], NAMES[REFUSED]):
            self.bad.append((ending, trial))


def flip_trials(path: Path, use: Use, *, trials: int, seed: int = 0, cuts: float = 0.1) -> Outcome:
    """Try a reader on damaged copies of a file or folder.

    Parameters
    ----------
    path:
        A whole file, or a folder of files.
    use:
        Opens what it is given, asks it everything that matters and gives the answer as bytes.
    trials:
        How often.
    seed:
        Of the damage.
    cuts:
        The share of trials that cut a file instead of flipping a bit.
    """
    plan = _plan(path, random.Random(seed), trials, cuts)
    copy = path.with_name(f"damaged {path.name}")
    outcome = Outcome()
    expected = use(path)
    done = 0
    while done < trials:
        done = _run_child(path, copy, use, expected, plan, done, outcome)
    _remove(copy)
    return outcome


def _plan(path: Path, rng: random.Random, trials: int, cuts: float) -> list[Trial]:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    plan = []
    for _ in range(trials):
        file = rng.choice(files)
        name = str(file.relative_to(path)) if path.is_dir() else ""
        size = file.stat().st_size
        if rng.random() < cuts:
            plan.append(Trial(name, rng.randrange(size), None))
            continue
        offset = rng.randrange(size)
        if rng.random() < 0.5:
            offset = rng.choice([rng.randrange(min(EDGE, size)), size - 1 - rng.randrange(min(EDGE, size))])
        plan.append(Trial(name, offset, rng.randrange(8)))
    return plan


def _run_child(
    path: Path, copy: Path, use: Use, expected: bytes, plan: list[Trial], done: int, outcome: Outcome
) -> int:
    """Run trials from number `done` until all are done or the child dies; return how many are done."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _serve(path, copy, use, expected, plan[done:], sink)
    os.close(sink)
    try:
        while done < len(plan):
            ready, _, _ = select.select([source], [], [], PATIENCE_SECONDS)
            answer = os.read(source, 1) if ready else b""
            if not answer:
                outcome.add(plan[done], "crash" if ready else "hang")
                return done + 1
            outcome.add(plan[done], NAMES[answer[0]])
            done += 1
        return done
    finally:
        os.close(source)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(path: Path, copy: Path, use: Use, expected: bytes, plan: list[Trial], sink: int) -> None:
    """Do the trials and tell how each ended; never returns."""
    try:
        _copy(path, copy)
        for trial in plan:
            damaged = copy / trial.file if trial.file else copy
            trial.apply(damaged)
            os.write(sink, struct.pack("B", _ending(copy, use, expected)))
            original = path / trial.file if trial.file else path
            damaged.unlink()  # a new file: nobody may still map the old one
            shutil.copyfile(original, damaged)
    finally:
        os._exit(0)


def _ending(copy: Path, use: Use, expected: bytes) -> int:
    try:
        return SAME if use(copy) == expected else SILENT
    except LilliputError:
        return REFUSED
    except Exception:
        return STRANGE


def _copy(path: Path, copy: Path) -> None:
    _remove(copy)
    if path.is_dir():
        shutil.copytree(path, copy)
    else:
        shutil.copyfile(path, copy)


def _remove(copy: Path) -> None:
    if copy.is_dir():
        shutil.rmtree(copy)
    else:
        copy.unlink(missing_ok=True)
