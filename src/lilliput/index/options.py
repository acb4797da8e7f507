"""Checks of what a caller passes to a search."""

import math
import operator
from typing import Any

from lilliput.errors import InvalidInput, WrongType
from lilliput.limits import LIMITS

MOST_THREADS = 1_024
LARGEST = 3.4e38  # that float32 holds, nearly


def check_k(k: Any) -> int:
    """Take a number of results.

    Raises
    ------
    WrongType, InvalidInput
        When it is no whole number, below 1 or above `Limits.max_k`.
    """
    number = _whole(k, "k")
    if not 1 <= number <= LIMITS.max_k:
        raise InvalidInput(f"k={number} was given; it must be from 1 to {LIMITS.max_k}.")
    return number


def check_threads(threads: Any) -> int:
    """Take a number of threads; None becomes 0, which the native side reads as all.

    Raises
    ------
    WrongType, InvalidInput
        When it is no whole number from 1 on.
    """
    if threads is None:
        return 0
    number = _whole(threads, "threads")
    if not 1 <= number <= MOST_THREADS:
        raise InvalidInput(
            f"threads={number} was given; it must be from 1 to {MOST_THREADS}, or None for all."
        )
    return number


def check_recall(recall: Any) -> float | None:
    """Take a target recall.

    Raises
    ------
    WrongType, InvalidInput
        When it is no number in (0, 1].
    """
    if recall is None:
        return None
    number = _real(recall, "recall")
    if not 0 < number <= 1:
        raise InvalidInput(f"recall={number:g} was given; it must be above 0 and at most 1, such as 0.95.")
    return number


def check_refine(refine: Any) -> float | None:
    """Take a refine factor.

    Raises
    ------
    WrongType, InvalidInput
        When it is no number from 1 on.
    """
    if refine is None:
        return None
    number = _real(refine, "refine")
    if not 1 <= number <= LIMITS.max_k:
        raise InvalidInput(f"refine={number:g} was given; it multiplies k, so it must be at least 1.")
    return number


def check_radius(radius: Any) -> float:
    """Take a score as a radius, no larger than float32 holds.

    Raises
    ------
    WrongType, InvalidInput
        When it is no finite number.
    """
    number = _real(radius, "radius")
    if math.isinf(number):
        raise InvalidInput(f"radius={number} was given; it must be finite.")
    return max(-LARGEST, min(LARGEST, number))


def _whole(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        raise WrongType(f"{name} is a {type(value).__name__}; a whole number was wanted.") from error


def _real(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise WrongType(f"{name} is {value!r}; a number was wanted.") from error
    if math.isnan(number):
        raise InvalidInput(f"{name} is not a number; leave it out or give one.")
    return number
