"""What codecs are raced on: vectors with queries, and judgments where people made them."""

import hashlib
import os
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.bench.problems import QUERIES, K, Problem, problems
from lilliput.errors import DatasetMissing
from lilliput.evaluate import load, ndcg_at_k
from lilliput.evaluate.datasets import data_folders
from lilliput.io.arrays import FloatArray

JUDGED = ("vaswani-npl", "cranfield", "cisi")
QUICK_ROWS = 5_000
TOKEN_ROWS = 60_000
TOKENS = "cranfield-tokens"
STATES = "ir/cranfield/minilm_tokens_not_colbert"


@dataclass(frozen=True)
class CodecSet:
    """One set to encode and search.

    Attributes
    ----------
    problem:
        The vectors, the queries and the metric.
    qrels:
        For each query, the grades of judged rows; None where nobody judged.
    """

    problem: Problem
    qrels: list[dict[int, float]] | None = None

    @property
    def name(self) -> str:
        """The name of the set."""
        return self.problem.name

    @property
    def fingerprint(self) -> str:
        """Digits that another set, or another part of this one, does not have."""
        problem = self.problem
        found = hashlib.blake2b(digest_size=16)
        found.update(f"{problem.metric} {problem.k} {problem.base.shape} {problem.queries.shape}".encode())
        found.update(np.ascontiguousarray(problem.base).data)
        found.update(np.ascontiguousarray(problem.queries).data)
        found.update(repr([sorted(judged.items()) for judged in self.qrels or []]).encode())
        return found.hexdigest()

    def batch(self) -> FloatArray:
        """Give as many queries as are timed, those that there are over and over."""
        queries = self.problem.queries
        return np.ascontiguousarray(queries[np.arange(QUERIES) % len(queries)])

    def ndcg(self, found: NDArray[np.int64]) -> float | None:
        """Give the mean nDCG@10 of answers (m, k) where there are judgments."""
        return None if self.qrels is None else float(ndcg_at_k(found, self.qrels, K).mean())


def codec_sets(
    data: str | os.PathLike[str] | None = None, *, quick: bool = False
) -> tuple[list[CodecSet], list[str]]:
    """Gather what to race on.

    Parameters
    ----------
    data:
        A file of vectors, as `problems` takes it; None takes MiniLM passages with real queries, MNIST, three
        judged collections and token states, or a generated set where none of them is at hand.
    quick:
        5,000 rows of sets that nobody judged, and one judged set.

    Returns
    -------
    sets:
        At least one.
    missing:
        A sentence for each set that is not on this machine.

    Raises
    ------
    InvalidInput
        When the file holds too few vectors.
    FileError
        When it cannot be read.
    """
    found, missing = problems(data, quick=quick)
    sets = [
        CodecSet(replace(problem, base=problem.base[:QUICK_ROWS]) if quick else problem) for problem in found
    ]
    if data is not None:
        return sets, missing
    for name in JUDGED[:1] if quick else (*JUDGED, TOKENS):
        try:
            sets.append(_tokens() if name == TOKENS else _judged(name))
        except DatasetMissing as error:
            missing.append(str(error))
    return sets, missing


def _judged(name: str) -> CodecSet:
    found = load(name)
    problem = Problem(name, "cosine", _unit(found.vectors), _unit(found.queries))
    return CodecSet(problem, found.qrels)


def _tokens() -> CodecSet:
    """Give some of the token states of documents, and of queries."""
    looked = [root / STATES for root in data_folders()]
    folder = next((place for place in looked if place.is_dir()), None)
    if folder is None:
        raise DatasetMissing(f"No token states were found at {' and '.join(map(str, looked))}.")
    rng = np.random.default_rng(0)

    def some(name: str, wanted: int) -> FloatArray:
        rows = np.load(folder / f"{name}_vectors_128.f16.npy", mmap_mode="r", allow_pickle=False)
        return _unit(rows[np.sort(rng.choice(len(rows), min(wanted, len(rows)), replace=False))])

    base = some("corpus", TOKEN_ROWS)
    return CodecSet(Problem(TOKENS, "cosine", base, some("queries", QUERIES)))


def _unit(rows: NDArray[np.generic]) -> FloatArray:
    return _core.normalize(np.ascontiguousarray(rows, dtype=np.float32))
