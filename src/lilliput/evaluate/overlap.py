"""How alike two rankings are, without anybody's judgment."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lilliput.errors import InvalidInput

Estimate = Literal["extrapolated", "least"]


def rank_biased_overlap(
    first: ArrayLike, second: ArrayLike, *, p: float = 0.9, estimate: Estimate = "extrapolated"
) -> NDArray[np.float64]:
    """Measure how alike two rankings of each query are, the top weighing most.

    The overlap of the first d places is averaged over all depths d with geometric weights, as by a reader who
    goes on to the next place with probability p. Unlike a correlation of ranks it needs neither the same ids
    in both rankings nor the same length.

    Parameters
    ----------
    first, second:
        int64 (m, any) each, ids best first; -1 is an empty place. Empty places and repeats of an id are
        passed over. The two may differ in width.
    p:
        How patient the reader is, between 0 and 1: the first 10 places hold 86 % of the weight at 0.9.
    estimate:
        What is taken for the places beyond the end. "extrapolated": the agreement seen goes on, which is 1
        for equal lists. "least": nothing more agrees, the lower bound that no continuation can undercut.

    Returns
    -------
    float64 (m,)
        Each in [0, 1]; 0 where either list is empty.

    Raises
    ------
    InvalidInput
        Shapes that do not agree, p outside (0, 1) or an unknown estimate.

    Notes
    -----
    Webber, Moffat and Zobel, "A similarity measure for indefinite rankings", TOIS 2010: equation 32 for lists
    of uneven length, and equation 11 for the bound.

    Examples
    --------
    >>> from lilliput.evaluate import rank_biased_overlap
    >>> rank_biased_overlap([[4, 7, 9], [4, 7, 9]], [[4, 7, 9], [1, 2, 3]]).round(6).tolist()
    [1.0, 0.0]
    """
    one, two = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    if one.ndim != 2 or two.ndim != 2 or len(one) != len(two):
        raise InvalidInput(
            f"Rankings of shape {one.shape} and {two.shape} were given; both must have a row a query."
        )
    if not 0 < p < 1:
        raise InvalidInput(f"p={p} was given; it must lie between 0 and 1, such as 0.9.")
    if estimate not in ("extrapolated", "least"):
        raise InvalidInput(f"estimate={estimate!r} was given; it is 'extrapolated' or 'least'.")
    score = _extrapolated if estimate == "extrapolated" else _least
    return np.array(
        [score(*_overlaps(a, b), p) for a, b in zip(one.tolist(), two.tolist(), strict=True)],
        dtype=np.float64,
    )


def _overlaps(first: list[int], second: list[int]) -> tuple[NDArray[np.float64], int]:
    """Count the ids that both share at each depth of the longer list; and give the shorter's length."""
    short, long = sorted((_distinct(first), _distinct(second)), key=len)
    place = {number: depth for depth, number in enumerate(short)}
    shared = np.zeros(len(long))
    for depth, number in enumerate(long):
        if number in place:
            shared[max(depth, place[number])] += 1
    return shared.cumsum(), len(short)


def _distinct(ranking: list[int]) -> list[int]:
    return [number for number in dict.fromkeys(ranking) if number >= 0]


def _extrapolated(shared: NDArray[np.float64], short: int, p: float) -> float:
    if not short:
        return 0.0
    long = len(shared)
    depth = 1.0 + np.arange(long)
    # Beyond its end the short list is taken to go on as it agreed so far.
    beyond = np.maximum(depth - short, 0) * shared[short - 1] / short
    seen = (1 - p) / p * float(((shared + beyond) / depth) @ p**depth)
    agreement = (shared[-1] - shared[short - 1]) / long + shared[short - 1] / short
    return float(np.clip(seen + agreement * p**long, 0, 1))


def _least(shared: NDArray[np.float64], short: int, p: float) -> float:
    if not short:
        return 0.0
    depth = 1.0 + np.arange(len(shared))
    seen = float((shared - shared[-1]) @ (p**depth / depth))
    return float(np.clip((1 - p) / p * (seen - shared[-1] * np.log1p(-p)), 0, 1))
