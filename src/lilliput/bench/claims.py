"""`lilliput bench claims`: what papers say of codecs, put to the test on real sets and reported as found."""

import itertools
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.bench.claims_report import markdown
from lilliput.bench.codec_sets import TOKENS, CodecSet, codec_sets
from lilliput.bench.hardware import describe
from lilliput.bench.own_codecs import answers
from lilliput.codecs.registry import StageKind, names, variants
from lilliput.errors import InvalidSpec
from lilliput.evaluate import ndcg_at_k, randomisation_test
from lilliput.progress import ProgressOption, Track
from lilliput.spec import parse_codec

__all__ = ["CLAIMS", "Claim", "markdown", "run"]

K = 10
EXACT = "f32"
SURE = 0.05  # what is less likely than this by chance is taken for a difference
LOSS_LIMIT = 0.003
SEEDS = 5  # of the stages that throw dice, whose queries are averaged over them
RANDOM = ("jl",)
SPELT = ("f8", "int8", "whiten")  # stages that are tested in every spelling
STORAGE = (
    "“Optimization of embeddings storage for RAG systems using quantization and dimensionality reduction "
    "techniques”"
)
Kind = Literal["loses less than the limit", "is better"]


@dataclass(frozen=True)
class Claim:
    """One sentence that can be wrong.

    Attributes
    ----------
    text:
        The sentence.
    source:
        Who says so, or "" for a question that is asked here.
    kind:
        Whether the first codec loses less than 0.3 % against floats, or is better than the second.
    first, second:
        Codecs; {half} and {quarter} stand for parts of the dimensions, and {f8}, {int8}, {whiten} for each
        spelling of those stages.
    """

    text: str
    source: str
    kind: Kind
    first: str
    second: str = EXACT


CLAIMS = (
    Claim("f8 loses less than 0.3 % of nDCG@10", STORAGE, "loses less than the limit", "{f8}"),
    Claim("f8 loses less than int8 of the same size", STORAGE, "is better", "f8", "{int8}"),
    Claim(
        "PCA to half, then f8 (8× smaller), loses less than int8 alone (4×)",
        STORAGE,
        "is better",
        "pca{half},f8",
        "{int8}",
    ),
    Claim(
        "PCA to a quarter keeps more than the first quarter of the dimensions",
        "",
        "is better",
        "pca{quarter},f32",
        "mrl{quarter},f32",
    ),
    Claim("PCA to half keeps more than JL to half", STORAGE, "is better", "pca{half},f32", "jl{half},f32"),
    Claim(
        "PCA to a quarter keeps more than JL to a quarter",
        STORAGE,
        "is better",
        "pca{quarter},f32",
        "jl{quarter},f32",
    ),
    Claim("PCA to half keeps more than FFT to half", "", "is better", "pca{half},f32", "fft{half},f32"),
    Claim(
        "PCA to a quarter keeps more than FFT to a quarter",
        "",
        "is better",
        "pca{quarter},f32",
        "fft{quarter},f32",
    ),
    Claim("Whitening improves floats", "", "is better", "{whiten},f32", "f32"),
    Claim("Whitening improves int8", "", "is better", "{whiten},int8", "int8"),
    Claim("Whitening improves bits", "", "is better", "{whiten},bin", "bin"),
)


class Quality:
    """What each codec keeps of a set, query by query; each is measured once.

    Judged sets are measured by nDCG@10, others by recall@10 against the exact neighbours.
    """

    def __init__(self, found: CodecSet, threads: int) -> None:
        self._set = found
        self._threads = threads
        self._truth = found.problem.truth()
        self._known: dict[str, NDArray[np.float64]] = {}
        self.measure = "recall@10" if found.qrels is None else "nDCG@10"

    def of(self, spec: str) -> NDArray[np.float64]:
        """Give the quality of each query (m,)."""
        if spec not in self._known:
            stages = [stage.name for stage in parse_codec(spec, names()).stages]
            seeds = SEEDS if set(stages) & set(RANDOM) else 1
            self._known[spec] = np.mean([self._once(spec, seed) for seed in range(seeds)], axis=0)
        return self._known[spec]

    def _once(self, spec: str, seed: int) -> NDArray[np.float64]:
        problem, qrels = self._set.problem, self._set.qrels
        found = answers(spec, problem, seed=seed, threads=self._threads)
        return problem.recalls(found, self._truth) if qrels is None else ndcg_at_k(found, qrels, K)


def run(
    *,
    sets: Sequence[CodecSet] | None = None,
    claims: Sequence[Claim] = CLAIMS,
    out: str | os.PathLike[str] | None = None,
    progress: ProgressOption = None,
) -> dict[str, Any]:
    """Put every claim to the test on every set.

    Parameters
    ----------
    sets:
        None takes MiniLM passages, MNIST and three judged collections.
    claims:
        The sentences.
    out:
        A folder for ``claims.json`` and ``claims.md``.
    progress:
        None, False or a callable told ``(comparisons done, all)``.

    Returns
    -------
    dict
        What the JSON file holds: under "claims" a row for each claim, pair of codecs and set.

    Raises
    ------
    FileError
        When a set cannot be read.
    Cancelled
        When the callable returned False.
    """
    started = time.monotonic()
    missing: list[str] = []
    if sets is None:
        every, missing = codec_sets()
        sets = [found for found in every if found.name != TOKENS]
    pairs = [(found, list(_pairs(claims, found.problem.base.shape[1]))) for found in sets]
    threads = _core.default_threads()
    rows: list[dict[str, Any]] = []
    with Track(progress, sum(len(some) for _, some in pairs), "testing claims") as step:
        for found, some in pairs:
            quality = Quality(found, threads)
            for claim, first, second in some:
                rows.append(_tested(claim, first, second, found, quality))
                step(len(rows))
    order = [claim.text for claim in claims]
    rows.sort(key=lambda row: order.index(row["claim"]))
    result = {
        "benchmark": "claims",
        "hardware": describe(),
        "peers": {},
        "missing": missing,
        "sources": {claim.text: claim.source for claim in claims},
        "claims": rows,
        "seconds": time.monotonic() - started,
    }
    if out is not None:
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "claims.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
        (folder / "claims.md").write_text(markdown(result))
    return result


def _pairs(claims: Sequence[Claim], dim: int) -> Iterator[tuple[Claim, str, str]]:
    """Spell both codecs of each claim for vectors of so many numbers."""
    parts = {"half": dim // 2, "quarter": dim // 4}
    spelt: dict[str, Sequence[str]] = {name: (name,) for name in SPELT}
    spelt |= {
        name: spellings
        for kind in get_args(StageKind)
        for name, spellings in variants(kind, dim).items()
        if name in SPELT
    }
    for claim in claims:
        asked = [name for name in SPELT if f"{{{name}}}" in claim.first + claim.second]
        for chosen in itertools.product(*(spelt[name] for name in asked)):
            words = parts | dict(zip(asked, chosen, strict=True))
            yield claim, claim.first.format(**words), claim.second.format(**words)


def _tested(claim: Claim, first: str, second: str, found: CodecSet, quality: Quality) -> dict[str, Any]:
    row: dict[str, Any] = {
        "claim": claim.text,
        "set": found.name,
        "measure": quality.measure,
        "queries": len(found.problem.queries),
        "first": first,
        "second": second,
    }
    absent = sorted(set(_absent(first)) | set(_absent(second)))
    if absent:
        return row | {"verdict": "not tested", "why": f"there is no stage for {' and '.join(absent)}"}
    one, two, exact = (quality.of(spec) for spec in (first, second, EXACT))
    compared = randomisation_test(one, two)
    row |= {
        "first_mean": float(one.mean()),
        "second_mean": float(two.mean()),
        "exact_mean": float(exact.mean()),
        "difference": compared.difference,
        "low": compared.low,
        "high": compared.high,
        "p_value": compared.p_value,
    }
    # Papers judge by what people want; of neighbours that nobody judged, more is lost than of that.
    about = "" if found.qrels is not None else " (recall)"
    if claim.kind == "is better":
        return row | {"verdict": _better(compared.difference, compared.p_value) + about}
    loss, least, most = (
        -value / float(exact.mean()) for value in (compared.difference, compared.high, compared.low)
    )
    return row | {
        "loss": loss,
        "loss_low": least,
        "loss_high": most,
        "verdict": _below(loss, least, most) + about,
    }


def _absent(spec: str) -> list[str]:
    """Name the stages of a spec that are not registered."""
    absent = []
    for stage in re.split(r",(?![^(]*\))", spec):
        try:
            parse_codec(stage, names())
        except InvalidSpec:
            absent.append(stage)
    return absent


def _better(difference: float, p_value: float) -> str:
    """Say whether a difference is one.

    >>> _better(0.1, 0.01), _better(-0.1, 0.01), _better(0.1, 0.5)
    ('holds', 'the other way round', 'no difference shown')
    """
    if p_value >= SURE:
        return "no difference shown"
    return "holds" if difference > 0 else "the other way round"


def _below(loss: float, low: float, high: float) -> str:
    """Say whether a loss is below the limit, by its interval first.

    >>> _below(0.001, 0.0, 0.002), _below(0.01, 0.008, 0.02), _below(0.001, -0.01, 0.01)
    ('holds', 'does not hold', 'holds here, too few queries to be sure')
    """
    if high < LOSS_LIMIT:
        return "holds"
    if low >= LOSS_LIMIT:
        return "does not hold"
    return f"{'holds' if loss < LOSS_LIMIT else 'does not hold'} here, too few queries to be sure"
