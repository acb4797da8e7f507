"""Contestants take turns, and what is said of their times is right."""

from collections.abc import Callable

import pytest

from lilliput.bench.timing import Timing, fast_and_median, race


class FakeClock:
    """A clock that only contestants move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def __call__(self) -> tuple[float, float]:
        return self.now, self.now / 2

    def contestant(self, name: str, seconds: float) -> Callable[[], None]:
        """Make a call that takes so long."""

        def call() -> None:
            self.order.append(name)
            self.now += seconds

        return call


def test_the_fast_run_between_the_slow() -> None:
    """Whoever has had the least time goes next, after everybody has run once without being timed."""
    clock = FakeClock()
    calls = {"slow": clock.contestant("slow", 4), "fast": clock.contestant("fast", 1)}

    timings = race(calls, seconds=16, least=1, clock=clock)

    expected = ["slow", "fast"] + ["slow", "fast", "fast", "fast", "fast"] * 2
    assert expected == clock.order[:12]
    assert {"slow": 2, "fast": 8} == {name: timing.rounds for name, timing in timings.items()}


def test_a_weight_is_a_larger_share_of_the_time() -> None:
    """With twice the weight it runs twice as often."""
    clock = FakeClock()
    calls = {"usual": clock.contestant("usual", 1), "heavy": clock.contestant("heavy", 1)}

    timings = race(calls, seconds=30, weights={"heavy": 2.0}, clock=clock)

    assert {"usual": 10, "heavy": 20} == {name: timing.rounds for name, timing in timings.items()}


def test_everybody_has_the_least_number_of_rounds() -> None:
    """The time being over stops nobody who has not had enough rounds."""
    clock = FakeClock()
    calls = {"slow": clock.contestant("slow", 100), "fast": clock.contestant("fast", 1)}

    timings = race(calls, seconds=1, least=3, clock=clock)

    assert {"slow": 3, "fast": 3} == {name: timing.rounds for name, timing in timings.items()}


def test_nobody_has_more_than_the_most_rounds() -> None:
    """A contestant that has had enough leaves the rest to the others."""
    clock = FakeClock()
    calls = {"slow": clock.contestant("slow", 4), "fast": clock.contestant("fast", 1)}

    timings = race(calls, seconds=1e9, least=1, most=5, clock=clock)

    assert {"slow": 5, "fast": 5} == {name: timing.rounds for name, timing in timings.items()}


def test_a_tick_can_end_a_race() -> None:
    """What the tick raises comes out."""

    def tick() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        race({"one": lambda: None}, seconds=10, tick=tick)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([2.0], (2.0, 2.0)),
        ([float(i) for i in range(1, 101)], (5.5, 50.5)),
        ([9.0, 1.0, 5.0, 7.0], (1.0, 6.0)),
    ],
)
def test_fast_is_the_median_of_the_fastest_tenth(seconds: list[float], expected: tuple[float, float]) -> None:
    """Of a hundred, ten are the fastest; of few, one."""
    assert expected == fast_and_median(seconds)


def test_one_thread_is_judged_by_its_own_time() -> None:
    """With several threads the wall's clock counts."""
    timing = Timing(rounds=1, wall_fast=4.0, wall_median=5.0, cpu_fast=2.0, cpu_median=3.0)

    assert (2.0, 3.0) == (timing.fast(1), timing.median(1))
    assert (4.0, 5.0) == (timing.fast(2), timing.median(2))
