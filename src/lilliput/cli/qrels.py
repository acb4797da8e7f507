"""Judgments in a text file: which rows answer which query, and how well."""

from collections.abc import Mapping
from pathlib import Path

from lilliput.errors import InvalidInput
from lilliput.io.files import explained

Judgments = list[dict[int, float]]
LONGEST_FILE = 2**28
MOST_QUERIES = 1_000_000


def read_qrels(
    path: str, queries: Mapping[str, int] | None = None, rows: Mapping[str, int] | None = None
) -> Judgments:
    """Read judgments.

    Parameters
    ----------
    path:
        Lines of query, row and grade, apart by tabs or blanks; or TREC's four columns, of which the second is
        passed over. A first line whose grade is no number is a heading.
    queries, rows:
        The number of each name that the file may hold; None where it holds numbers, from 0.

    Returns
    -------
    For each query, in order, the grade of each judged row.

    Raises
    ------
    FileError
        When the file cannot be read.
    InvalidInput
        For a line that is no judgment, with its number.
    """
    judged: dict[int, dict[int, float]] = {}
    for number, line in enumerate(_lines(path), 1):
        words = line.split()
        if not words or (number == 1 and not words[0].isdecimal() and not _is_number(words[-1])):
            continue
        query, row, grade = _judgment(words, f"{path}, line {number}", queries, rows)
        judged.setdefault(query, {})[row] = grade
    count = max(judged, default=-1) + 1 if queries is None else len(queries)
    return [judged.get(query, {}) for query in range(count)]


def _lines(path: str) -> list[str]:
    with explained("read", path):
        if Path(path).stat().st_size > LONGEST_FILE:
            raise InvalidInput(f"{path} is longer than {LONGEST_FILE} bytes; leave out what nobody asks for.")
        raw = Path(path).read_bytes()
    try:
        return raw.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no text in UTF-8; judgments are lines of three numbers.") from error


def _judgment(
    words: list[str], where: str, queries: Mapping[str, int] | None, rows: Mapping[str, int] | None
) -> tuple[int, int, float]:
    if len(words) == 4:
        words = [words[0], words[2], words[3]]
    try:
        query, row, grade = words
        found = _number(query, queries), _number(row, rows), float(grade)
    except KeyError as error:
        raise InvalidInput(f"{where} names {error}, which none of the texts is called.") from error
    except ValueError as error:
        raise InvalidInput(
            f"{where} is no judgment; write a query number, a row number and a grade."
        ) from error
    if not (0 <= found[0] < MOST_QUERIES and found[1] >= 0):
        raise InvalidInput(
            f"{where} has a number below 0 or a query from {MOST_QUERIES} on; both count from 0."
        )
    return found


def _number(word: str, names: Mapping[str, int] | None) -> int:
    return int(word) if names is None else names[word]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
