"""Rows that are equal, and rows that are almost."""

import numpy as np
from numpy.typing import NDArray

from lilliput.evaluate.diagnostics.finding import Finding, graded, percent
from lilliput.evaluate.diagnostics.neighbours import distances
from lilliput.evaluate.diagnostics.reading import Reading
from lilliput.io.arrays import FloatArray

NEAR = 0.1  # of the distance between random rows; on unit vectors that point all ways a cosine of 0.995


def findings(reading: Reading, nearest: NDArray[np.float64], X: FloatArray) -> list[Finding]:
    """Say how many rows repeat others.

    Parameters
    ----------
    reading:
        All rows.
    nearest:
        float64 (m,), the distance from rows of X to their nearest other one.
    X:
        float32 (n, d), the rows among which neighbours were sought.
    """
    rows = reading.rows or 1
    repeats = reading.distinct.repeats
    pairs = distances(X, X, ((np.arange(len(X)) + len(X) // 2) % len(X))[:, None])
    near = float((nearest <= NEAR * np.median(pairs)).mean())
    about = "" if reading.distinct.exact else "about "
    return [
        Finding(
            "duplicates",
            "duplicates",
            float(repeats),
            f"{about}{repeats:,} of {rows:,} rows ({percent(repeats / rows)}) are equal to an earlier one"
            if repeats
            else "none",
            "Keep one of each: equals cost bytes and push other answers out of the first places."
            if repeats
            else "No row costs its bytes twice.",
            graded(repeats, 1, 0.01 * rows + 1),
        ),
        Finding(
            "near_duplicates",
            "near duplicates",
            near,
            f"{percent(near)} of the sampled rows have another of the sample within a tenth of the usual "
            "distance, equals included"
            if near
            else "none in the sample",
            "Answers repeat themselves: merge what says the same before it is indexed."
            if near >= 0.01
            else "Answers do not repeat themselves.",
            graded(near, 0.01, 0.2),
        ),
    ]
