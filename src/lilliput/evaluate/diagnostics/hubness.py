"""Whether a few rows are everybody's neighbours and many are nobody's."""

import numpy as np
from numpy.typing import NDArray

from lilliput.evaluate.diagnostics.finding import Finding, graded, percent

NEIGHBOURS = 10
MOST_BINS = 32


def neighbour_counts(ids: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """Count how often each row is among the neighbours of others; -1 is nobody.

    Examples
    --------
    >>> neighbour_counts(np.array([[1], [0], [1]]), 3).tolist()
    [1, 2, 0]
    """
    return np.bincount(ids[ids >= 0], minlength=rows)


def skewness(values: NDArray[np.int64]) -> float:
    """Give the third standardised moment; 0 where all values are equal.

    Examples
    --------
    >>> round(skewness(np.array([0, 0, 0, 4])), 3)
    1.155
    """
    apart = values - values.mean()
    spread = float(np.sqrt((apart**2).mean()))
    return float((apart**3).mean()) / spread**3 if spread else 0.0


def findings(counts: NDArray[np.int64], k: int, *, by_length: bool) -> list[Finding]:
    """Say how uneven neighbourhood is, where rows may be hubs because they are long.

    Notes
    -----
    Radovanović, Nanopoulos and Ivanović, "Hubs in space: popular nearest neighbors in high-dimensional data",
    JMLR 2010.
    """
    skew = skewness(counts)
    missed = float((counts == 0).mean())
    concern = graded(skew, 2, 5)
    return [
        Finding(
            "hubness",
            "hubness",
            skew,
            f"skewness {skew:.2f}; the greatest hub is among the {k} nearest of {int(counts.max()):,} rows",
            "No row crowds into everybody's answers."
            if concern == "none"
            else "Long rows win most answers: use cosine unless that is wanted."
            if by_length
            else "Few rows crowd into many answers: look at them, and try whiten, which centres the vectors.",
            concern,
        ),
        Finding(
            "antihubs",
            "antihubs",
            missed,
            f"{percent(missed)} of the rows are among the {k} nearest of no other",
            "Nearly every row can be found from another."
            if missed < 0.1
            else "Such rows are hard to reach from a neighbour: check recall for them, above all in graphs.",
            graded(missed, 0.1, 0.3),
        ),
    ]


def histogram(counts: NDArray[np.int64]) -> dict[str, list[float]]:
    """Count rows by how often they are neighbours, in bins of as many whole numbers each as 32 bins need."""
    most = int(counts.max()) + 1
    width = -(-most // MOST_BINS)
    found, edges = np.histogram(counts, bins=np.arange(0, most + width, width))
    return {"edges": edges.tolist(), "counts": found.tolist()}
