"""Quality among more rows than were measured among: a line against the logarithm of their number.

Recall falls as rows come, and its log-odds fall by about as much each time their number doubles. The same
queries are asked among an eighth, a quarter, a half and all of the rows, and the line through the means leads
to the forecast. How sure it is comes from drawing the queries again; to that is added a part of the change,
as the line may bend.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.evaluate.intervals import Interval, forecast_interval, student_quantile

PARTS = (8, 4, 2)  # of the rows: what is measured beside all of them
LEAST_PART = 64  # rows
SAME = 0.02  # sizes that differ by less than this part are one size
DOUBT = 0.25  # of the change: how far from the line it may be
RESAMPLES = 400

Ids = NDArray[np.int64]
Values = NDArray[np.float64]


class Point(NamedTuple):
    """What queries found among so many rows."""

    rows: int
    values: Values


def grows(measured: int, wanted: int) -> bool:
    """Say whether two sizes differ by enough to matter."""
    return abs(wanted - measured) > SAME * measured


def nested_parts(rows: int, always: Ids, rng: np.random.Generator) -> tuple[Ids, ...]:
    """Draw rising sets of rows, each inside the next, with some rows in all of them.

    Parameters
    ----------
    rows:
        How many there are.
    always:
        Numbers of the rows that no set may lack: those that somebody judged.
    rng:
        The source of chance.
    """
    order = rng.permutation(rows)
    sizes = [rows // part for part in PARTS if rows // part >= LEAST_PART]
    return tuple(np.union1d(order[:size], always).astype(np.int64) for size in sizes)


def extrapolated(
    points: Sequence[Point], wanted: int, fresh: int, level: float, bounds: tuple[float, float] = (0.0, 1.0)
) -> Interval:
    """Forecast the mean over fresh queries among `wanted` rows.

    Parameters
    ----------
    points:
        The same queries among rising numbers of rows; the last is the largest set.
    wanted:
        How many rows there will be.
    fresh, level, bounds:
        As for `forecast_interval`.

    Returns
    -------
    Interval
        For fewer than two points, that of the last.

    Examples
    --------
    >>> half, whole = np.full(50, 0.9), np.full(50, 0.8)
    >>> round(extrapolated([Point(100, half), Point(200, whole)], 400, 1000, 0.95).mean, 2)
    0.64
    """
    last = points[-1].values
    here = forecast_interval(last, fresh, level, bounds=bounds)
    if len(points) < 2:
        return here
    steps = np.log2([point.rows / points[-1].rows for point in points])
    values = np.stack([point.values for point in points])
    ahead, m = math.log2(wanted / points[-1].rows), len(last)
    mean = float(_followed(values.mean(axis=1), steps, ahead, bounds, m))
    drawn = np.random.default_rng(0).multinomial(m, np.full(m, 1 / m), RESAMPLES) / m
    line = _followed(drawn @ values.T, steps, ahead, bounds, m)
    spread = float(np.append(last, bounds).std(ddof=1))
    error = math.sqrt(max(float(line.var()), spread**2 / m) + spread**2 / fresh)
    half = student_quantile((1 + level) / 2, m - 1) * error + DOUBT * abs(mean - here.mean)
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in (mean - half, mean + half))
    return Interval(mean, low, high)


def _followed(means: Values, steps: Values, ahead: float, bounds: tuple[float, float], m: int) -> Values:
    """Follow the line of least squares through the log-odds of means (..., points) to `ahead`."""
    least, most = bounds
    edge = 0.05 / m  # nobody knows the odds of a certainty
    share = np.clip((means - least) / (most - least), edge, 1 - edge)
    weights = np.array([ahead, 1.0]) @ np.linalg.pinv(np.stack([steps, np.ones_like(steps)], axis=1))
    odds = np.log(share / (1 - share)) @ weights
    followed: Values = least + (most - least) / (1 + np.exp(-odds))
    return followed
