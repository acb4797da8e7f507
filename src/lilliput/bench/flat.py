"""`lilliput bench flat`: exhaustive search in batches and of one query, and what encoding takes."""

import json
import os
import time
from pathlib import Path
from typing import Any

from lilliput.bench import memory
from lilliput.bench.batched import run_batch
from lilliput.bench.hardware import describe, installed_version
from lilliput.bench.peers import PEERS
from lilliput.bench.problems import problems
from lilliput.bench.report import markdown
from lilliput.bench.single import KINDS, run_single
from lilliput.progress import ProgressOption, Track

__all__ = ["estimate_seconds", "markdown", "run"]

BATCH_SECONDS, QUICK_BATCH_SECONDS = 120.0, 8.0
SINGLE_SECONDS, QUICK_SINGLE_SECONDS = 12.0, 2.0
LEAST, QUICK_LEAST = 3, 2
# The rest: indexes built, truth found, files encoded, and peers that take longer than their share.
AROUND_SECONDS, QUICK_AROUND_SECONDS = 300, 60


def estimate_seconds(quick: bool) -> int:
    """Say about how long `run` takes on two cores with all peers there.

    Examples
    --------
    >>> estimate_seconds(True) < estimate_seconds(False)
    True
    """
    if quick:
        return round(2 * QUICK_BATCH_SECONDS + len(KINDS) * QUICK_SINGLE_SECONDS + QUICK_AROUND_SECONDS)
    return round(2 * BATCH_SECONDS + len(KINDS) * SINGLE_SECONDS + AROUND_SECONDS)


def run(
    *,
    quick: bool = False,
    threads: int = 1,
    data: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: ProgressOption = None,
) -> dict[str, Any]:
    """Race exhaustive search against whatever peers are installed.

    Parameters
    ----------
    quick:
        Fewer rows and rounds: a look, not a result.
    threads:
        For each contestant, ours and theirs. With one, contestants are compared by the processor time they
        took; with more, by the clock on the wall.
    data:
        A file of vectors to race on; None takes the sets at hand.
    out:
        A folder for ``bench-flat.json`` and ``bench-flat.md``.
    progress:
        None, False or a callable told ``(seconds gone, seconds expected)``.

    Returns
    -------
    dict
        What the JSON file holds.

    Raises
    ------
    InvalidInput
        When the file of vectors cannot be used.
    FileError
        When a file cannot be read or written.
    Cancelled
        When the callable returned False.
    """
    expected = estimate_seconds(quick)
    started = time.monotonic()
    with Track(progress, expected, "racing") as step:

        def tick() -> None:
            step(min(int(time.monotonic() - started), expected))

        result: dict[str, Any] = {
            "benchmark": "flat",
            "quick": quick,
            "threads": threads,
            "compared_by": "processor time" if threads == 1 else "wall time",
            "hardware": describe(),
            "peers": {package: installed_version(package) for package in PEERS},
        }
        seconds = QUICK_BATCH_SECONDS if quick else BATCH_SECONDS
        least = QUICK_LEAST if quick else LEAST
        tick()
        sets, result["missing"] = problems(data, quick=quick)
        result["batched"] = [
            run_batch(problem, threads=threads, seconds=seconds, least=least, tick=tick) for problem in sets
        ]
        seconds = QUICK_SINGLE_SECONDS if quick else SINGLE_SECONDS
        result["single"] = [run_single(kind, threads=threads, seconds=seconds, tick=tick) for kind in KINDS]
        result["encode"] = memory.run_all(quick=quick, threads=threads)
        tick()
    result["seconds"] = time.monotonic() - started
    if out is not None:
        _write(Path(out), result)
    return result


def _write(folder: Path, result: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench-flat.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    (folder / "bench-flat.md").write_text(markdown(result))
