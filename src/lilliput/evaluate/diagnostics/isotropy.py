"""Whether vectors point everywhere or crowd around one direction."""

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.base import Metric
from lilliput.evaluate.diagnostics.finding import Finding, graded
from lilliput.evaluate.diagnostics.spectrum import MOST_DIRECTIONS
from lilliput.io.arrays import FloatArray


def mean_cosine(units: FloatArray) -> float:
    """Give the mean cosine between two different rows of unit length, over all pairs.

    Examples
    --------
    >>> mean_cosine(np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32))
    0.3333333333333333
    """
    rows = len(units)
    total = units.sum(axis=0, dtype=np.float64)
    own = float(np.square(units, dtype=np.float64).sum())
    return (float(total @ total) - own) / (rows * (rows - 1))


def partition_isotropy(units: FloatArray) -> float:
    """Compare the partition function along the principal directions, each both ways: 1 is a perfect ball.

    Parameters
    ----------
    units:
        float32 (n, d), rows of unit length; the first 2,048 where there are more dimensions than that.

    Returns
    -------
    float
        The least over the greatest sum of exp(<c, x>), between exp(-2) and 1.

    Notes
    -----
    Mu and Viswanath, "All-but-the-top: simple and effective postprocessing for word representations", ICLR
    2018. Each direction is taken with both signs, as the sign of an eigenvector is arbitrary.
    """
    kept = units if units.shape[1] <= MOST_DIRECTIONS else units[:MOST_DIRECTIONS]
    along = kept @ _directions(kept)
    sums = np.concatenate([np.exp(along).mean(axis=0), np.exp(-along).mean(axis=0)])
    return float(sums.min() / sums.max())


def _directions(units: FloatArray) -> FloatArray:
    """Give the eigenvectors of the second moments, (d, min(n, d))."""
    rows, dim = units.shape
    if rows >= dim:
        moments = units.T.astype(np.float64) @ units
        return np.asarray(np.linalg.eigh(moments)[1], dtype=np.float32)
    _, vectors = np.linalg.eigh(units.astype(np.float64) @ units.T)
    directions = units.T @ vectors
    lengths: NDArray[np.float64] = np.linalg.norm(directions, axis=0)
    there = lengths > 1e-6
    return np.asarray(directions[:, there] / lengths[there], dtype=np.float32)


def findings(units: FloatArray, metric: Metric) -> list[Finding]:
    """Say how far directions crowd together; rows that are zero must be left out before."""
    if len(units) < 2:
        return []
    cosine, isotropy = mean_cosine(units), partition_isotropy(units)
    crowded = graded(abs(cosine), 0.15, 0.4 if metric != "l2" else np.inf)
    uneven = isotropy < 0.5
    return [
        Finding(
            "mean_cosine",
            "average cosine",
            cosine,
            f"{round(cosine, 3) + 0.0:.3f} between two random rows",
            "Rows point all ways, as they should."
            if crowded == "none"
            else "Rows share a direction: l2 does not see it, cosine and ip would."
            if metric == "l2"
            else "Rows share a direction that tells nothing apart: pca and whiten take the mean away.",
            crowded,
        ),
        Finding(
            "isotropy",
            "isotropy",
            isotropy,
            f"{isotropy:.3f} of 1",
            "Some directions are used far more than others: whiten evens them out, where scores may change."
            if uneven
            else "Directions are used alike: there is nothing to even out.",
            "note" if uneven else "none",
        ),
    ]
