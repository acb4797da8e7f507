"""Time contestants that take turns, so that a busy machine slows all of them alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

Clock = Callable[[], tuple[float, float]]

FAST_SHARE = 0.1


def clocks() -> tuple[float, float]:
    """Give wall seconds, and the seconds that all threads of this process have computed for."""
    return time.perf_counter(), time.process_time()


@dataclass(frozen=True)
class Timing:
    """How long one contestant took.

    Attributes
    ----------
    rounds:
        Repetitions.
    wall_fast, cpu_fast:
        The median of the fastest tenth, in seconds: what the machine does when nobody disturbs it.
    wall_median, cpu_median:
        The median of all, in seconds.
    """

    rounds: int
    wall_fast: float
    wall_median: float
    cpu_fast: float
    cpu_median: float

    def fast(self, threads: int) -> float:
        """Give the seconds to compare: one thread's own time, or the wall's for several."""
        return self.cpu_fast if threads == 1 else self.wall_fast

    def median(self, threads: int) -> float:
        """Give the median of the seconds to compare."""
        return self.cpu_median if threads == 1 else self.wall_median


@dataclass
class _Runner:
    call: Callable[[], object]
    weight: float
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def had(self) -> float:
        """Give the time it has had, in shares of what it is entitled to."""
        return sum(self.wall) / self.weight

    def once(self, clock: Clock) -> None:
        wall, cpu = clock()
        self.call()
        wall_after, cpu_after = clock()
        self.wall.append(wall_after - wall)
        self.cpu.append(cpu_after - cpu)

    def timing(self) -> Timing:
        fast_wall, median_wall = fast_and_median(self.wall)
        fast_cpu, median_cpu = fast_and_median(self.cpu)
        return Timing(len(self.wall), fast_wall, median_wall, fast_cpu, median_cpu)


def race(
    calls: Mapping[str, Callable[[], object]],
    *,
    seconds: float,
    least: int = 3,
    most: int = 400,
    weights: Mapping[str, float] = MappingProxyType({}),
    tick: Callable[[], None] = lambda: None,
    clock: Clock = clocks,
) -> dict[str, Timing]:
    """Let contestants take turns until the time is over.

    Who has had the least time so far goes next: the slow run a few times, the fast many times between them,
    and all of them all along. Machines change their speed within seconds; contestants that ran one after
    another would each meet another machine.

    Parameters
    ----------
    calls:
        Each contestant's call. It runs once without being timed first.
    seconds:
        Wall time for all together, exceeded where `least` asks for it.
    least, most:
        Bounds on the repetitions of each.
    weights:
        How many times the usual share of the time a contestant gets, by name; 1 where nothing is said.
    tick:
        Called after each repetition; it may raise to end the race.
    clock:
        Wall and processor seconds.

    Returns
    -------
    dict
        A `Timing` a contestant, in the order given.

    Examples
    --------
    >>> timings = race({"sum": lambda: sum(range(100)), "none": lambda: None}, seconds=0.01)
    >>> timings["sum"].rounds >= 3
    True
    """
    runners = {name: _Runner(call, weights.get(name, 1.0)) for name, call in calls.items()}
    for runner in runners.values():
        runner.call()
        tick()
    end = clock()[0] + seconds
    while True:
        over = clock()[0] >= end
        waiting = [r for r in runners.values() if len(r.wall) < (least if over else max(least, most))]
        if not waiting:
            break
        min(waiting, key=_Runner.had).once(clock)
        tick()
    return {name: runner.timing() for name, runner in runners.items()}


def fast_and_median(seconds: Sequence[float]) -> tuple[float, float]:
    """Give the median of the fastest tenth, at least one, and the median of all.

    Examples
    --------
    >>> fast_and_median([3.0, 1.0, 2.0])
    (1.0, 2.0)
    """
    ordered = np.sort(np.asarray(seconds))
    fastest = ordered[: max(1, round(FAST_SHARE * len(ordered)))]
    return float(np.median(fastest)), float(np.median(ordered))
