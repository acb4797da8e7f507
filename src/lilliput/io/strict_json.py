"""Reads JSON that came from a file: small, without doubles, and made of what JSON has."""

import json
import math
from typing import Any, NoReturn

from lilliput.errors import CorruptFile

# A key and its value cost some 220 bytes of memory; so many cost less than 32 MB.
MAX_ITEMS = 2**17


def strict_json(raw: bytes, what: str) -> dict[str, Any]:
    """Parse a JSON object.

    Parameters
    ----------
    raw:
        UTF-8, of a length that the caller has bounded.
    what:
        What it is, to begin the message of an error.

    Raises
    ------
    CorruptFile
        When it is not UTF-8, not JSON, no object, repeats a key, nests too deep, or holds a number or text
        that JSON has no form for.

    Examples
    --------
    >>> strict_json(b'{"a": [1, 2]}', "The header of x")
    {'a': [1, 2]}
    """
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MAX_ITEMS:
        raise CorruptFile(f"{what} holds more than {MAX_ITEMS} items; restore the file from a copy.")
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=without_doubles, parse_float=_finite, parse_constant=refuse_constant
        )
        if "\\" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # an escape can make half a character
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"{what} is not valid JSON ({error}); restore the file from a copy.") from error
    if not isinstance(value, dict):
        raise CorruptFile(f"{what} is JSON but no object; restore the file from a copy.")
    return value


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, none of them twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is larger than any number here")
    return number


def refuse_constant(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python would take."""
    raise ValueError(f"{constant} is no number of JSON")
