"""Judgments by number: which rows answer which query, and how well."""

from lilliput.errors import InvalidInput
from lilliput.io.trec import read_qrels as read_by_id

Judgments = list[dict[int, float]]
MOST_QUERIES = 1_000_000


def read_qrels(path: str) -> Judgments:
    """Read judgments whose ids are numbers.

    Parameters
    ----------
    path:
        A file as `lilliput.io.trec.read_qrels` takes; queries and rows count from 0.

    Returns
    -------
    For each query, in order, the grade of each judged row.

    Raises
    ------
    FileError
        When the file cannot be read.
    InvalidInput
        For a line that is no judgment, and for an id that is no number.
    """
    judged: dict[int, dict[int, float]] = {}
    for query, grades in read_by_id(path).items():
        for row, grade in grades.items():
            judged.setdefault(_number(query, path, MOST_QUERIES), {})[_number(row, path, 2**63)] = grade
    return [judged.get(query, {}) for query in range(max(judged, default=-1) + 1)]


def _number(text: str, path: str, end: int) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < end):
        raise InvalidInput(f"{path} names {text[:40]!r}; queries and rows are numbers from 0, below {end}.")
    return int(text)
