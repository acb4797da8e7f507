"""Each verb does what its Python twin does, and says so as text and as JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import lilliput as lp
from lilliput.cli.app import app
from lilliput.io.open import read_array


def run(*arguments: str, code: int = 0) -> str:
    """Run a verb and give what it printed."""
    result = CliRunner().invoke(app, list(arguments))
    assert code == result.exit_code, result.output
    return result.stdout


def run_json(*arguments: str, code: int = 0) -> dict[str, Any]:
    """Run a verb with --json and parse what it printed."""
    found: dict[str, Any] = json.loads(run(*arguments, "--json", code=code))
    return found


def test_compress_and_decode_are_encode_and_decode(at_desk: Path, tmp_path: Path) -> None:
    """The way over files gives the vectors that the way over arrays gives."""
    codes, back = str(tmp_path / "c.safetensors"), str(tmp_path / "Y.npy")
    codec = lp.Codec("pca8,int8", metric="l2", seed=3).fit("X.npy")
    expected = codec.decode(codec.encode("X.npy"))

    told = run_json(
        "compress", "X.npy", "--spec", "pca8,int8", "--metric", "l2", "--seed", "3", "--out", codes
    )
    run_json("decode", codes, "--out", back)

    assert np.array_equal(expected, read_array(back))
    assert (400, 16, codec.code_size) == (told["rows"], told["dim"], told["bytes_per_vector"])
    assert Path(codes).stat().st_size == told["file_bytes"]


def test_compress_learns_from_a_file_of_queries(at_desk: Path, tmp_path: Path) -> None:
    """As fit does from an array, and the spelling says so."""
    X = np.asarray(read_array("X.npy"), dtype=np.float32)
    np.save(tmp_path / "Q.npy", X[::4, ::-1])
    codec = lp.Codec("leanvec8(method=es),int8", metric="ip").fit(X, queries=X[::4, ::-1])
    options = [
        "--spec",
        "leanvec8(method=es),int8",
        "--metric",
        "ip",
        "--out",
        str(tmp_path / "c.safetensors"),
    ]

    told = run_json("compress", "X.npy", "--queries", str(tmp_path / "Q.npy"), *options)

    assert codec.spec == told["spec"]
    stored = lp.Codec.load(tmp_path / "c.safetensors")
    assert np.array_equal(codec.encode(X), stored.encode(X))


def test_decode_replaces_what_was_there(at_desk: Path, tmp_path: Path) -> None:
    """An earlier file of the same name gives way to the new one."""
    back = tmp_path / "Y.npy"
    back.write_text("old")

    run("decode", "codes.safetensors", "--out", str(back))

    assert (400, 16) == read_array(back).shape


@pytest.mark.parametrize("suffix", ["npy", "npz", "fvecs", "fbin"])
def test_decode_writes_every_format(suffix: str, at_desk: Path, tmp_path: Path) -> None:
    """The suffix of --out chooses the format."""
    expected = run_json("info", "X.npy")

    run("decode", "codes.safetensors", "--out", str(tmp_path / f"Y.{suffix}"), "--quiet")
    actual = run_json("info", str(tmp_path / f"Y.{suffix}"))

    assert (expected["rows"], expected["dim"]) == (actual["rows"], actual["dim"])


def test_build_and_search_are_those_of_python(at_desk: Path, tmp_path: Path) -> None:
    """An index made by the command line answers as one made in Python."""
    folder = str(tmp_path / "index")
    index = lp.Index("flat | int8 | f32", metric="l2").fit("X.npy").add("X.npy", read_array("ids.npy"))
    expected = index.search("Q.npy", k=4)

    told = run_json(
        "build", "X.npy", "--spec", "flat|int8|f32", "--metric", "l2", "--ids", "ids.npy", "--out", folder
    )
    actual = run_json("search", folder, "Q.npy", "-k", "4")

    assert ("flat | int8 | f32", 400) == (told["spec"], told["rows"])
    assert expected.ids.tolist() == actual["ids"]
    assert np.allclose(expected.scores, actual["scores"])
    assert (False, "l2") == (actual["larger_is_better"], actual["metric"])


def test_search_prints_a_line_a_hit(at_desk: Path) -> None:
    """Tabs between query, rank, id and score; the nearest row of a shifted row is that row."""
    lines = [line.split("\t") for line in run("search", "index", "Q.npy", "-k", "2").splitlines()]

    assert ["query", "rank", "id", "score"] == lines[0]
    assert 5 * 2 == len(lines) - 1
    assert [[str(q), "1", str(q)] for q in range(5)] == [line[:3] for line in lines[1::2]]


def test_search_for_more_rows_than_there_are(at_desk: Path) -> None:
    """Fewer lines in text; in JSON the rest is id -1 and score null."""
    lines = run("search", "index", "Q.npy", "-k", "1000").splitlines()
    hits = run_json("search", "index", "Q.npy", "-k", "1000")

    assert 5 * 400 == len(lines) - 1
    assert [400] * 5 == hits["counts"]
    assert (-1, None) == (hits["ids"][0][400], hits["scores"][0][400])


def test_exact_search_with_few_threads(at_desk: Path) -> None:
    """--exact and --threads change how it is done, not what is found."""
    expected = run_json("search", "index", "Q.npy", "--exact")

    actual = run_json("search", "index", "Q.npy", "--exact", "--threads", "1")

    assert expected == actual
    assert actual["expected_recall"] == 1.0


def test_info_of_each_kind(at_desk: Path) -> None:
    """Vectors, codes and index folders say what they hold."""
    vectors, codes, index = (run_json("info", name) for name in ("X.npy", "codes.safetensors", "index"))

    assert ("npy", 400, 16) == (vectors["format"], vectors["rows"], vectors["dim"])
    assert ("lilliput-codes", "int8", "l2") == (codes["format"], codes["spec"], codes["metric"])
    assert ("lilliput-index", 400) == (index["format"], index["rows"])
    assert sum(part["bytes"] for part in index["parts"]) == index["file_bytes"]
    assert "codes" in run("info", "codes.safetensors")


def test_verify_of_what_is_whole(at_desk: Path) -> None:
    """Codes and an index as they were written: exit code 0."""
    assert run_json("verify", "index")["ok"]
    assert run_json("verify", "codes.safetensors")["ok"]
    assert "is whole" in run("verify", "index")


def test_verify_of_what_is_damaged(at_desk: Path) -> None:
    """A flipped bit: exit code 1, and the file is named."""
    found = run_json("verify", "broken", code=1)

    assert not found["ok"]
    assert {p.name for p in Path("broken").glob("*.safetensors")} == {p["file"] for p in found["problems"]}
    assert "flipped.safetensors" in run("verify", "flipped.safetensors", code=1)


def test_advise_gives_the_plan_of_python(at_desk: Path, tmp_path: Path) -> None:
    """The same plan, as JSON and as a report in a file."""
    expected = lp.advise("X.npy", "Q.npy", budget="24B", metric="l2", seed=1, progress=False)
    report = tmp_path / "report.html"

    actual = run_json(
        "advise", "X.npy", "--queries", "Q.npy", "--budget", "24B", "--metric", "l2", "--seed", "1",
        "--out", str(report),
    )  # fmt: skip

    assert expected.spec == actual["spec"]
    assert actual["bytes_per_vector"] <= 24
    assert json.loads(json.dumps(expected.forecast)) == actual["forecast"]
    assert expected.spec in report.read_text()


def test_advise_explains_itself(at_desk: Path) -> None:
    """Text: the plan, its interval, why, and the others."""
    text = run("advise", "X.npy", "--floor", "recall@10=0.5", "--budget", "0.5", "--quiet")

    assert "recall@10" in text
    assert "the plan" in text
    assert text.count("flat | ") > 3


def test_advise_goes_on_where_it_was(at_desk: Path, tmp_path: Path) -> None:
    """--resume keeps measurements; a second run gives the same plan, clock readings and all."""
    kept = tmp_path / "advice.jsonl"
    wanted = ("advise", "X.npy", "--budget", "24B", "--resume", str(kept), "--diagnose")

    first, again = (run_json(*wanted) for _ in range(2))

    assert first == again
    assert first["diagnosis"]["findings"]


@pytest.mark.parametrize(
    "lines",
    ["0\t3\t1\n1\t7\t2\n", "query row grade\n0 3 1\n\n1 7 2\n", "0 Q0 3 1\n1 Q0 7 2\n"],
    ids=["tabs", "heading", "trec"],
)
def test_judgments_of_each_shape(lines: str, tmp_path: Path) -> None:
    """Three columns, with a heading, or TREC's four: the same judgments."""
    from lilliput.cli.qrels import read_qrels

    path = tmp_path / "qrels.tsv"
    path.write_text(lines)

    assert [{3: 1.0}, {7: 2.0}] == read_qrels(str(path))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("0 3", "line 2"),
        ("0 3 much", "line 2"),
        ("0 1 2 3 4", "line 2"),
        ("-1 3 1", "-1"),
        ("9000000 3 1", "9000000"),
    ],
)
def test_what_is_no_judgment_is_named(line: str, named: str, tmp_path: Path) -> None:
    """The message holds the file, and the number of the line or the id that is no number."""
    from lilliput.cli.qrels import read_qrels

    path = tmp_path / "qrels.tsv"
    path.write_text(f"0 3 1\n{line}\n")

    with pytest.raises(lp.errors.InvalidInput, match=rf"qrels\.tsv.*{named}"):
        read_qrels(str(path))


def test_progress_is_silent_where_nobody_watches(at_desk: Path, tmp_path: Path) -> None:
    """Not a terminal: nothing on stderr."""
    result = CliRunner().invoke(
        app, ["build", "X.npy", "--spec", "flat|bin|f16", "--out", str(tmp_path / "i")]
    )

    assert (0, "") == (result.exit_code, result.stderr)
