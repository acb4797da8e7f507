"""Judgments and runs as text: TREC's columns, and the tab-separated form with a heading that BEIR has.

A judgment is a query, a document and a grade; TREC puts a column between the first two that says nothing. A
run is a query, `Q0`, a document, a rank, a score and a name. Ids are text and stay as they are.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lilliput.errors import InvalidInput
from lilliput.io.reading import open_regular
from lilliput.io.write import new_file

Qrels = dict[str, dict[str, float]]
Run = dict[str, dict[str, float]]

LONGEST_FILE = 2**28
HEADING = ("query-id", "corpus-id", "score")


def read_qrels(path: str | os.PathLike[str]) -> Qrels:
    r"""Read judgments.

    Parameters
    ----------
    path:
        Lines of query, document and grade, apart by tabs or blanks; or TREC's four columns, of which the
        second is passed over. Where a line has tabs, blanks belong to the ids. A first line without a grade
        is a heading.

    Returns
    -------
    dict
        For each query, the grade of each judged document. A later line overrides an earlier one.

    Raises
    ------
    InvalidInput
        For a line that is no judgment, with its number.
    FileError
        When the file cannot be read.

    Examples
    --------
    >>> _ = Path("qrels.txt").write_text("q1 0 d7 2\nq1 0 d9 0\n")
    >>> read_qrels("qrels.txt")
    {'q1': {'d7': 2.0, 'd9': 0.0}}
    """
    judged: Qrels = {}
    for number, words in _lines(Path(path)):
        if len(words) == 4:
            words = [words[0], *words[2:]]
        grade = _finite(words[-1]) if len(words) == 3 else None
        if grade is None:
            if number == 1 and len(words) == 3 and not words[-1].isdecimal():
                continue
            raise InvalidInput(
                f"{path}, line {number} is no judgment; write a query, a document and a grade, "
                "or TREC's four columns."
            )
        judged.setdefault(words[0], {})[words[1]] = grade
    return judged


def read_run(path: str | os.PathLike[str]) -> Run:
    """Read a run in TREC's six columns.

    Returns
    -------
    dict
        For each query the score of each document, in the order of the file.

    Raises
    ------
    InvalidInput
        For a line that is none of a run, with its number, or a document that a query has twice.
    FileError
        When the file cannot be read.
    """
    found: Run = {}
    for number, words in _lines(Path(path)):
        score = _finite(words[4]) if len(words) == 6 else None
        if score is None:
            raise InvalidInput(
                f"{path}, line {number} is no line of a run; write query, Q0, document, rank, score and name."
            )
        scores = found.setdefault(words[0], {})
        if words[2] in scores:
            raise InvalidInput(f"{path}, line {number} repeats the document {words[2][:80]!r} of its query.")
        scores[words[2]] = score
    return found


def write_qrels(path: str | os.PathLike[str], qrels: Mapping[str, Mapping[str, float]]) -> None:
    """Write judgments: with TREC's four columns, or for `.tsv` tab-separated under a heading.

    Raises
    ------
    InvalidInput
        For an id that the form cannot hold.
    FileError
        When the file cannot be written; what was there stays.
    """
    tabs = Path(path).suffix.lower() == ".tsv"
    lines = ["\t".join(HEADING)] if tabs else []
    for query, grades in qrels.items():
        for document, grade in grades.items():
            ids = [_id(text, tabs=tabs) for text in (query, document)]
            lines.append("\t".join((*ids, _short(grade))) if tabs else f"{ids[0]} 0 {ids[1]} {_short(grade)}")
    _write(Path(path), lines)


def write_run(
    path: str | os.PathLike[str], run: Mapping[str, Mapping[str, float]], name: str = "lilliput"
) -> None:
    """Write a run in TREC's six columns, the best score of each query first.

    Raises
    ------
    InvalidInput
        For an id or a name with blanks, or a score that is not finite.
    FileError
        When the file cannot be written; what was there stays.
    """
    lines = []
    for query, scores in run.items():
        best_first = sorted(scores.items(), key=lambda item: -item[1])
        for rank, (document, score) in enumerate(best_first, 1):
            ids = [_id(text, tabs=False) for text in (query, document, name)]
            lines.append(f"{ids[0]} Q0 {ids[1]} {rank} {_short(score)} {ids[2]}")
    _write(Path(path), lines)


def numbered(
    qrels: Mapping[str, Mapping[str, float]], queries: Sequence[str], documents: Sequence[str]
) -> list[dict[int, float]]:
    """Replace ids by their places, as everything that evaluates wants them.

    Parameters
    ----------
    qrels:
        By ids.
    queries, documents:
        The ids in the order of the vectors.

    Returns
    -------
    list
        For each query, in order, the grade of each judged row.

    Raises
    ------
    InvalidInput
        For an id that is not among them.

    Examples
    --------
    >>> numbered({"q1": {"b": 1.0}}, ["q0", "q1"], ["a", "b"])
    [{}, {1: 1.0}]
    """
    query_at = {name: place for place, name in enumerate(queries)}
    row_at = {name: place for place, name in enumerate(documents)}
    judged: list[dict[int, float]] = [{} for _ in queries]
    for query, grades in qrels.items():
        for document, grade in grades.items():
            if query not in query_at or document not in row_at:
                what = (
                    f"the query {query[:80]!r}"
                    if query not in query_at
                    else f"the document {document[:80]!r}"
                )
                raise InvalidInput(
                    f"The judgments name {what}, which is not there; take them of one data set."
                )
            judged[query_at[query]][row_at[document]] = grade
    return judged


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the columns of each line that is not blank, with its number from 1."""
    with open_regular(path) as (file, size):
        if size > LONGEST_FILE:
            raise InvalidInput(f"{path} is longer than {LONGEST_FILE} bytes; leave out what nobody asks for.")
        raw = file.readall()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no text in UTF-8; judgments are lines of columns.") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, [word.strip() for word in line.split("\t")] if "\t" in line else line.split()


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _short(number: float) -> str:
    if not math.isfinite(number):
        raise InvalidInput(f"{number} is no grade or score; leave it out.")
    return repr(int(number)) if float(number).is_integer() else repr(float(number))


def _id(text: str, *, tabs: bool) -> str:
    bad = any(c in "\t\r\n" for c in text) or text != text.strip() if tabs else len(text.split()) != 1
    if bad or not text or (not tabs and text.split()[0] != text):
        raise InvalidInput(f"The id {text[:80]!r} has blanks that the form cannot hold; give it another.")
    return text


def _write(path: Path, lines: list[str]) -> None:
    with new_file(path) as file:
        for line in lines:
            file.write(f"{line}\n".encode())
