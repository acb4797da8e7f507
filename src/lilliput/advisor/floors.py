"""Floors: the quality that a plan must keep."""

import re
from collections.abc import Mapping
from typing import Any

from lilliput.errors import InvalidInput, WrongType

RECALL, NDCG = "recall@10", "ndcg@10"
MOST_K = 100
WANTED = "write 'recall@10=0.95', or with judged queries 'ndcg@10=0.4'"

_RECALL = re.compile(r"recall@([1-9][0-9]{0,2})")

_PAIR = re.compile(r"\s*([a-z]+@[0-9]+)\s*=\s*([0-9.eE+-]+)\s*")


def recall_at(k: int) -> str:
    """Name the recall of k results."""
    return f"recall@{k}"


def recall_depth(measure: str) -> int | None:
    """Give the k of a recall, from 1 to 100; None for another measure."""
    match = _RECALL.fullmatch(measure)
    return int(match[1]) if match is not None and int(match[1]) <= MOST_K else None


def parse_floors(value: Any) -> dict[str, float]:
    """Read one floor or several.

    Parameters
    ----------
    value:
        Text such as "recall@10=0.95", several joined by commas; or a mapping such as {"recall@10": 0.95}.
        Recall may be of 1 to 100 results.

    Returns
    -------
    dict
        The least mean of each measure, in (0, 1].

    Raises
    ------
    InvalidInput
        For another measure, a number out of range, or no floor at all.
    WrongType
        For anything that is neither text nor a mapping of names to numbers.

    Examples
    --------
    >>> parse_floors("recall@10=0.95")
    {'recall@10': 0.95}
    """
    if isinstance(value, str):
        pairs = [_pair(part, value) for part in value.split(",")]
    elif isinstance(value, Mapping):
        pairs = [(str(name), number) for name, number in value.items()]
    else:
        raise WrongType(f"The floor is a {type(value).__name__}; {WANTED}.")
    if not pairs:
        raise InvalidInput(f"The floor names no measure; {WANTED}.")
    return {name: _checked(name, number) for name, number in pairs}


def _pair(part: str, whole: str) -> tuple[str, str]:
    match = _PAIR.fullmatch(part)
    if match is None:
        raise InvalidInput(f"The floor {whole!r} cannot be read; {WANTED}.")
    return match[1], match[2]


def _checked(name: str, number: Any) -> float:
    if name != NDCG and recall_depth(name) is None:
        raise InvalidInput(
            f"A floor for {name!r} was given; there are recall@1 to recall@{MOST_K} and {NDCG}: {WANTED}."
        )
    try:
        least = float(number)
    except ValueError as error:
        raise InvalidInput(f"The floor of {name} is {number!r}; a number was wanted: {WANTED}.") from error
    except TypeError as error:
        raise WrongType(f"The floor of {name} is a {type(number).__name__}; {WANTED}.") from error
    if not 0 < least <= 1:
        raise InvalidInput(f"The floor of {name} is {least:g}; it must be above 0 and at most 1.")
    return least
