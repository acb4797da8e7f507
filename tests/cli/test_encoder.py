"""Texts go in where vectors do, and come out again where they were found."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from encoders import Counting, count, minilm, model_folder, offline, vectors_of
from lilliput.cli.app import app
from lilliput.cli.texts import Reading

WORDS = ("river", "harbour", "engine", "violin", "glacier", "market", "lantern", "orchard")
CORPUS = [f"{a} and {b} {number}" for number in range(5) for a in WORDS for b in WORDS]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the form of BEIR, a model that counts, and an empty cache."""
    count(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LILLIPUT_CACHE", str(tmp_path / "cache"))
    model_folder(tmp_path / "model")
    lines = [json.dumps({"_id": f"d{row}", "text": text}) for row, text in enumerate(CORPUS)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines))
    (tmp_path / "corpus.txt").write_text("\n".join(CORPUS))
    asked = [json.dumps({"_id": f"q{row}", "text": f"{CORPUS[row]}?"}) for row in range(40)]
    (tmp_path / "queries.jsonl").write_text("\n".join(asked))
    (tmp_path / "qrels").mkdir()
    judged = [f"q{row}\td{row}\t1" for row in range(0, 40, 2)]
    (tmp_path / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]))
    np.save(tmp_path / "X.npy", vectors_of(CORPUS))
    np.save(tmp_path / "Q.npy", vectors_of([f"{CORPUS[row]}?" for row in range(0, 40, 2)], "query"))
    (tmp_path / "rows.tsv").write_text("\n".join(f"{row} {2 * row} 1" for row in range(20)))
    return tmp_path


def call(*arguments: str, code: int = 0) -> Result:
    """Run a verb."""
    result = CliRunner().invoke(app, [*arguments])
    assert code == result.exit_code, result.output
    return result


def told(*arguments: str) -> dict[str, Any]:
    """Run a verb and parse its JSON."""
    found: dict[str, Any] = json.loads(call(*arguments, "--json").stdout)
    return found


def test_build_takes_texts(shelf: Path) -> None:
    """The index is that of the vectors, for each form that texts have; a second one loads no model."""
    spec = ("--spec", "flat | f32", "--metric", "l2")
    expected = told("build", "X.npy", *spec, "--out", "a")

    for path in ("corpus.txt", "corpus.jsonl", "."):
        actual = told("build", path, *spec, "--out", "b", "--encoder", "model")
        assert {**expected, "folder": "b"} == actual
    expected_hits = told("search", "a", "X.npy")
    Counting.loaded = 0

    assert expected_hits["ids"] == told("search", "b", "X.npy")["ids"]
    assert len(list((shelf / "cache").rglob("*.safetensors"))) >= 1


def test_advise_takes_a_whole_folder(shelf: Path) -> None:
    """A folder in the form of BEIR brings queries and judgments, and gives the plan of its vectors."""
    rest = ("--budget", "0.5", "--metric", "l2", "--quiet")
    expected = told("advise", "X.npy", "--queries", "Q.npy", "--qrels", "rows.tsv", *rest)

    actual = told("advise", ".", "--encoder", "model", *rest)

    assert expected["forecast"]["ndcg@10"] == actual["forecast"]["ndcg@10"]


def test_queries_and_judgments_by_id(shelf: Path) -> None:
    """Named files keep every query; those of a folder are kept where somebody judged them."""
    texts = Reading("model")

    named, grades, said = texts.asked("corpus.jsonl", "queries.jsonl", "qrels/test.tsv", False)
    own, own_grades, own_said = texts.asked(".", None, None, False)

    assert np.array_equal(named[::2], own)
    assert np.array_equal(np.load("Q.npy"), own)
    assert [{row: 1.0} if row % 2 == 0 else {} for row in range(40)] == grades
    assert grades[::2] == own_grades
    assert said is not None
    assert said[::2] == own_said
    assert ("Q.npy", None, None) == texts.asked("X.npy", "Q.npy", None, False)
    assert (None, None) == texts.asked("corpus.txt", None, None, False)[:2]


def test_search_finds_texts(shelf: Path) -> None:
    """A question, a file of questions and vectors; with --texts what was found is printed."""
    call(
        "build", "corpus.jsonl", "--encoder", "model", "--spec", "flat | f32", "--metric", "l2", "--out", "i"
    )
    (shelf / "ask.txt").write_text("one?\ntwo?")
    corpus = ("--texts", "corpus.jsonl")

    one = told("search", "i", "one?", "--encoder", "model", "-k", "3", *corpus)
    two = told("search", "i", "ask.txt", "--encoder", "model", "-k", "3", *corpus)
    lines = call("search", "i", "one?", "--encoder", "model", "-k", "3", *corpus).stdout.splitlines()
    vectors = call("search", "i", "X.npy", "-k", "1", *corpus).stdout

    assert (["one?"], ["one?", "two?"]) == (one["queries"], two["queries"])
    assert one["ids"][0] == two["ids"][0]
    assert [{"id": f"d{row}", "text": CORPUS[row]} for row in one["ids"][0]] == one["texts"][0]
    assert ["one?", *(f"{found['id']}: {found['text']}" for found in one["texts"][0])] == [
        lines[0], *(line.split("  ", 2)[-1].split("  ")[-1] for line in lines[1:])
    ]  # fmt: skip
    assert f"Query 7\n    0.000  d7: {CORPUS[7]}\n" in vectors
    assert "query\trank" in call("search", "i", "one?", "--encoder", "model").stdout


def test_another_model_is_noticed(shelf: Path) -> None:
    """Where texts do not find themselves, a note says so; under the right model there is none."""
    call("build", "corpus.txt", "--encoder", "model", "--spec", "flat | f32", "--metric", "l2", "--out", "i")
    (shelf / "other.txt").write_text("\n".join(reversed(CORPUS)))
    arguments = ("search", "i", "one?", "--encoder", "model", "--texts")

    assert "" == call(*arguments, "corpus.txt").stderr
    assert (
        "find themselves in the index; was it built with another model"
        in call(*arguments, "other.txt").stderr
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["search", "i", "one?", "--encoder", "model", "--texts", "few.txt"], "there are 1 texts"),
        (["build", "corpus.txt", "--encoder", "nowhere/at/all", "--spec", "flat", "--out", "o"], "no folder"),
        (["advise", "corpus.jsonl", "--encoder", "model", "--field", "body", "--budget", "1.0"], "'body'"),
        (["advise", "corpus.txt", "--encoder", "model", "--qrels", "bad.tsv", "--budget", "1.0"], "'d999'"),
        (["advise", "corpus.txt", "--budget", "1.0"], "corpus.txt holds texts; name the --encoder"),
        (["build", ".", "--spec", "flat", "--out", "o"], "holds texts; name the --encoder"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(arguments: list[str], sentence: str, shelf: Path) -> None:
    """Exit code 2 and what was wrong."""
    call("build", "X.npy", "--spec", "flat | f32", "--metric", "l2", "--out", "i")
    (shelf / "few.txt").write_text("one")
    (shelf / "bad.tsv").write_text("0 d999 1")

    result = call(*arguments, code=2)

    assert sentence in result.stderr
    assert 1 == result.stderr.count("\n")


def test_whoever_interrupts_is_told_that_nothing_is_lost(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while encoding: a note, the usual sentence, exit code 130, and the next run goes on."""

    def interrupted(self: Counting, texts: list[str], kind: str) -> np.ndarray:
        if len(self.asked) > 100:
            raise KeyboardInterrupt
        self.asked.extend(texts)
        return vectors_of(texts, kind)

    model = count(monkeypatch)
    whole = model.encode
    monkeypatch.setattr(model, "encode", interrupted)
    build = ("build", "corpus.txt", "--encoder", "model", "--spec", "flat", "--out", "i")

    stopped = call(*build, code=130)
    before = len(model.asked)
    monkeypatch.setattr(model, "encode", whole)
    call(*build)

    assert "what was encoded is kept; the same command goes on from there" in stopped.stderr
    assert 100 < before < len(CORPUS)
    assert len(set(model.asked)) == len(model.asked)


def test_the_demo_takes_an_encoder(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages from all over are drawn, embedded and searched, and each step is timed."""
    monkeypatch.setattr("lilliput.cli.demo.READ", 1500)

    found = told("demo", "--encoder", "model", "--limit", "300", "--quiet")

    assert (300, 6) == (found["passages"], found["dim"])
    assert {"read documentation strings", "embed passages and questions"} < set(found["seconds"])
    assert 3 == len(found["answers"])


REAL = """
import sys
from click.testing import CliRunner
from lilliput.cli.app import app
for arguments in (
    ["build", "corpus.csv", "--encoder", "all-MiniLM-L6-v2", "--spec", "flat | int8", "--out", "index"],
    ["search", "index", "What purrs?", "--encoder", "all-MiniLM-L6-v2", "--texts", "corpus.csv", "-k", "1"],
):
    result = CliRunner().invoke(app, arguments)
    if result.exit_code or result.stderr:
        sys.exit(result.output)
print(result.stdout)
"""


def test_a_real_question_finds_its_answer(tmp_path: Path) -> None:
    """The real MiniLM, found by its name in the hub's cache: build from a table, ask, read."""
    environment = {**os.environ, **offline(tmp_path, minilm())}
    (tmp_path / "corpus.csv").write_text(
        "id,text\na,Kittens make a low sound when they are content.\nb,The price of copper fell on Monday.\n"
        "c,Glaciers move a few metres each year.\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", REAL], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert "a: Kittens make a low sound when they are content." in done.stdout
    assert "copper" not in done.stdout
