"""Texts come in as they stand in the file, and what cannot be read is named by its line."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.errors import FileError, LilliputError
from lilliput.io.jsonl import LONGEST_LINE
from lilliput.io.texts import Texts, holds_texts, read_texts


def test_a_line_is_a_text(tmp_path: Path) -> None:
    """An empty line is an empty text, so that rows keep their numbers; a last line break ends the last."""
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffeins\r\n\nzwölf\n".encode())

    assert Texts(["0", "1", "2"], ["eins", "", "zwölf"]) == read_texts(path)


def test_json_lines_with_and_without_titles_and_ids(tmp_path: Path) -> None:
    """Title and text become one; ids may be numbers; blank lines are passed over."""
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"_id": "x", "title": "Cats", "text": "purr"}\n\n{"id": 7, "text": "bark", "title": ""}\n'
        '{"text": "sing", "title": null, "more": [1]}\n'
    )

    assert Texts(["x", "7", "2"], ["Cats purr", "bark", "sing"]) == read_texts(path)


@pytest.mark.parametrize(("suffix", "comma"), [("csv", ","), ("tsv", "\t")])
def test_a_column_of_a_table(suffix: str, comma: str, tmp_path: Path) -> None:
    """Any column can be chosen; quoted cells hold separators and line breaks."""
    path = tmp_path / f"a.{suffix}"
    path.write_text(
        comma.join(["id", "body", "year"]) + "\n" + comma.join(["a", f'"x{comma}\ny"', "1"]) + "\n"
    )

    assert Texts(["a"], [f"x{comma}\ny"]) == read_texts(path, field="body")


def test_a_folder_in_the_form_of_beir(tmp_path: Path) -> None:
    """A folder stands for its corpus."""
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d1", "title": "T", "text": "t"}\n')

    assert Texts(["d1"], ["T t"]) == read_texts(tmp_path)
    assert holds_texts(tmp_path)
    assert not holds_texts(tmp_path / "vectors.npy")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_any_text_survives_json(texts: list[str]) -> None:
    """What JSON can write is read back as it was."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

        assert texts == read_texts(path).texts


@pytest.mark.parametrize(
    ("name", "raw", "sentence"),
    [
        ("a.txt", b"", "holds no text"),
        ("a.txt", b"one\n\xff\n", r"a\.txt, line 2 is no text in UTF-8"),
        ("a.txt", b"one\n" + b"x" * (LONGEST_LINE + 1), "line 2 is longer than"),
        ("a.jsonl", b'{"text": "a"}\n{"text"\n', "line 2 is not valid JSON"),
        ("a.jsonl", b"[" * 100_000, "line 1 "),
        ("a.jsonl", b'{"text": "a"}\n["b"]\n', "line 2 is JSON but no object"),
        ("a.jsonl", b'{"body": "a", "n": 1}\n', "line 1 has no text in 'text'; it has 'body', 'n'"),
        ("a.jsonl", b'{"text": 5}\n', "line 1 has no text in 'text'"),
        ("a.jsonl", b'{"text": "a", "title": 5}\n', "line 1 has a title that is no text"),
        ("a.jsonl", b'{"text": "a", "id": 1.5}\n', "line 1 has an id"),
        ("a.jsonl", b'{"text": "a", "id": true}\n', "line 1 has an id"),
        ("a.jsonl", b'{"text": "\\ud800"}\n', "line 1 holds half a character"),
        ("a.jsonl", b'{"text": "a", "id": 1}\n{"text": "b", "id": "1"}\n', "line 2 has the id '1'"),
        ("a.csv", b"id,text\n1,a\n2,b,c\n", "line 3 has 3 columns where the heading has 2"),
        ("a.csv", b"id,body\n1,a\n", "line 2 has no text in 'text'; it has 'id', 'body'"),
        ("a.csv", b'id,text\n1,"a\n', "no line of a table"),
        ("a.doc", b"", "has no suffix of a file of texts"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, raw: bytes, sentence: str, tmp_path: Path) -> None:
    """Each message holds the file, the line and what is wrong with it."""
    (tmp_path / name).write_bytes(raw)

    with pytest.raises(LilliputError, match=sentence):
        read_texts(tmp_path / name)


def test_what_is_not_there_is_a_file_error(tmp_path: Path) -> None:
    """Neither a missing file nor an empty folder."""
    with pytest.raises(FileError, match="does not exist"):
        read_texts(tmp_path / "a.txt")
    with pytest.raises(FileError, match=r"without a corpus\.jsonl"):
        read_texts(tmp_path)
