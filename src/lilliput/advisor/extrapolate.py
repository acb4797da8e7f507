"""Quality among more rows than were measured among: followed against the logarithm of their number.

The same queries are asked among an eighth, a quarter, a half and all of the rows. A straight line through the
log-odds of the means goes on as before; a parabola goes on bending as it did. Recall of real sets was found
between the two, so the forecast is their middle, and half of what they differ by is added to the interval,
with a part of the whole change. How sure either is comes from drawing the queries again.
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
DOUBT = 0.25  # of the change: how wrong both may be
MOST_BEND = 0.5  # log-odds for each doubling that a parabola may leave its line by
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
    drawn = np.random.default_rng(0).multinomial(m, np.full(m, 1 / m), RESAMPLES) / m
    means = np.concatenate([values.mean(axis=1)[None], drawn @ values.T])
    edge = 0.05 / m  # nobody knows the odds of a certainty
    share = np.clip((means - bounds[0]) / (bounds[1] - bounds[0]), edge, 1 - edge)
    line, bent = (
        bounds[0] + (bounds[1] - bounds[0]) / (1 + np.exp(-odds))
        for odds in _followed(np.log(share / (1 - share)), steps, ahead)
    )
    middle = (line + bent) / 2
    mean = float(middle[0])
    spread = float(np.append(last, bounds).std(ddof=1))
    error = math.sqrt(max(float(middle[1:].var()), spread**2 / m) + spread**2 / fresh)
    doubt = abs(float(line[0] - bent[0])) / 2 + DOUBT * abs(mean - here.mean)
    half = student_quantile((1 + level) / 2, m - 1) * error + doubt
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in (mean - half, mean + half))
    return Interval(mean, low, high)


def _followed(odds: Values, steps: Values, ahead: float) -> tuple[Values, Values]:
    """Follow log-odds (..., points) to `ahead` along a line and along a parabola, by least squares.

    A parabola that flattens out stays where it is flat.
    """
    line = odds @ np.linalg.pinv(np.vander(steps, 2)).T
    straight = line @ np.array([ahead, 1.0])
    if len(steps) < 3:
        return straight, straight
    bend, slope, level = np.moveaxis(odds @ np.linalg.pinv(np.vander(steps, 3)).T, -1, 0)
    flat = np.divide(-slope, 2 * bend, out=np.full_like(slope, np.inf), where=np.abs(bend) > 1e-12)
    turns = (flat > 0) & (flat < ahead) if ahead > 0 else np.zeros(slope.shape, dtype=bool)
    far = np.where(turns, flat, ahead)
    most = MOST_BEND * abs(ahead)
    return straight, straight + np.clip(bend * far**2 + slope * far + level - straight, -most, most)
