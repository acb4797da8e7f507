"""Budgets: what a vector may cost, however it was said."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from lilliput.errors import InvalidInput, WrongType

UNITS = {
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
WANTED = "write '64B' for bytes a vector, '2GB' or '512MiB' for the total, or a fraction such as 0.25"

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Budget:
    """How many bytes a vector may take, with its share of what all vectors share.

    Attributes
    ----------
    text:
        How it was said.
    bytes_per_vector:
        The limit.
    """

    text: str
    bytes_per_vector: float

    def allows(self, bytes_per_vector: float) -> bool:
        """Say whether so many bytes a vector are within it."""
        return bytes_per_vector <= self.bytes_per_vector * (1 + _ROUNDING)


def parse_budget(value: Any, dim: int, rows: int) -> Budget:
    """Read a budget.

    Parameters
    ----------
    value:
        "64B" is bytes a vector. "2GB", "512MB", "1.5GiB" are totals for `rows` vectors. A float in (0, 1] is
        a fraction of what the vectors take as float32.
    dim, rows:
        The vectors' dimensions, and how many there will be.

    Returns
    -------
    Budget

    Raises
    ------
    InvalidInput
        For a bare int, an unknown unit, and a fraction or size that cannot be one.
    WrongType
        For anything that is neither text nor a number.

    Examples
    --------
    >>> parse_budget("64B", 384, 1000).bytes_per_vector
    64.0
    >>> parse_budget("1MB", 384, 10_000).bytes_per_vector
    100.0
    >>> parse_budget(0.25, 384, 1000).bytes_per_vector
    384.0
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, str | int | float | np.number):
        raise WrongType(f"The budget is a {type(value).__name__}; {WANTED}.")
    if isinstance(value, int | np.integer):
        raise InvalidInput(
            f"budget={value} is a bare number, which could mean bytes a vector or the total; {WANTED}."
        )
    if not isinstance(value, str):
        fraction = float(value.real)
        if not 0 < fraction <= 1:
            raise InvalidInput(f"budget={value} is no fraction of the uncompressed size in (0, 1]; {WANTED}.")
        return Budget(f"{fraction:g} of float32", 4 * dim * fraction)
    return _from_text(value, rows)


def _from_text(text: str, rows: int) -> Budget:
    match = _SIZE.fullmatch(text)
    if match is None or (match[2] != "B" and match[2] not in UNITS):
        raise InvalidInput(f"The budget {text!r} is no size; {WANTED}.")
    number = float(match[1])
    if number <= 0 or not np.isfinite(number):
        raise InvalidInput(f"The budget {text!r} holds nothing; {WANTED}.")
    said = match[1] + match[2]
    if match[2] == "B":
        return Budget(said, number)
    return Budget(said, number * UNITS[match[2]] / rows)
