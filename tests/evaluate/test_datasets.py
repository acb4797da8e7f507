"""The generated set against its description, and the readers on sets made here and on the real ones."""

import gzip
import importlib.util
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from lilliput.errors import CorruptFile, DatasetMissing, InvalidInput
from lilliput.evaluate import clustered, exact_neighbours, load, ndcg_at_k
from lilliput.evaluate.datasets import data_folders
from lilliput.evaluate.idx import read_idx


def shared(below: str) -> Path:
    """Where shared data lies; the test is skipped where it does not."""
    for folder in data_folders():
        if (folder / below).exists():
            return folder / below
    pytest.skip(f"{below} is not among the shared data of this machine")


def make_judged_set(root: Path) -> None:
    """Write a set of three passages and two questions, of which one has a relevant passage."""
    folder = root / "ir" / "cranfield"
    folder.mkdir(parents=True)
    corpus = [{"_id": name, "title": "T", "text": name} for name in "abc"]
    asked = [{"_id": "q1", "text": "none"}, {"_id": "q2", "text": "some"}]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t0\nq2\tc\t2\nq2\ta\t0\n")
    np.save(folder / "minilm_corpus.f32.npy", np.eye(3, 4, dtype=np.float32))
    np.save(folder / "minilm_queries.f32.npy", np.eye(2, 4, dtype=np.float32))


def idx_bytes(array: np.ndarray) -> bytes:
    """The idx form of a uint8 array."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.mark.parametrize("sizes", [(3_000, 16, 50, 40), (1, 1, 1, 1)])
@pytest.mark.parametrize("seed", [0, 4])
def test_clustered_equals_its_description(seed: int, sizes: tuple[int, int, int, int]) -> None:
    """Bit for bit what the shared script gives."""
    spec = importlib.util.spec_from_file_location("described", shared("clustered.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    base, queries = module.clustered(seed, *sizes)

    actual = clustered(seed, *sizes)

    np.testing.assert_array_equal(base, actual.vectors)
    np.testing.assert_array_equal(queries, actual.queries)


def test_clustered_depends_on_its_seed_alone() -> None:
    """Equal seeds, equal arrays; the name says the seed."""
    first, again, other = (clustered(seed, 200, 8, 5, 10) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert not np.array_equal(first.vectors, other.vectors)
    assert ("clustered-1", "l2", (200, 8), (10, 8)) == (
        first.name,
        first.metric,
        first.vectors.shape,
        first.queries.shape,
    )


def test_clustered_refuses_sizes_below_one() -> None:
    """The sentence repeats the sizes."""
    with pytest.raises(InvalidInput, match="d=0"):
        clustered(0, 10, 0)


def test_judged_set_keeps_questions_that_have_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids become row numbers, and questions without a relevant passage go, with their vectors."""
    make_judged_set(tmp_path)
    monkeypatch.setenv("LILLIPUT_DATA", str(tmp_path))

    actual = load("cranfield")

    assert [{2: 2.0, 0: 0.0}] == actual.qrels
    assert ["some"] == actual.query_texts
    assert ["T a", "T b", "T c"] == actual.texts
    np.testing.assert_array_equal([[0, 1, 0, 0]], actual.queries)


@pytest.mark.parametrize("name", ["cranfield", "minilm-passages", "mnist-784"])
def test_a_missing_set_says_where_it_was_looked_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message holds the folder, and is an OSError."""
    monkeypatch.setenv("LILLIPUT_DATA", str(tmp_path))

    with pytest.raises(DatasetMissing, match=str(tmp_path)) as caught:
        load(name)

    assert isinstance(caught.value, OSError)


def test_the_working_folder_has_data_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without LILLIPUT_DATA, shared/data beside the working folder is looked in."""
    monkeypatch.delenv("LILLIPUT_DATA", raising=False)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")

    assert tmp_path / "shared" / "data" in data_folders()


def test_an_unknown_name_lists_the_known() -> None:
    """So that nobody has to guess."""
    with pytest.raises(InvalidInput, match="mnist-784"):
        load("mnist")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("minilm_corpus.f32.npy", b"no array"),
        ("minilm_corpus.f32.npy", b""),
        ("corpus.jsonl", b"{no json"),
        ("corpus.jsonl", b'{"_id": "a", "text": "only one"}'),
        ("qrels.tsv", b"header\nq2\tc"),
        ("qrels.tsv", b"header\nq2\tz\t1"),
        ("queries.jsonl", b'{"text": "no id"}'),
        ("corpus.jsonl", b"\xff\xfe"),
    ],
)
def test_a_damaged_set_is_called_corrupt(
    file: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not what its name says is named in the message."""
    make_judged_set(tmp_path)
    (tmp_path / "ir" / "cranfield" / file).write_bytes(content)
    monkeypatch.setenv("LILLIPUT_DATA", str(tmp_path))

    with pytest.raises(CorruptFile, match="cranfield"):
        load("cranfield")


def test_idx_files_come_back(tmp_path: Path) -> None:
    """What was written is read."""
    expected = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx_bytes(expected), mtime=0))

    np.testing.assert_array_equal(expected, read_idx(tmp_path / "a.gz"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip at all",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"\0\0\x0d\x01\0\0\0\x01aaaa", mtime=0),
        gzip.compress(b"\0\0\x08\x02\0\0\0\x01", mtime=0),
        gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcd", mtime=0),
        gzip.compress(b"\0\0\x08\x01\0\0\0\x03abcd", mtime=0),
        gzip.compress(b"\0\0\x08\x04" + b"\xff" * 16, mtime=0),
        gzip.compress(b"\0\0\x08\x01\0\0\0\x04abcd", mtime=0)[:-9],
        b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff\xff",
    ],
)
def test_damaged_idx_files_are_called_corrupt(content: bytes, tmp_path: Path) -> None:
    """Neither a crash nor a large allocation, whatever the header promises."""
    (tmp_path / "a.gz").write_bytes(content)

    with pytest.raises(CorruptFile, match=r"a\.gz"):
        read_idx(tmp_path / "a.gz")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cranfield", 0.3755), ("cisi", 0.4245), ("vaswani-npl", 0.4378), ("limit-small", 0.3136)],
)
def test_real_sets_give_the_quality_their_makers_measured(name: str, expected: float) -> None:
    """Exact search with the stored vectors gives the nDCG@10 of the README."""
    shared("ir")
    data = load(name)
    assert data.qrels is not None

    run = exact_neighbours(data.vectors, data.queries, 10, "cosine", progress=False)

    assert pytest.approx(expected, abs=5e-5) == ndcg_at_k(run.ids, data.qrels, 10).mean()


def test_mnist_has_the_neighbours_its_makers_computed() -> None:
    """The images, read and searched, give the stored truth of the first queries."""
    shared("vectors/mnist-784")
    data = load("mnist-784")
    assert data.truth is not None

    run = exact_neighbours(data.vectors, data.queries[:20], 100, "l2", progress=False)

    np.testing.assert_array_equal(data.truth[:20], run.ids)
    assert ((60_000, 784), (10_000, 784), (60_000,)) == (
        data.vectors.shape,
        data.queries.shape,
        data.attributes["label"].shape,
    )


def test_minilm_passages_have_attributes() -> None:
    """A column entry for each vector."""
    shared("vectors/minilm-passages")
    data = load("minilm-passages")

    assert ((57_857, 384), (430, 384)) == (data.vectors.shape, data.queries.shape)
    assert {57_857} == {len(column) for column in data.attributes.values()}
    assert data.texts is not None
    assert 57_857 == len(data.texts)
