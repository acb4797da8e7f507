"""Quality among more rows than there are: followed along a line, with an interval that owns up to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.advisor import advise
from lilliput.advisor.extrapolate import Point, extrapolated, grows, nested_parts
from lilliput.evaluate.datasets import clustered
from lilliput.evaluate.intervals import forecast_interval
from lilliput.evaluate.ranking import recall_at_k
from lilliput.evaluate.truth import exact_neighbours, exact_scores


def points(*means: float) -> list[Point]:
    """A thousand queries with these means among 1,000, 2,000, 4,000 ... rows."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, 1000)
    noise -= noise.mean()
    return [Point(1000 * 2**place, np.clip(mean + noise, 0, 1)) for place, mean in enumerate(means)]


def test_a_straight_line_goes_on() -> None:
    """Odds that halve with each doubling halve again."""
    odds = [4.0, 2.0, 1.0]
    found = extrapolated(points(*(o / (1 + o) for o in odds)), 8000, 1000, 0.95)

    assert 1 / 3 == pytest.approx(found.mean, abs=0.005)


def test_what_does_not_change_stays() -> None:
    """No fall, no doubt: the interval is that of the largest set."""
    same = points(0.8, 0.8, 0.8)
    here = forecast_interval(same[-1].values, 1000, 0.95, bounds=(0, 1))
    found = extrapolated(same, 64_000, 1000, 0.95)

    assert here.mean == pytest.approx(found.mean, abs=1e-3)
    assert found.high - found.low >= 0.99 * (here.high - here.low)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.integers(2, 40), st.integers(1, 10**9))
def test_forecasts_are_shares_whatever_is_measured(means: list[float], m: int, wanted: int) -> None:
    """The mean lies within its interval and both within 0 and 1, also for certainties and single points."""
    given = [Point(100 * 2**place, np.full(m, mean)) for place, mean in enumerate(means)]
    found = extrapolated(given, wanted, 100, 0.95)

    assert 0 <= found.low <= found.mean <= found.high <= 1


def test_further_is_less_certain() -> None:
    """The interval widens with the distance."""
    widths = [
        found.high - found.low
        for wanted in (8_000, 64_000, 512_000)
        for found in [extrapolated(points(0.9, 0.85, 0.8), wanted, 1000, 0.95)]
    ]

    assert widths[0] < widths[1] < widths[2]


def test_parts_are_nested_and_hold_what_they_must() -> None:
    """Each part is inside the next, and judged rows are in all."""
    judged = np.array([3, 500])
    parts = nested_parts(4000, judged, np.random.default_rng(0))

    assert [500, 1000, 2000] == [round(len(part), -1) for part in parts]
    for small, large in zip(parts, [*parts[1:], np.arange(4000)], strict=True):
        assert set(judged) <= set(small) <= set(large)
    assert () == nested_parts(100, judged, np.random.default_rng(0))


def test_sizes_that_hardly_differ_are_one() -> None:
    """One in fifty is nothing to follow a line for."""
    assert not grows(1000, 1015)
    assert grows(1000, 1100)
    assert grows(1000, 900)


@pytest.mark.parametrize("budget", ["6B", "12B", "24B"])
def test_a_quarter_of_the_rows_forecasts_the_whole(budget: str) -> None:
    """Advice on 2,000 rows, for 8,000: the index of 8,000 finds what was forecast."""
    data = clustered(seed=7, n=8000, d=24, centres=80, queries=1500)
    some, queries = data.vectors[:2000], data.queries
    plan = advise(some, queries[:500], budget=budget, for_n=8000, metric="l2", progress=False)
    index = plan.build(data.vectors, progress=False)

    truth = exact_neighbours(data.vectors, queries[500:], 10, "l2").scores
    found = index.search(queries[500:], 10, exact=True).ids
    scores = exact_scores(data.vectors, queries[500:], found, "l2")
    recall = recall_at_k(found, scores, truth, 10, larger_is_better=False).mean()
    forecast = plan.forecast["recall@10"]

    assert forecast["extrapolated"]
    assert forecast["low"] <= recall <= forecast["high"]
    assert forecast["high"] - forecast["low"] < 0.35
