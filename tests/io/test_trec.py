"""Judgments and runs round-trip, in TREC's columns and BEIR's; BEIR folders do as a whole."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lilliput.errors import CorruptFile, FileError, InvalidInput
from lilliput.io.beir import Beir, read_beir, write_beir
from lilliput.io.trec import numbered, read_qrels, read_run, write_qrels, write_run

IDS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=9)
GRADES = st.integers(-2, 5).map(float) | st.floats(-10, 10)
TABLES = st.dictionaries(IDS, st.dictionaries(IDS, GRADES, min_size=1, max_size=4), max_size=4)
BOTH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@BOTH
@given(TABLES, st.sampled_from(["q.tsv", "q.txt"]))
def test_judgments_round_trip(tmp_path: Path, qrels: dict[str, dict[str, float]], name: str) -> None:
    """With every id that has no blanks."""
    write_qrels(tmp_path / name, qrels)

    assert qrels == read_qrels(tmp_path / name)


@BOTH
@given(TABLES)
def test_runs_round_trip(tmp_path: Path, run: dict[str, dict[str, float]]) -> None:
    """The best comes first."""
    write_run(tmp_path / "run.txt", run, "mine")

    found = read_run(tmp_path / "run.txt")

    assert run == found
    for scores in found.values():
        assert sorted(scores.values(), reverse=True) == list(scores.values())


@pytest.mark.parametrize(
    "text",
    [
        "q1 0 d1 2\nq1 0 d2 0\nq2 0 d1 1\n",
        "q1\tQ0\td1\t2\nq1\tQ0\td2\t0\nq2\tQ0\td1\t1",
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\r\n\nq2\td1\t1.0\n",
        "\ufeffq1 d1 2\n\nq1 d2 0\nq2   d1 1",
    ],
)
def test_judgments_come_in_four_shapes(text: str, tmp_path: Path) -> None:
    """Blanks or tabs, three columns or four, with a heading or without."""
    (tmp_path / "q.txt").write_text(text, encoding="utf-8", newline="")

    assert {"q1": {"d1": 2.0, "d2": 0.0}, "q2": {"d1": 1.0}} == read_qrels(tmp_path / "q.txt")


def test_ids_with_blanks_need_tabs(tmp_path: Path) -> None:
    """They are kept there, and refused elsewhere."""
    qrels = {"a query": {"a doc": 1.0}}
    write_qrels(tmp_path / "q.tsv", qrels)

    assert qrels == read_qrels(tmp_path / "q.tsv")
    for bad in (lambda: write_qrels(tmp_path / "q.txt", qrels), lambda: write_run(tmp_path / "r.txt", qrels)):
        with pytest.raises(InvalidInput, match="has blanks"):
            bad()
    with pytest.raises(InvalidInput, match="has blanks"):
        write_qrels(tmp_path / "q.tsv", {"a\tb": {"c": 1.0}})


@pytest.mark.parametrize(
    "line", ["q d", "q d much", "q 0 d nan", "q 0 d inf", "q 0 d 1 2", "q", "q 0 d 1 2 3 4", "q\td\t"]
)
def test_what_is_no_judgment_is_named(line: str, tmp_path: Path) -> None:
    """With its line."""
    (tmp_path / "q.txt").write_text(f"a b 1\n{line}\n")

    with pytest.raises(InvalidInput, match=r"q\.txt, line 2 is no judgment"):
        read_qrels(tmp_path / "q.txt")


@pytest.mark.parametrize(
    "line", ["q Q0 d 1", "q Q0 d 1 x tag", "q Q0 d 1 nan tag", "q Q0 d 1 0.5 tag more", "q Q0 d0 1 1 t"]
)
def test_what_is_no_run_is_named(line: str, tmp_path: Path) -> None:
    """With its line; a document that comes twice is one."""
    (tmp_path / "r.txt").write_text(f"q Q0 d0 1 0.5 tag\n{line}\n")

    with pytest.raises(InvalidInput, match=r"r\.txt, line 2"):
        read_run(tmp_path / "r.txt")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """So are folders and what is not there."""
    (tmp_path / "q.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_qrels(tmp_path / "q.txt")
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileError):
            read_qrels(path)


def test_ids_become_places() -> None:
    """One that is not there is an error."""
    assert [{}, {1: 1.0}] == numbered({"q1": {"b": 1.0}}, ["q0", "q1"], ["a", "b"])
    for qrels, match in (({"x": {"a": 1.0}}, "the query 'x'"), ({"q": {"x": 1.0}}, "the document 'x'")):
        with pytest.raises(InvalidInput, match=match):
            numbered(qrels, ["q"], ["a"])


DATA = Beir(
    ["d1", "d 2"], ["Title", ""], ["Text, «é»\n", ""], ["q1", "q2"], ["Who?", "Why?"], {"q1": {"d 2": 1.0}}
)


def test_a_beir_folder_round_trips(tmp_path: Path) -> None:
    """Texts, titles, questions and judgments; also over an older one."""
    for _ in range(2):
        write_beir(tmp_path / "set", DATA)

    actual = read_beir(tmp_path / "set")

    assert DATA == actual
    assert ["Title Text, «é»", ""] == actual.passages
    assert [{1: 1.0}, {}] == actual.judgments()


BAD_LINES = {
    "no id": '{"text": "a"}',
    "no text": '{"_id": "a"}',
    "a number for an id": '{"_id": 3, "text": "a"}',
    "a list for a text": '{"_id": "x", "text": []}',
    "twice": '{"_id": "d1", "text": "a"}',
    "no JSON": "words",
    "no object": "[1]",
    "half a character": '{"_id": "x", "text": "\\ud800"}',
    "cut": '{"_id": "x", "te',
    "nested": "[" * 10_000,
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_of_a_corpus_is_named(case: str, tmp_path: Path) -> None:
    """By file and number."""
    write_beir(tmp_path, DATA)
    with (tmp_path / "corpus.jsonl").open("a") as file:
        file.write(BAD_LINES[case])

    with pytest.raises((InvalidInput, CorruptFile), match=r"corpus\.jsonl, line 3"):
        read_beir(tmp_path)


def test_nothing_outside_a_beir_folder_is_read(tmp_path: Path) -> None:
    """Neither by links nor by the name of a split."""
    write_beir(tmp_path / "set", DATA)
    write_beir(tmp_path / "other", DATA)
    for split in ("../../other/qrels/test", "/etc/passwd", ".."):
        with pytest.raises(InvalidInput):
            read_beir(tmp_path / "set", split)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels"):
        kept = tmp_path / "set" / name
        kept.rename(tmp_path / "aside")
        kept.symlink_to(tmp_path / "other" / name)
        with pytest.raises(InvalidInput, match="leads out of its folder"):
            read_beir(tmp_path / "set")
        kept.unlink()
        with pytest.raises(FileError, match=name):
            read_beir(tmp_path / "set")
        (tmp_path / "aside").rename(kept)
    with pytest.raises(FileError, match="is no folder"):
        read_beir(tmp_path / "nowhere")
