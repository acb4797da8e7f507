"""How long vectors are, and whether any says nothing at all."""

import numpy as np
from numpy.typing import NDArray

from lilliput.evaluate.diagnostics.finding import Finding, graded, percent
from lilliput.evaluate.diagnostics.reading import Reading

UNIT = 2e-3  # what float16 leaves of a length of 1
BINS = 31  # odd, so that equal lengths stand in the middle one


def lengths_of(X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the length of each row."""
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", X, X, dtype=np.float64)))


def are_unit(reading: Reading) -> bool:
    """Say whether every row has length 1, as nearly as float16 can tell."""
    return reading.shortest > 1 - UNIT and reading.longest < 1 + UNIT


def findings(reading: Reading, metric: str) -> list[Finding]:
    """Say how lengths differ, and how many rows are zero."""
    spread, unit = reading.length_spread, are_unit(reading)
    median = float(np.median(lengths_of(reading.sample)))
    zero = reading.zero_rows
    matters = metric != "cosine"
    return [
        Finding(
            "norm_spread",
            "norm spread",
            spread,
            "every row has length 1"
            if unit
            else f"{percent(spread)} of the mean (shortest {reading.shortest:.4g}, median {median:.4g}, "
            f"longest {reading.longest:.4g})",
            "Cosine, ip and l2 rank alike: choose cosine or ip."
            if unit
            else "Lengths differ: make sure that the metric is meant to see them, or use cosine."
            if matters
            else "Lengths differ, and cosine does not see them: use ip if long vectors are meant to win.",
            "none" if unit else graded(spread, 0.1, 0.5 if matters else np.inf),
        ),
        Finding(
            "zero_rows",
            "zero rows",
            float(zero),
            f"{zero:,} of {reading.rows:,}" if zero else "none",
            "A zero vector has no direction and stands for nothing, often an empty text: remove it."
            if zero
            else "Every row says something.",
            "warn" if zero else "none",
        ),
    ]


def histogram(X: NDArray[np.float32]) -> dict[str, list[float]]:
    """Count rows by length; lengths that differ by rounding alone are one bar."""
    lengths = lengths_of(X)
    low, high = float(lengths.min()), float(lengths.max())
    middle = (low + high) / 2
    if high - low <= UNIT * middle:
        low, high = 0.5 * middle, 1.5 * middle or 1.0
    found, edges = np.histogram(lengths, bins=BINS, range=(low, high))
    return {"edges": edges.tolist(), "counts": found.tolist()}
