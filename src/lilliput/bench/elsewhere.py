"""Directions for queries that come from elsewhere: what LeanVec keeps, and PCA does not.

Questions of some collections, or sentences that name a liking (LIMIT), are searched for among passages of
others. Half of the queries are learnt from, the other half are searched for and count; nothing is re-ranked.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lilliput import _core
from lilliput.bench.problems import K, Problem
from lilliput.bench.report import table
from lilliput.codecs.codec import Codec
from lilliput.evaluate.datasets import load
from lilliput.evaluate.significance import randomisation_test
from lilliput.io.arrays import FloatArray
from lilliput.io.source import as_matrix
from lilliput.progress import ProgressOption, Track

SIZES = ((8, "f32"), (4, "f32"), (2, "f32"), (2, "int8"), (2, "rabitq4"))  # what part is kept, and how
STAGES = ("pca{}", "leanvec{}(method=id)", "leanvec{}(method=es)", "leanvec{}(method=fw)", "leanvec{}")

Result = dict[str, Any]


class Elsewhere(NamedTuple):
    """Rows to search, queries to learn from, and queries that count."""

    problem: Problem
    learning: FloatArray


def sets(metric: str = "cosine", seed: int = 0) -> list[Elsewhere]:
    """Pair collections with the queries of others.

    Raises
    ------
    DatasetMissing
        When one is not at hand.
    """
    asked = {name: _unit(load(name).queries) for name in ("vaswani-npl", "cranfield", "cisi", "limit-small")}
    rows = {name: _unit(load(name).vectors) for name in ("vaswani-npl", "minilm-passages", "cranfield")}
    pairs = (
        ("minilm-passages", ("limit-small",)),
        ("minilm-passages", ("vaswani-npl", "cranfield", "cisi")),
        ("vaswani-npl", ("limit-small",)),
        ("vaswani-npl", ("cranfield", "cisi")),
        ("cranfield", ("vaswani-npl", "cisi")),
    )
    return [
        split(
            f"{base}, queries of {' and '.join(others)}", metric, rows[base], [asked[o] for o in others], seed
        )
        for base, others in pairs
    ]


def split(
    name: str, metric: Any, rows: FloatArray, queries: Sequence[FloatArray], seed: int = 0
) -> Elsewhere:
    """Take every second query, in an order drawn by chance, to learn from."""
    joined = np.concatenate(queries)
    order = np.random.default_rng(seed).permutation(len(joined))
    learning, counting = (np.ascontiguousarray(joined[np.sort(order[start::2])]) for start in (0, 1))
    return Elsewhere(Problem(name, metric, rows, counting), learning)


def run(
    found: Sequence[Elsewhere], *, threads: int | None = None, progress: ProgressOption = None
) -> list[Result]:
    """Measure every codec on every set.

    Parameters
    ----------
    found:
        As `sets` or `split` gives them.
    threads:
        None takes every core that this process may use.
    progress:
        None, False or a callable.

    Returns
    -------
    list of dict
        For each: "set", "queries" that count, "learnt" from, "codec", "recall@10", and against `pca` of as
        many dimensions "gain", "low", "high" and "p_value" of a paired randomisation test.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows, asked = rng.standard_normal((2, 500, 16), dtype=np.float32)
    >>> rows, asked = rows * np.linspace(2, 1, 16, dtype=np.float32), asked * np.geomspace(0.1, 9, 16)
    >>> results = run([split("toy", "ip", rows, [asked.astype(np.float32)])], progress=False)
    >>> results[12]["codec"], results[12]["gain"] > 0.1
    ('leanvec8(method=es),f32', True)
    """
    specs = [(part, tail, head) for part, tail in SIZES for head in STAGES]

    def measured() -> Iterator[Result]:
        for one in found:
            truth, dim = one.problem.truth(), one.problem.base.shape[1]
            for part, tail, head in specs:
                spec = f"{head.format(dim // part)},{tail}"
                codec = Codec(spec, metric=one.problem.metric).fit(
                    one.problem.base, queries=one.learning, progress=False
                )
                codes = codec.view(codec.encode_rows(one.problem.base, threads=threads or 0))
                ids = _core.top_k(codes, *codec.query(one.problem.queries), K, threads=threads or 0)[0]
                recalls = one.problem.recalls(ids, truth)
                if head == STAGES[0]:
                    plain = recalls
                compared = randomisation_test(recalls, plain)
                yield {
                    "set": one.problem.name,
                    "queries": len(recalls),
                    "learnt": len(one.learning),
                    "codec": spec,
                    "recall@10": float(recalls.mean()),
                    "gain": compared.difference,
                    "low": compared.low,
                    "high": compared.high,
                    "p_value": compared.p_value,
                }

    results = []
    with Track(progress, len(found) * len(specs), "measuring") as step:
        for result in measured():
            results.append(result)
            step(len(results))
    return results


def markdown(results: Sequence[Result]) -> str:
    """Give a table for each set: a line a size and quantiser, a column a way to find directions."""
    parts = []
    for name in dict.fromkeys(result["set"] for result in results):
        mine = [result for result in results if result["set"] == name]
        parts.append(f"## {name}\n\n{mine[0]['learnt']} queries are learnt from, {mine[0]['queries']} count.")
        lines = []
        for start in range(0, len(mine), len(STAGES)):
            row = mine[start : start + len(STAGES)]
            size = row[0]["codec"].removeprefix("pca").replace(",", ", ")
            lines.append((size, *(_cell(result, row[0]) for result in row)))
        parts.append(table(("kept", "pca", "id", "es", "fw", "chosen"), lines))
    return "\n\n".join(parts) + "\n"


def _cell(result: Result, plain: Result) -> str:
    """Write a recall, with its gain over PCA where that is no chance."""
    text = f"{result['recall@10']:.4f}"
    if result is plain or result["p_value"] >= 0.05:
        return text
    return f"{text} ({result['gain']:+.3f})"


def _unit(rows: Any) -> FloatArray:
    return _core.normalize(np.ascontiguousarray(as_matrix(rows)))


if __name__ == "__main__":
    for metric in sys.argv[1:] or ("cosine", "l2"):
        sys.stdout.write(f"# {metric}\n\n{markdown(run(sets(metric)))}\n")
