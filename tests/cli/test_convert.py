"""`lilliput convert` does what `write_vectors(out, open_vectors(in))` does."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from lilliput.cli.app import app
from lilliput.io.open import read_array

SUFFIXES = [
    "npy",
    "npz",
    "fvecs",
    "fbin",
    "parquet",
    "arrow",
    "feather",
    "arrows",
    "h5",
    "safetensors",
    "jsonl",
]


def run(*arguments: str) -> Any:
    """Run the verb and give what came."""
    return CliRunner().invoke(app, ["convert", *arguments])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_there_and_back_again(suffix: str, at_desk: Path, tmp_path: Path) -> None:
    """Float32 goes through every format unchanged; info tells what is there."""
    there, back = str(tmp_path / f"Y.{suffix}"), str(tmp_path / "back.npy")

    first = run("X.npy", there, "--json")
    second = run(there, back)
    told = CliRunner().invoke(app, ["info", there, "--json"])

    assert (0, 0, 0) == (first.exit_code, second.exit_code, told.exit_code), first.output + second.output
    report = json.loads(first.stdout)
    assert (400, 16, "f32", there) == (report["rows"], report["dim"], report["dtype"], report["file"])
    assert Path(there).stat().st_size == report["file_bytes"]
    assert "rows" in second.stdout
    np.testing.assert_array_equal(read_array("X.npy"), read_array(back))
    if suffix != "safetensors":
        assert (400, 16) == (json.loads(told.stdout)["rows"], json.loads(told.stdout)["dim"])


def test_a_folder_is_a_data_set(at_desk: Path, tmp_path: Path) -> None:
    """An OUT that ends in a slash; it goes in again as IN."""
    assert 0 == run("X.npy", f"{tmp_path}/docs/", "--name", "emb", "--dtype", "f16").exit_code

    assert 0 == run(f"{tmp_path}/docs::emb", str(tmp_path / "Y.npy")).exit_code
    assert 0 == CliRunner().invoke(app, ["info", str(tmp_path / "docs")]).exit_code
    np.testing.assert_array_equal(read_array("X.npy").astype("f2"), read_array(tmp_path / "Y.npy"))


def test_options_choose_the_part_the_name_and_the_form(at_desk: Path, tmp_path: Path) -> None:
    """--column, --name and --base64."""
    np.savez(tmp_path / "two.npz", a=np.eye(3, dtype="f4"), b=np.ones((2, 4), "f4"))

    result = run(
        str(tmp_path / "two.npz"), str(tmp_path / "Y.jsonl"), "--column", "b", "--name", "emb", "--base64"
    )

    assert 0 == result.exit_code, result.output
    assert {"emb": "AACAPwAAgD8AAIA/AACAPw=="} == json.loads(
        (tmp_path / "Y.jsonl").read_text().splitlines()[0]
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["X.npy", "Y.fvecs", "--dtype", "f16"], ".fvecs cannot hold f16"),
        (["X.npy", "Y.npy", "--dtype", "f8"], "dtype is 'f8'; it is one of f16"),
        (["X.npy", "Y.u8bin"], "is not whole numbers from 0 to 255"),
        (["X.npy", "Y.xyz"], "no suffix of a format"),
        (["X.npy", "Y.npy", "--base64"], "no .jsonl"),
        (["X.npy", "Y.npy", "--name", "v"], "without a name"),
        (["X.npy", "Y.npy", "--column", "v"], "without a name"),
        (["nan.npy", "Y.parquet"], "NaN in row 17"),
        (["cut.npy", "Y.parquet"], "which is not the"),
        (["missing.parquet", "Y.npy"], "does not exist"),
        (["plain", "Y.npy"], "is a folder"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], says: str, at_desk: Path) -> None:
    """Exit code 2, and nothing is left behind."""
    result = run(*arguments)

    assert (2, "") == (result.exit_code, result.stdout)
    assert says in result.stderr
    assert 1 == result.stderr.count("\n")
    assert not [path for path in at_desk.iterdir() if path.name.startswith("Y")]
