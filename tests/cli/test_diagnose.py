"""`lilliput diagnose` says what `lp.diagnose` says."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import lilliput as lp
from lilliput.cli.app import app


def run(*arguments: str, code: int = 0) -> str:
    """Run the verb and give what it printed."""
    result = CliRunner().invoke(app, ["diagnose", *arguments, "--quiet"])
    assert code == result.exit_code, result.output
    return result.stdout if code == 0 else result.stderr


def test_it_prints_the_page_of_python(at_desk: Path) -> None:
    """The same text, and the same figures as JSON."""
    expected = lp.diagnose("X.npy", queries="Q.npy", metric="l2", seed=3, progress=False)
    asked = ("X.npy", "--queries", "Q.npy", "--metric", "l2", "--seed", "3")

    assert str(expected) == run(*asked).rstrip("\n")
    assert expected.to_dict() == json.loads(run(*asked, "--json"))


@pytest.mark.parametrize("suffix", ["md", "txt", "json", "html"])
def test_out_writes_the_page(suffix: str, at_desk: Path, tmp_path: Path) -> None:
    """Each form holds every finding."""
    names = [finding.name for finding in lp.diagnose("X.npy", progress=False).findings]

    run("X.npy", "--out", str(tmp_path / f"page.{suffix}"))
    text = (tmp_path / f"page.{suffix}").read_text()

    assert [] == [name for name in names if name not in text]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("missing.npy",), "missing.npy could not be read: it does not exist"),
        (("nan.npy",), "row 17"),
        (("empty.npy",), "has 0 rows"),
        (("X.npy", "--metric", "hamming"), "'hamming'"),
        (("X.npy", "--queries", "narrow.npy"), "8 dimensions"),
        (("X.npy", "--sample", "0"), "sample=0"),
        (("X.npy", "--out", "page.pdf"), "'.pdf'"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments: tuple[str, ...], part: str, at_desk: Path) -> None:
    """Exit code 2 and one line that says what came."""
    sentence = run(*arguments, code=2)

    assert part in sentence
    assert 1 == sentence.count("\n")
