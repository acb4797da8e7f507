"""How variance is spread over directions."""

import numpy as np
from numpy.typing import NDArray

from lilliput.evaluate.diagnostics.finding import Finding, percent
from lilliput.io.arrays import FloatArray

MOST_DIRECTIONS = 2_048
BLOCK_ROWS = 2_048


def principal_variances(X: FloatArray) -> NDArray[np.float64]:
    """Give the variance along each principal direction, the largest first.

    Parameters
    ----------
    X:
        float32 (n, d). Above 2,048 dimensions only the first 2,048 rows are looked at, which have no more
        directions than that.

    Returns
    -------
    float64 (min(n, d),)

    Examples
    --------
    >>> principal_variances(np.array([[3, 0], [-3, 0], [0, 1], [0, -1]], dtype=np.float32)).tolist()
    [4.5, 0.5]
    """
    rows, dim = X.shape
    mean = X.mean(axis=0, dtype=np.float64)
    if dim > min(rows, MOST_DIRECTIONS):
        kept = X[:MOST_DIRECTIONS].astype(np.float64)
        kept -= kept.mean(axis=0)
        matrix, rows = kept @ kept.T, len(kept)
    else:
        matrix = np.zeros((dim, dim))
        for start in range(0, rows, BLOCK_ROWS):
            block = X[start : start + BLOCK_ROWS] - mean
            matrix += block.T @ block
    return np.asarray(np.maximum(np.linalg.eigvalsh(matrix)[::-1] / rows, 0.0))


def effective_rank(variances: NDArray[np.float64]) -> float:
    """Count directions by the entropy of their singular values: d for a ball, 1 for a line, 0 for a point.

    Notes
    -----
    Roy and Vetterli, "The effective rank: a measure of effective dimensionality", EUSIPCO 2007.

    Examples
    --------
    >>> round(effective_rank(np.array([4.0, 4.0, 4.0, 0.0])), 6)
    3.0
    """
    values = np.sqrt(variances)
    if not values.sum():
        return 0.0
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def participation_ratio(variances: NDArray[np.float64]) -> float:
    """Count directions by how evenly they share the variance: the squared sum over the sum of squares.

    Notes
    -----
    Bell and Dean, "Atomic vibrations in vitreous silica", Discussions of the Faraday Society 1970.

    Examples
    --------
    >>> participation_ratio(np.array([4.0, 4.0, 0.0]))
    2.0
    """
    squares = float((variances**2).sum())
    return float(variances.sum()) ** 2 / squares if squares else 0.0


def cumulative_shares(variances: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Give the share of variance in the first 1, 2, 4, ... and all directions."""
    total = float(variances.sum())
    counts = [2**power for power in range(len(variances).bit_length()) if 2**power < len(variances)]
    return [
        (count, float(variances[:count].sum()) / total if total else 1.0)
        for count in [*counts, len(variances)]
    ]


def findings(variances: NDArray[np.float64], dim: int) -> list[Finding]:
    """Say how many directions carry the set, two ways of counting."""
    total = float(variances.sum())
    if not total:
        return []
    rank, ratio = effective_rank(variances), participation_ratio(variances)
    most = int(np.searchsorted(variances.cumsum(), 0.95 * total)) + 1
    few = most <= dim / 2
    return [
        Finding(
            "effective_rank",
            "effective rank",
            rank,
            f"{rank:.1f} of {dim}",
            f"The first {most} principal directions hold 95 % of the variance: "
            + (
                f"try pca{most} before the quantiser." if few else "pca would cut into what tells rows apart."
            ),
            "note" if few else "none",
        ),
        Finding(
            "participation_ratio",
            "linear dimension",
            ratio,
            f"{ratio:.1f} of {dim}",
            f"The first direction alone holds {percent(variances[0] / total)} of the variance, where an even "
            f"spread would give {percent(1 / dim)}: "
            + (
                "whiten weighs all directions alike, rotate only spreads them."
                if ratio < dim / 10
                else "no direction needs care of its own."
            ),
            "note" if ratio < dim / 10 else "none",
        ),
    ]
