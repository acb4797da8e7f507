"""Reads texts: one a line, JSON lines, a column of a table, or a folder in the form of BEIR."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lilliput.errors import FileError, InvalidInput
from lilliput.io.beir import CORPUS
from lilliput.io.jsonl import lines, record

FIELD = "text"
IDS = ("_id", "id")


@dataclass(frozen=True)
class Texts:
    """Texts with what they are called.

    Attributes
    ----------
    ids:
        One a text, all different; where the file has none, the numbers from 0.
    texts:
        Title and text as one, where there is a title.
    """

    ids: list[str]
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)


def holds_texts(path: str | Path) -> bool:
    """Say whether a path has the looks of texts: a suffix that is read here, or a folder with a corpus."""
    path = Path(path)
    return path.suffix.lower() in READERS or (path / CORPUS).is_file()


def read_texts(path: str | Path, *, field: str = FIELD) -> Texts:
    """Read all texts of a file.

    Parameters
    ----------
    path:
        `.txt`: one text a line, an empty line being an empty text. `.jsonl`: one object a line. `.csv` or
        `.tsv`: a table with a heading. A folder: its `corpus.jsonl`. All in UTF-8.
    field:
        The field or column that holds the text. Another called "title" is put before it, and "_id" or "id"
        names it.

    Returns
    -------
    Texts

    Raises
    ------
    InvalidInput, CorruptFile
        For another suffix, for no text at all, and for a line that cannot be read, with its number.
    FileError
        When the file cannot be opened.

    Examples
    --------
    >>> _ = Path("corpus.jsonl").write_text('{"_id": "a7", "title": "Cats", "text": "They purr."}')
    >>> read_texts("corpus.jsonl")
    Texts(ids=['a7'], texts=['Cats They purr.'])
    """
    place = Path(path)
    if place.is_dir():
        if not (place / CORPUS).is_file():
            raise FileError(f"{path} is a folder without a {CORPUS}; give a file of texts.")
        place = place / CORPUS
    reader = READERS.get(place.suffix.lower())
    if reader is None:
        raise InvalidInput(f"{path} has no suffix of a file of texts; those are {', '.join(READERS)}.")
    ids: dict[str, None] = {}
    texts: list[str] = []
    for number, name, text in reader(place, field):
        key = str(len(texts)) if name is None else name
        if key in ids:
            raise InvalidInput(f"{place}, line {number} has the id {key!r}, which an earlier line has.")
        ids[key] = None
        texts.append(text)
    if not texts:
        raise InvalidInput(f"{place} holds no text.")
    return Texts(list(ids), texts)


# Line number, id where there is one, text.
Found = Iterator[tuple[int, str | None, str]]


def _plain(path: Path, field: str) -> Found:
    for number, line in _decoded(path):
        yield number, None, line.rstrip("\r\n")


def _json_lines(path: Path, field: str) -> Found:
    for number, line in lines(path):
        where = f"{path}, line {number}"
        yield number, *_entry(record(line, where), field, where)


def _table(separator: str) -> Callable[[Path, str], Found]:
    def read(path: Path, field: str) -> Found:
        rows = csv.reader((line for _, line in _decoded(path)), delimiter=separator, strict=True)
        heading: list[str] | None = None
        try:
            for cells in rows:
                where = f"{path}, line {rows.line_num}"
                if heading is None:
                    heading = cells
                elif len(cells) == len(heading):
                    yield rows.line_num, *_entry(dict(zip(heading, cells, strict=True)), field, where)
                elif cells:
                    raise InvalidInput(
                        f"{where} has {len(cells)} columns where the heading has {len(heading)}; quote cells "
                        "that hold separators."
                    )
        except csv.Error as error:
            raise InvalidInput(f"{path}, line {rows.line_num} is no line of a table ({error}).") from error

    return read


def _entry(entry: Mapping[str, Any], field: str, where: str) -> tuple[str | None, str]:
    """Take id and text from one object or row."""
    text, title = entry.get(field), entry.get("title", "")
    if not isinstance(text, str):
        raise InvalidInput(
            f"{where} has no text in {field!r}; it has {_quoted(entry)}. Name the field that holds the text."
        )
    if not isinstance(title, str | None):
        raise InvalidInput(f"{where} has a title that is no text.")
    name = next((entry[key] for key in IDS if entry.get(key) not in (None, "")), None)
    if not isinstance(name, str | int | None) or isinstance(name, bool):
        raise InvalidInput(f"{where} has an id that is neither text nor a whole number.")
    whole = f"{title} {text}" if title and field != "title" else text
    if not _is_unicode(whole):
        raise InvalidInput(f"{where} holds half a character (a lone surrogate).")
    return None if name is None else str(name), whole


def _decoded(path: Path) -> Iterator[tuple[int, str]]:
    """Decode line by line, so that an error can say where."""
    for number, raw in lines(path, blank=True):
        try:
            yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"{path}, line {number} is no text in UTF-8; convert the file, as iconv does."
            ) from error


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in list(names)[:8]) or "nothing"


READERS: dict[str, Callable[[Path, str], Found]] = {
    ".txt": _plain,
    ".jsonl": _json_lines,
    ".csv": _table(","),
    ".tsv": _table("\t"),
}
