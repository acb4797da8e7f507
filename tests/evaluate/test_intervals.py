"""Intervals against simulation: how often they hold what they promise."""

import math

import numpy as np
import pytest

from lilliput.errors import InvalidInput
from lilliput.evaluate import bootstrap_interval, forecast_interval
from lilliput.evaluate.intervals import student_quantile

TRIALS = 400


def recalls(rng: np.random.Generator, count: int) -> np.ndarray:
    """Recalls at 10 of queries that differ in difficulty; the mean is 0.9."""
    return rng.binomial(10, rng.beta(9, 1, count)) / 10


def test_bootstrap_holds_the_mean_as_often_as_promised() -> None:
    """Of 400 seeded samples at 95 %, 368 to 392 hold the mean: four standard errors below, three above."""
    rng = np.random.default_rng(0)

    held = 0
    for trial in range(TRIALS):
        interval = bootstrap_interval(recalls(rng, 200), seed=trial, resamples=400)
        held += interval.low <= 0.9 <= interval.high

    assert 0.92 * TRIALS <= held <= 0.98 * TRIALS


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("measured", "fresh"), [(150, 1_000), (1_000, 100), (20, 20)])
def test_forecast_holds_fresh_means_as_often_as_promised(level: float, measured: int, fresh: int) -> None:
    """Of 400 seeded pairs of samples, the share held is within 4.5 % of the level, or above it."""
    rng = np.random.default_rng(measured)

    held = 0
    for _ in range(TRIALS):
        interval = forecast_interval(recalls(rng, measured), fresh, level, bounds=(0, 1))
        held += interval.low <= recalls(rng, fresh).mean() <= interval.high

    assert level - 0.045 <= held / TRIALS


def test_forecast_by_hand() -> None:
    """Four values, and Student's quantile for 3 degrees of freedom from the tables."""
    values = [0.1, 0.2, 0.4, 0.7]
    half = 3.182446 * np.std(values, ddof=1) * math.sqrt(1 / 4 + 1 / 10)

    actual = forecast_interval(values, fresh=10)

    assert pytest.approx(0.35) == actual.mean
    assert pytest.approx(0.35 - half, abs=2e-3) == actual.low
    assert pytest.approx(0.35 + half, abs=2e-3) == actual.high


def test_fewer_fresh_queries_are_less_sure() -> None:
    """The interval narrows with the fresh sample, but never below that of the mean."""
    values = recalls(np.random.default_rng(0), 500)

    widths = [np.ptp(forecast_interval(values, fresh)[1:]) for fresh in (1, 10, 100, 10_000, 10**9)]

    assert sorted(widths, reverse=True) == widths
    assert pytest.approx(2 * 1.9647 * np.std(values, ddof=1) / math.sqrt(500), rel=1e-3) == widths[-1]


def test_bounds_clip_and_keep_a_perfect_sample_modest() -> None:
    """A thousand ones forecast one, with room below and none above."""
    actual = forecast_interval(np.ones(1_000), 1_000, bounds=(0, 1))

    assert (1.0, 1.0) == (actual.mean, actual.high)
    assert 0.99 < actual.low < 1.0


def test_bootstrap_repeats_itself() -> None:
    """Equal seeds give equal intervals, for samples that are drawn in parts too."""
    values = np.random.default_rng(0).random(3_000)

    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3) != bootstrap_interval(values, seed=4)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.7062), (2, 4.30265), (3, 3.18245), (5, 2.57058), (10, 2.22814), (30, 2.04227), (1_000, 1.96234)],
)
def teststudent_quantiles_equal_the_tables(freedom: int, expected: float) -> None:
    """The two-sided 95 % point, to two in a thousand."""
    assert pytest.approx(expected, rel=2e-3) == student_quantile(0.975, freedom)


@pytest.mark.parametrize("values", [[], [[0.5]], [0.5, math.nan], [0.5, math.inf]])
def test_values_that_cannot_be_averaged_are_refused(values: list[object]) -> None:
    """Both intervals check their values."""
    with pytest.raises(InvalidInput):
        bootstrap_interval(values)
    with pytest.raises(InvalidInput):
        forecast_interval(values, 10)


def test_arguments_out_of_range_are_refused() -> None:
    """Levels, counts and bounds that mean nothing."""
    with pytest.raises(InvalidInput, match="level=95"):
        bootstrap_interval([0.5, 0.6], 95)
    with pytest.raises(InvalidInput, match="resamples=0"):
        bootstrap_interval([0.5, 0.6], resamples=0)
    with pytest.raises(InvalidInput, match="fresh=0"):
        forecast_interval([0.5, 0.6], 0)
    with pytest.raises(InvalidInput, match="bounds"):
        forecast_interval([0.5, 1.6], 10, bounds=(0, 1))
    with pytest.raises(InvalidInput, match="2 or more"):
        forecast_interval([0.5], 10)
