"""Folders in the layout of BEIR: `corpus.jsonl`, `queries.jsonl` and judgments under `qrels`.

The layout is defined at https://github.com/beir-cellar/beir. A link that leads out of the folder is refused.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lilliput.errors import FileError, InvalidInput
from lilliput.io.files import explained, layer
from lilliput.io.jsonl import lines, record
from lilliput.io.trec import Qrels, numbered, read_qrels, write_qrels
from lilliput.io.write import new_file
from lilliput.names import inside

CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", "qrels"


@dataclass(frozen=True)
class Beir:
    """Texts, questions and judgments.

    Attributes
    ----------
    ids, titles, texts:
        Of the documents, in the order of the file; a title may be empty.
    query_ids, queries:
        Of the questions.
    qrels:
        For each judged question, the grade of each judged document, by ids.
    """

    ids: list[str]
    titles: list[str]
    texts: list[str]
    query_ids: list[str]
    queries: list[str]
    qrels: Qrels

    @property
    def passages(self) -> list[str]:
        """Title and text of each document as one, which is what BEIR's encoders are given."""
        return [f"{title} {text}".strip() for title, text in zip(self.titles, self.texts, strict=True)]

    def judgments(self) -> list[dict[int, float]]:
        """Give the judgments by row numbers, for each question in order.

        Raises
        ------
        InvalidInput
            When they name a question or document that is not there.
        """
        return numbered(self.qrels, self.query_ids, self.ids)


def read_beir(folder: str | os.PathLike[str], split: str = "test") -> Beir:
    """Read a folder in the layout of BEIR.

    Parameters
    ----------
    folder:
        The folder.
    split:
        Which judgments: `qrels/<split>.tsv`.

    Raises
    ------
    CorruptFile, InvalidInput
        For a line that is not what the layout says, with its number, and for an id that stands there twice.
    FileError
        When a file is missing or cannot be read.
    """
    place = Path(folder)
    if not place.is_dir():
        raise FileError(f"{folder} is no folder; the folder of a BEIR data set was wanted.")
    corpus = _texts(inside(place, CORPUS), titles=True)
    queries = _texts(inside(place, QUERIES), titles=False)
    judged = inside(inside(place, QRELS), f"{split}.tsv")
    return Beir(
        [entry[0] for entry in corpus],
        [entry[1] for entry in corpus],
        [entry[2] for entry in corpus],
        [entry[0] for entry in queries],
        [entry[2] for entry in queries],
        read_qrels(judged),
    )


def write_beir(folder: str | os.PathLike[str], data: Beir, split: str = "test") -> None:
    """Write a folder in the layout of BEIR; each of its files is replaced in one step.

    Parameters
    ----------
    folder:
        The folder, made if it is not there.
    data:
        What to write.
    split:
        Which judgments they are: `qrels/<split>.tsv`.

    Raises
    ------
    InvalidInput
        For an id that the layout cannot hold.
    FileError
        When a file cannot be written.
    """
    place = Path(folder)
    for missing in (place, place / QRELS):
        with explained("written", missing):
            if not os.path.isdir(missing):
                layer().make_folder(missing)
    documents = zip(data.ids, data.titles, data.texts, strict=True)
    _write(inside(place, CORPUS), ({"_id": a, "title": b, "text": c} for a, b, c in documents))
    questions = zip(data.query_ids, data.queries, strict=True)
    _write(inside(place, QUERIES), ({"_id": a, "text": b} for a, b in questions))
    write_qrels(inside(inside(place, QRELS), f"{split}.tsv"), data.qrels)


def _texts(path: Path, *, titles: bool) -> list[tuple[str, str, str]]:
    """Read ids, titles and texts; ids must differ."""
    found: dict[str, tuple[str, str, str]] = {}
    for number, line in lines(path):
        where = f"{path}, line {number}"
        entry = record(line, where)
        title = entry.get("title") or "" if titles else ""
        parts = (entry.get("_id"), title, entry.get("text"))
        name, title, text = parts
        if not isinstance(name, str) or not isinstance(title, str) or not isinstance(text, str):
            raise InvalidInput(f"{where} lacks an _id or a text; both are strings.")
        if any("\ud800" <= letter <= "\udfff" for part in (name, title, text) for letter in part):
            raise InvalidInput(f"{where} holds half a character; remove it.")
        if name in found:
            raise InvalidInput(f"{where} repeats the _id {name[:80]!r}; ids must differ.")
        found[name] = (name, title, text)
    return list(found.values())


def _write(path: Path, entries: Iterable[dict[str, str]]) -> None:
    with new_file(path) as file:
        for entry in entries:
            file.write((json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8"))
