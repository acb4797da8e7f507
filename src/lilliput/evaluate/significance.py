"""Whether one ranking is better than another, or only luckier."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lilliput.errors import InvalidInput
from lilliput.evaluate.intervals import bootstrap_interval

MOST_ENUMERATED = 16  # queries that differ: 65,536 ways of exchanging them
DRAWN_AT_ONCE = 2**20
ROUNDING = 1e-12


class Comparison(NamedTuple):
    """How two systems differ over the same queries.

    Attributes
    ----------
    difference:
        Mean of the first minus mean of the second.
    p_value:
        How often labels given by chance would differ by that much or more, in either direction.
    low, high:
        The bootstrap interval of the difference.
    exact:
        Whether every way of giving labels was counted; otherwise they were sampled.
    """

    difference: float
    p_value: float
    low: float
    high: float
    exact: bool


def randomisation_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 100_000,
) -> Comparison:
    """Test whether two systems, measured on the same queries, differ by more than chance.

    If they were equal, it would not matter which of a query's two values carries which name. So the names are
    exchanged at random, query by query, and it is counted how often the means then differ by as much as they
    did. Nothing is assumed of how values are distributed.

    Parameters
    ----------
    first, second:
        (m,) each, one finite measurement a query, in the same order.
    level:
        Of the interval of the difference, between 0 and 1.
    seed:
        Of the exchanges and of the interval.
    resamples:
        How many exchanges are drawn. Where at most 16 queries differ, all of them are counted instead.

    Returns
    -------
    Comparison
        A sampled p-value counts what was observed as one of the draws, so that it is never 0.

    Raises
    ------
    InvalidInput
        Values that do not pair or are not finite, no queries, a level outside (0, 1), or resamples below 1.

    Notes
    -----
    Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval
    evaluation", CIKM 2007.

    Examples
    --------
    >>> from lilliput.evaluate import randomisation_test
    >>> found = randomisation_test([0.9, 0.8, 0.7, 0.9], [0.5, 0.4, 0.6, 0.2])
    >>> found.p_value, found.exact
    (0.125, True)
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != two.shape:
        raise InvalidInput(
            f"Values of shape {one.shape} and {two.shape} were given; both need one value for each query."
        )
    if resamples < 1:
        raise InvalidInput(f"resamples={resamples} was given; at least 1 is needed.")
    differences = one - two
    interval = bootstrap_interval(differences, level, seed=seed)
    moved = differences[differences != 0]  # exchanging equal values changes nothing
    exact = len(moved) <= MOST_ENUMERATED
    p_value = _counted(moved) if exact else _sampled(moved, resamples, np.random.default_rng(seed))
    return Comparison(*interval[:1], p_value, *interval[1:], exact)


def _counted(differences: NDArray[np.float64]) -> float:
    sums = np.zeros(1)
    for difference in differences:
        sums = np.concatenate([sums + difference, sums - difference])
    return float(_as_large(sums, differences).mean())


def _sampled(differences: NDArray[np.float64], resamples: int, rng: np.random.Generator) -> float:
    # A random byte exchanges eight queries at once: the sum that each of the 256 gives is looked up.
    groups = -(-len(differences) // 8)
    padded = np.zeros((groups, 8))
    padded.flat[: len(differences)] = differences
    signs = 1 - 2 * ((np.arange(256) >> np.arange(8)[:, None]) & 1)
    sums, first = (padded @ signs).ravel(), 256 * np.arange(groups)
    reached = 0
    step = max(1, DRAWN_AT_ONCE // groups)
    for start in range(0, resamples, step):
        drawn = rng.integers(0, 256, (min(step, resamples - start), groups), dtype=np.uint8)
        reached += int(_as_large(sums[first + drawn].sum(axis=1), differences).sum())
    return (1 + reached) / (1 + resamples)


def _as_large(sums: NDArray[np.float64], differences: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which sums are as far from 0 as the one observed; the order of a sum must not decide it."""
    found: NDArray[np.bool_] = np.abs(sums) >= abs(differences.sum()) - ROUNDING * np.abs(differences).sum()
    return found
