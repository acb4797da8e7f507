"""`lilliput bench codecs`: what each codec keeps of a set, in how many bytes and how fast, beside its peers.

Nobody re-ranks: what is measured is the code itself. Bytes are all bytes: codes, factors of rows, and what
all rows share, over the number of rows.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lilliput import _core
from lilliput.bench import points_report
from lilliput.bench.codec_cache import PeerCache, machine_key
from lilliput.bench.codec_race import FULL, QUICK, Lineup, line_up, run_set
from lilliput.bench.codec_report import markdown
from lilliput.bench.codec_sets import CodecSet, codec_sets
from lilliput.bench.entrants import Recipe
from lilliput.bench.hardware import describe
from lilliput.bench.peers import codec_peers
from lilliput.bench.plots import plot
from lilliput.progress import ProgressOption, Track

__all__ = ["Race", "markdown"]

# What the estimate is made of, on two cores that nobody else uses: seconds to begin, for each contestant of a
# set and number of threads, and for a million numbers of its rows where the weight is one.
START_SECONDS = 15.0
EACH_SECONDS, QUICK_EACH_SECONDS = 0.45, 0.2
MILLION_SECONDS = 0.06


class Race:
    """A race that has been planned, so that it can be said how long it takes.

    Parameters
    ----------
    quick:
        Fewer rows, sets, contestants and rounds: a look, not a result.
    threads:
        The most threads to time with, beside one; None takes all cores of this process.
    data:
        A file of vectors to race on; None takes the sets at hand.
    fresh:
        Measure peers again that were measured before.

    Attributes
    ----------
    estimate_seconds:
        About how long `run` takes on two cores.

    Raises
    ------
    InvalidInput
        When the file of vectors cannot be used.
    FileError
        When it cannot be read.
    """

    def __init__(
        self,
        *,
        quick: bool = False,
        threads: int | None = None,
        data: str | os.PathLike[str] | None = None,
        fresh: bool = False,
    ) -> None:
        self._quick = quick
        self._threads = sorted({1, threads or _core.default_threads()})
        self._sets, self._missing = codec_sets(data, quick=quick)
        self._versions = codec_peers()
        self._cache = PeerCache(fresh=fresh)
        self._pace = QUICK if quick else FULL
        conditions = {"machine": machine_key(), "threads": self._threads, "pace": repr(self._pace)}
        self._lineups = [
            line_up(found, self._versions, self._cache, conditions, quick=quick) for found in self._sets
        ]
        self.estimate_seconds = round(_estimate(self._sets, self._lineups, len(self._threads), quick))

    @property
    def remembered(self) -> int:
        """How many figures of peers are known and not measured again."""
        return sum(len(lineup.remembered) for lineup in self._lineups)

    def run(
        self, *, out: str | os.PathLike[str] | None = None, progress: ProgressOption = None
    ) -> dict[str, Any]:
        """Race.

        Parameters
        ----------
        out:
            A folder for ``bench-codecs.json``, ``bench-codecs.md`` with a plot of each set, and
            ``bench-bits.md``: the race by width.
        progress:
            None, False or a callable told ``(seconds gone, seconds expected)``.

        Returns
        -------
        dict
            What the JSON file holds.

        Raises
        ------
        FileError
            When a file cannot be written.
        Cancelled
            When the callable returned False; peers measured on sets that were finished are kept.
        """
        started = time.monotonic()
        expected = self.estimate_seconds
        result: dict[str, Any] = {
            "benchmark": "codecs",
            "quick": self._quick,
            "threads": self._threads,
            "hardware": describe(),
            "peers": self._versions,
            "missing": self._missing,
            "sets": [],
        }
        with Track(progress, expected, "racing") as step:

            def tick() -> None:
                step(min(int(time.monotonic() - started), expected))

            tick()
            for found, lineup in zip(self._sets, self._lineups, strict=True):
                one = run_set(found, lineup, self._cache, threads=self._threads, pace=self._pace, tick=tick)
                result["sets"].append(one)
                self._cache.save()
        result["seconds"] = time.monotonic() - started
        if out is not None:
            _write(Path(out), result)
        return result


def _estimate(sets: Sequence[CodecSet], lineups: Sequence[Lineup], thread_counts: int, quick: bool) -> float:
    seconds = START_SECONDS
    for found, lineup in zip(sets, lineups, strict=True):
        millions = found.problem.base.size / 1e6
        seconds += sum(_seconds(recipe, millions, thread_counts, quick) for recipe in lineup.entering)
    return seconds


def _seconds(recipe: Recipe, millions: float, thread_counts: int, quick: bool) -> float:
    each = QUICK_EACH_SECONDS if quick else EACH_SECONDS
    return each * thread_counts + MILLION_SECONDS * recipe.weight * millions


def _write(folder: Path, result: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench-codecs.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    (folder / "bench-codecs.md").write_text(markdown(result, plots=True))
    (folder / "bench-bits.md").write_text(points_report.markdown(result))
    for one in result["sets"]:
        (folder / f"bench-codecs-{one['data']}.svg").write_text(plot(one))
