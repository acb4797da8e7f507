"""How sure a mean is: of the queries measured, and of queries that are still to come."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lilliput.errors import InvalidInput

RESAMPLED_AT_ONCE = 2**20


class Interval(NamedTuple):
    """A mean and the ends of its interval."""

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: ArrayLike, level: float = 0.95, *, seed: int = 0, resamples: int = 2_000
) -> Interval:
    """Give the percentile bootstrap interval of a mean.

    Per-query quality is bounded and lopsided, so the interval comes from resampling the queries instead of
    from a bell curve.

    Parameters
    ----------
    values:
        (m,), one measurement a query, all finite.
    level:
        How often the interval should hold the true mean, between 0 and 1.
    seed:
        Of the resampling.
    resamples:
        How many means are drawn.

    Returns
    -------
    Interval

    Raises
    ------
    InvalidInput
        No values, a value that is not finite, or a level outside (0, 1).

    Notes
    -----
    Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979.

    Examples
    --------
    >>> from lilliput.evaluate import bootstrap_interval
    >>> bootstrap_interval([0.5, 0.5, 0.5])
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    sample = _checked(values, level, least=1)
    if resamples < 1:
        raise InvalidInput(f"resamples={resamples} was given; at least 1 is needed.")
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    step = max(1, RESAMPLED_AT_ONCE // len(sample))
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        means[start : start + count] = sample[rng.integers(0, len(sample), (count, len(sample)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(sample.mean()), float(low), float(high))


def forecast_interval(
    values: ArrayLike, fresh: int, level: float = 0.95, *, bounds: tuple[float, float] | None = None
) -> Interval:
    """Give the interval that the mean over queries still to come should fall into.

    Two things are uncertain: the mean measured here, and the mean of the fresh queries around the true one.
    Their variances add, so the interval is wider than that of the mean alone: by a factor of sqrt(2) for as
    many fresh queries as were measured.

    Parameters
    ----------
    values:
        (m,), one measurement for each query that took no part in any choice; at least 2, all finite.
    fresh:
        How many new queries the mean will be taken over.
    level:
        How often it should fall inside, between 0 and 1.
    bounds:
        The least and the largest value there can be, such as (0, 1). The interval is clipped to them, and the
        spread is measured with one further value at each: a sample of ones only does not promise ones for
        ever.

    Returns
    -------
    Interval

    Raises
    ------
    InvalidInput
        Fewer than 2 values, a value that is not finite or out of bounds, fresh below 1 or a level outside (0,
        1).

    Notes ----- The interval is mean ± t · s · sqrt(1/m + 1/fresh), with the quantile t of Student's
    distribution of m - 1 degrees of freedom by Cornish and Fisher's expansion around the normal one (Hill,
    CACM 1970, algorithm 396).

    Examples
    --------
    >>> from lilliput.evaluate import forecast_interval
    >>> forecast_interval([0.4, 0.6] * 50, fresh=100).low < 0.5
    True
    """
    sample = _checked(values, level, least=2)
    if fresh < 1:
        raise InvalidInput(f"fresh={fresh} was given; the forecast is for the mean over at least 1 query.")
    spread_of = sample
    if bounds is not None:
        if sample.min() < bounds[0] or sample.max() > bounds[1]:
            raise InvalidInput(
                f"Values from {sample.min():g} to {sample.max():g} were given with bounds {bounds}; "
                "give bounds that hold every value."
            )
        spread_of = np.append(sample, bounds)
    mean = float(sample.mean())
    spread = float(spread_of.std(ddof=1)) * math.sqrt(1 / len(sample) + 1 / fresh)
    half = student_quantile((1 + level) / 2, len(sample) - 1) * spread
    low, high = mean - half, mean + half
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Interval(mean, low, high)


def student_quantile(probability: float, freedom: int) -> float:
    """Give the quantile of Student's distribution; where the series is poor, there is a closed form."""
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        share = 2 * probability - 1
        return share * math.sqrt(2 / (1 - share * share))
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))


def _checked(values: ArrayLike, level: float, least: int) -> NDArray[np.float64]:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or len(sample) < least:
        raise InvalidInput(
            f"Values of shape {sample.shape} were given; wanted one dimension and {least} or more."
        )
    if not np.isfinite(sample).all():
        raise InvalidInput(
            f"Value {int(np.argmin(np.isfinite(sample)))} is not finite; leave that query out."
        )
    if not 0 < level < 1:
        raise InvalidInput(f"level={level} was given; it must lie between 0 and 1, such as 0.95.")
    return sample
