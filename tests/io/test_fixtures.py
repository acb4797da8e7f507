"""Files that released versions wrote open and answer as they did."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fixtures.make import main, vectors
from lilliput.codecs.codec import Codec
from lilliput.index.index import Index
from lilliput.io.container import Container
from lilliput.io.verify import verify

FIXTURES = Path(__file__).parents[1] / "fixtures"
VERSIONS = sorted(path.name for path in FIXTURES.iterdir() if (path / "answers.json").exists())


def test_there_is_a_fixture() -> None:
    """The first version's is kept for ever."""
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_old_files_answer_as_they_did(version: str, tmp_path: Path) -> None:
    """The codec encodes the same bytes, the codes are read, the index finds the same and can be changed."""
    folder = FIXTURES / version
    X, Q = vectors()
    answers = json.loads((folder / "answers.json").read_text())

    codec = Codec.load(folder / "codec.safetensors")
    assert ("pca8,int8", "l2", 3) == (codec.spec, codec.metric, codec.seed)
    assert answers["codes"] == codec.encode(X[:3]).tolist()
    with Container.open(folder / "codes.safetensors", format="lilliput-codes") as container:
        assert answers["codes"] == container.tensor("codes")[:3].tolist()
    assert codec.spec == Codec.load(folder / "codes.safetensors").spec
    for mmap in (True, False):
        with Index.open(folder / "index", mmap=mmap, verify="full") as index:
            hits = index.search(Q, 5, exact=True)
            assert answers["ids"] == hits.ids.tolist()
            assert np.array_equal(np.array(answers["scores"], np.float32), hits.scores)
            assert answers["expected_recall"] == index.search(Q, 5).expected_recall
    index = Index.open(folder / "index", mmap=False).add(Q)
    new = answers["next_id"] + np.arange(len(Q))
    assert np.array_equal((Q @ Q[0]), index.scores(Q[0], new))
    shutil.copytree(folder / "index", tmp_path / "index")
    index.save(tmp_path / "index")
    assert 303 == len(Index.open(tmp_path / "index"))


@pytest.mark.parametrize("version", VERSIONS)
def test_old_files_are_whole(version: str) -> None:
    """`verify` passes each of them."""
    for name in ("codec.safetensors", "codes.safetensors", "index"):
        assert verify(FIXTURES / version / name, progress=False).ok


def test_the_script_writes_what_the_test_reads(tmp_path: Path) -> None:
    """The next version's fixture can be made by the script that made the last."""
    main(tmp_path / "next")

    newest, made = (
        json.loads((folder / "answers.json").read_text())
        for folder in (FIXTURES / VERSIONS[-1], tmp_path / "next")
    )
    for same in (
        "ids",
        "scores",
        "next_id",
        "expected_recall",
    ):  # principal axes differ from machine to machine
        assert newest[same] == made[same]
