"""Whether queries lie where the rows lie."""

import numpy as np

from lilliput.evaluate.diagnostics.finding import Finding, graded, percent
from lilliput.evaluate.diagnostics.neighbours import distances, nearest_others
from lilliput.evaluate.truth import exact_neighbours
from lilliput.io.arrays import FloatArray

ASKED = 1_000
USUAL = 0.9


def findings(X: FloatArray, queries: FloatArray, threads: int | None = None) -> list[Finding]:
    """Say how far queries are from the rows, against how far rows are from each other.

    Parameters
    ----------
    X:
        float32 (n, d). Unit vectors unless the metric is l2.
    queries:
        float32 (m, d), likewise.
    threads:
        As for `exact_neighbours`.
    """
    rows = np.arange(min(ASKED, len(X)))
    asked = queries[:ASKED]
    own = distances(X, X[rows], nearest_others(X, rows, 1, "l2", threads))[:, 0]
    ids = exact_neighbours(X, asked, 1, "l2", threads=threads, progress=False).ids
    away = distances(X, asked, ids)[:, 0]
    far = float((away > np.quantile(own, USUAL)).mean())
    gap = _gap(X, queries)
    times = float(np.median(away) / np.median(own)) if np.median(own) else float("inf")
    ratio = f" (in the median {times:.2f} times as far)" if np.isfinite(times) else ""
    strange, apart = graded(far, 0.3, 0.6), graded(gap, 0.5, 1.0)
    return [
        Finding(
            "query_distance",
            "distance of queries",
            far,
            f"{percent(far)} of the queries are farther from their nearest row than nine of ten rows are "
            f"from theirs{ratio}",
            "Queries lie among the rows: what is measured with rows holds for them."
            if strange == "none"
            else "Queries lie elsewhere than rows: measure with real queries, not with rows in their place.",
            strange,
        ),
        Finding(
            "query_gap",
            "gap between queries and rows",
            gap,
            f"their means are {gap:.2f} of a row's usual distance from the mean apart",
            "Queries and rows share one centre."
            if apart == "none"
            else "Queries crowd on one side: check that both come from one model, with its prefixes.",
            apart,
        ),
    ]


def _gap(X: FloatArray, queries: FloatArray) -> float:
    """Give the distance between the means over the usual distance of a row from its own."""
    middle = X.mean(axis=0, dtype=np.float64)
    usual = float(np.sqrt(np.square(X - middle).sum(axis=1).mean()))
    apart = float(np.linalg.norm(queries.mean(axis=0, dtype=np.float64) - middle))
    return apart / usual if usual else 0.0
