"""Flipped bits and cut files of real codecs and indexes: the same answer or a typed error, nothing else."""

from pathlib import Path

import numpy as np
import pytest

from fuzz.harness import flip_trials
from lilliput.codecs.codec import Codec
from lilliput.index.index import Index
from spellings import codecs

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::lilliput.errors.LilliputWarning"),
]

QUERIES = np.random.default_rng(1).standard_normal((4, 24)).astype(np.float32)


def vectors(n: int) -> np.ndarray:
    """Draw what is stored."""
    return np.random.default_rng(2).standard_normal((n, 24)).astype(np.float32)


def index_answer(folder: Path, mmap: bool) -> bytes:
    """Open, then ask for everything: neighbours by codes and exactly, ranges, scores, recall, bytes."""
    with Index.open(folder, mmap=mmap) as index:
        hits = [
            index.search(QUERIES, 10, recall=0.3, threads=1),
            index.search(QUERIES, 10, exact=True, threads=1),
            index.search(QUERIES, 5, filter=np.arange(0, 9_000, 7), threads=1),
        ]
        ids = hits[0].ids
        parts = [part for one in hits for part in (one.ids, one.scores)]
        parts += [index.scores(QUERIES, ids, threads=1), *index.range_search(QUERIES, 0.4, threads=1)]
        said = (index.spec, index.metric, len(index), index.nbytes, index.calibration)
        return repr((said, [one.expected_recall for one in hits])).encode() + b"".join(
            p.tobytes() for p in parts
        )


def mapped_answer(folder: Path) -> bytes:
    """Ask a mapped index, whose pages are verified as they are met."""
    return index_answer(folder, True)


def loaded_answer(folder: Path) -> bytes:
    """Ask an index in memory."""
    return index_answer(folder, False)


def goes_on_answer(folder: Path) -> bytes:
    """Open an index to change it: add, remove, save, and ask the saved one."""
    index = Index.open(folder, mmap=False)
    index.add(QUERIES).remove(index.search(QUERIES[0], 3, threads=1).ids)
    index.save(folder.with_name("again"))
    return mapped_answer(folder.with_name("again"))


def codec_answer(path: Path) -> bytes:
    """Load a codec, encode, decode and score with it."""
    codec = Codec.load(path)
    codes = codec.encode(QUERIES, threads=1)
    queries, bias = codec.query(QUERIES)
    parts = (codes, codec.decode(codes, threads=1), queries, bias)
    return repr((codec.spec, codec.metric, codec.seed)).encode() + b"".join(p.tobytes() for p in parts)


@pytest.mark.parametrize(
    ("spec", "use", "trials"),
    [
        ("flat | int8 | f16", mapped_answer, 1_000),
        ("flat | bin | f32", mapped_answer, 500),
        ("flat | pca8,int8 | f32", loaded_answer, 500),
        ("flat | f16", goes_on_answer, 200),
    ],
)
def test_indexes_withstand_damage(tmp_path: Path, spec: str, use: object, trials: int) -> None:
    """Damage anywhere in the folder of an index; where a page is never touched, the answer is the same."""
    X = vectors(9_000)
    index = Index(spec, metric="ip").fit(X, queries=QUERIES.repeat(6, axis=0)).add(X)
    index.remove([5]).save(tmp_path / "index")

    outcome = flip_trials(tmp_path / "index", use, trials=trials, seed=len(spec))  # type: ignore[arg-type]

    assert [] == outcome.bad
    assert trials == sum(outcome.counts.values())
    assert outcome.counts["typed error"] > 0.8 * trials


@pytest.mark.parametrize("spec", codecs(24))
def test_codecs_withstand_damage(tmp_path: Path, spec: str) -> None:
    """Damage anywhere in the file of any codec is an error."""
    Codec(spec, seed=4).fit(vectors(500)).save(tmp_path / "codec")

    outcome = flip_trials(tmp_path / "codec", codec_answer, trials=100, seed=5)

    assert [] == outcome.bad
    assert {"typed error": 100} == outcome.counts
