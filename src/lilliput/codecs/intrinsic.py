"""How many numbers would be enough to say where a row lies, if rows lie on a curved sheet."""

import numpy as np
from numpy.typing import NDArray

DISCARDED = 0.1  # the widest ratios, which the paper leaves out as they follow the density and not the sheet
FEWEST = 20


def two_nn(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Estimate the dimension from how much farther the second neighbour is than the first.

    Parameters
    ----------
    first, second:
        (m,) each, distances to the nearest and the second nearest other row. Rows whose nearest is at
        distance 0 are left out.

    Returns
    -------
    float
        NaN where fewer than 20 rows are left or no ratio exceeds 1.

    Notes
    -----
    Facco, d'Errico, Rodriguez and Laio, "Estimating the intrinsic dimension of datasets by a minimal
    neighborhood information", Scientific Reports 2017.
    """
    there = first > 0
    ratios = np.sort(np.log(second[there] / first[there]))
    rows = len(ratios)
    if rows < FEWEST:
        return float("nan")
    kept = int(rows * (1 - DISCARDED))
    seen = -np.log1p(-np.arange(1, kept + 1) / rows)
    ratios = ratios[:kept]
    squares = float(ratios @ ratios)
    return float(ratios @ seen) / squares if squares else float("nan")


def local_dimensions(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the dimension around each row from the distances of its neighbours.

    Parameters
    ----------
    distances:
        (m, k), ascending, k at least 3. Rows whose nearest is at distance 0 are left out.

    Returns
    -------
    float64 (<= m,)
        The reciprocal of the mean logarithm of the farthest distance over each nearer one. Their harmonic
        mean is the estimate for the whole set.

    Notes
    -----
    Levina and Bickel, "Maximum likelihood estimation of intrinsic dimension", NIPS 2004; averaged as by
    MacKay and Ghahramani, "Comments on 'Maximum likelihood estimation of intrinsic dimension'", 2005.
    """
    there = distances[distances[:, 0] > 0]
    logs = np.log(there[:, -1:] / there[:, :-1]).sum(axis=1)
    return np.asarray((there.shape[1] - 1) / logs[logs > 0])
