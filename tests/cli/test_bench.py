"""`lilliput bench`: the estimate comes first, the page on stdout, the files in the folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lilliput.bench import claims, codecs
from lilliput.bench.codec_race import Pace
from lilliput.cli.bench import command


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small file, no peers, a cache of its own, and no time to lose."""
    monkeypatch.setenv("LILLIPUT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(codecs, "codec_peers", lambda: {"absent": None})
    monkeypatch.setattr(codecs, "QUICK", Pace(share=0, least=1, call_seconds=0.01))
    path = tmp_path / "X.npy"
    np.save(path, np.random.default_rng(0).standard_normal((500, 16)).astype(np.float32))
    return path


def test_codecs_are_raced_from_the_command_line(vectors: Path, tmp_path: Path) -> None:
    """The page on stdout is the one in the folder but for the plots; the estimate goes to stderr."""
    done = CliRunner().invoke(
        command, ["codecs", "--quick", "--quiet", "--data", str(vectors), "--out", str(tmp_path / "out")]
    )

    assert 0 == done.exit_code, done.output
    assert done.stderr.startswith("This takes about a minute on two cores.")
    assert "# Codecs without re-ranking, quick look" in done.stdout
    assert {"bench-bits.md", "bench-codecs.json", "bench-codecs.md", "bench-codecs-X.npy.svg"} == {
        path.name for path in (tmp_path / "out").iterdir()
    }


def test_codecs_as_json(vectors: Path) -> None:
    """One object."""
    done = CliRunner().invoke(
        command, ["codecs", "--quick", "--quiet", "--data", str(vectors), "--threads", "1", "--json"]
    )

    assert [1] == json.loads(done.stdout)["threads"]


def test_claims_from_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Prints what `run` reports."""
    monkeypatch.setattr(claims, "codec_sets", lambda: ([], ["There is no set."]))

    done = CliRunner().invoke(command, ["claims", "--quiet", "--out", str(tmp_path)])

    assert 0 == done.exit_code, done.output
    assert "Not tested: There is no set." in done.stdout
    assert (tmp_path / "claims.md").is_file()


@pytest.mark.parametrize("name", ["flat", "codecs", "claims"])
def test_help_ends_with_an_example(name: str) -> None:
    """To be pasted."""
    done = CliRunner().invoke(command, [name, "--help"])

    assert f"lilliput bench {name}" in done.stdout.splitlines()[-1]
