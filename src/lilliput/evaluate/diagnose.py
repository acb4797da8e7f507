"""One call that says what a set of vectors is like, and what to do about it."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lilliput import _core
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.sample import reservoir
from lilliput.errors import InvalidInput
from lilliput.evaluate.diagnostics import (
    asked,
    dimensions,
    duplicates,
    hubness,
    intrinsic,
    isotropy,
    lengths,
    measures,
    page,
    spectrum,
)
from lilliput.evaluate.diagnostics.finding import Finding
from lilliput.evaluate.diagnostics.neighbours import distances, nearest_others
from lilliput.evaluate.diagnostics.reading import Reading
from lilliput.io.arrays import FloatArray
from lilliput.io.source import as_source
from lilliput.io.write import new_file
from lilliput.progress import ProgressOption, Track

GRAPH_ROWS = 6_000  # among which neighbours are sought: pairs grow with the square
PROBES = 2_000  # rows whose distances are computed without rounding
STEPS = 7
USUAL_POWER = 30

Histogram = dict[str, list[float]]


@dataclass(frozen=True)
class Diagnosis:
    """What was found out about a set of vectors, from `diagnose`.

    Attributes
    ----------
    rows, dim:
        Its shape.
    sample:
        How many rows were looked at closely.
    metric:
        The measure that is meant.
    findings:
        One a question, each with a figure, a text and what to do.
    spectrum:
        The share of variance in the first 1, 2, 4, ... and all principal directions.
    histograms:
        ``edges`` and ``counts`` of the lengths ("norm") and of how often a row is a neighbour
        ("neighbour_count").
    """

    rows: int
    dim: int
    sample: int
    metric: Metric
    findings: tuple[Finding, ...]
    spectrum: tuple[tuple[int, float], ...]
    histograms: dict[str, Histogram]

    def __getitem__(self, key: str) -> Finding:
        """Give the finding of a key; KeyError where it could not be measured."""
        for finding in self.findings:
            if finding.key == key:
                return finding
        raise KeyError(key)

    def __str__(self) -> str:
        """Give the page as text."""
        return page.as_text(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain Python, fit for JSON."""
        return {
            "rows": self.rows,
            "dim": self.dim,
            "sample": self.sample,
            "metric": self.metric,
            "findings": [finding.to_dict() for finding in self.findings],
            "spectrum": [list(pair) for pair in self.spectrum],
            "histograms": self.histograms,
        }

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, in the form that its suffix names: .md, .txt or .json.

        Raises
        ------
        InvalidInput
            For another suffix.
        FileError
            When the file cannot be written.
        """
        target = Path(path)
        forms: dict[str, Callable[[dict[str, Any]], str]] = {
            ".md": page.as_markdown,
            ".txt": lambda found: page.as_text(found) + "\n",
            ".json": lambda found: json.dumps(found, indent=1, allow_nan=False) + "\n",
        }
        form = forms.get(target.suffix.lower())
        if form is None:
            raise InvalidInput(
                f"{target} ends in {target.suffix!r}; a diagnosis is written to .md, .txt or .json, and by "
                "`lilliput diagnose --out` to .html."
            )
        text = form(self.to_dict())
        with new_file(target) as file:
            file.write(text.encode())


def diagnose(
    X: object,
    *,
    queries: object | None = None,
    metric: str = "cosine",
    sample: int = 20_000,
    seed: int = 0,
    threads: int | None = None,
    progress: ProgressOption = None,
) -> Diagnosis:
    """Say what a set of vectors is like: its dimensions, its crowding, its faults.

    Which codec suits, whether the metric matters and whether queries look like rows can be read off the
    vectors before anything is built. Rows are read once, block by block.

    Parameters
    ----------
    X:
        Rows (n, d): an array, a path, an iterator of batches, or a source. At least 2.
    queries:
        Real queries (m, d), in any of these forms; None leaves out how they differ from rows.
    metric:
        "cosine", "ip" or "l2": what the vectors will be compared by.
    sample:
        How many rows are looked at closely, at least 2; fewer where they would take more than 128 MiB.
    seed:
        Equal arguments give equal findings.
    threads:
        Of the search for neighbours; None takes as many as the process may use.
    progress:
        None, False or a callable told ``(done, total)``, first of rows read and then of questions answered.

    Returns
    -------
    Diagnosis
        What cannot be measured on so few rows is left out.

    Raises
    ------
    InvalidInput
        An unknown metric, a sample below 2, fewer than 2 rows, or queries that do not fit the rows.
    Cancelled
        The progress callback returned False.

    Examples
    --------
    >>> import numpy as np
    >>> from lilliput.evaluate import diagnose
    >>> X = np.random.default_rng(0).standard_normal((500, 8))
    >>> diagnose(X)["outlier_dimensions"].text
    'none'
    """
    known = next((known for known in METRICS if known == metric), None)
    if known is None:
        raise InvalidInput(f"metric={metric!r} was given; it is 'ip', 'l2' or 'cosine'.")
    if sample < 2:
        raise InvalidInput(f"sample={sample} was given; at least 2 rows must be looked at.")
    source = as_source(X, name="X")
    Q = None if queries is None else _drawn(queries, source.dim, np.random.default_rng(seed))
    with Track(progress, source.rows or 0, "reading vectors") as step:
        reading = Reading(source, sample, np.random.default_rng(seed), step)
    if len(reading.sample) < 2:
        raise InvalidInput(f"X has {len(reading.sample)} rows; a diagnosis needs at least 2.")
    with Track(progress, STEPS, "examining vectors") as step:
        return _examined(reading, Q, known, np.random.default_rng(seed), threads, step)


def _drawn(queries: object, dim: int, rng: np.random.Generator) -> FloatArray:
    source = as_source(queries, name="queries", dim=dim)
    found = reservoir(source, asked.ASKED, rng, Track(False, 0, "reading queries"))
    if not len(found):
        raise InvalidInput("queries has no rows; pass some, or leave it out.")
    return found


def _examined(
    reading: Reading,
    Q: FloatArray | None,
    metric: Metric,
    rng: np.random.Generator,
    threads: int | None,
    step: Track,
) -> Diagnosis:
    """Answer one question after the other; `places` are rows as the metric sees them."""
    sample, Q = _scaled(reading.sample, Q)
    places = _core.normalize(sample) if metric == "cosine" else sample
    variances = spectrum.principal_variances(places)
    step(1)
    near = np.sort(rng.permutation(len(places))[:GRAPH_ROWS])
    X, everyone = places[near], np.arange(len(near))
    ids = nearest_others(_centred(X), everyone, intrinsic.NEIGHBOURS, "l2", threads)
    apart = distances(X, X[:PROBES], ids[:PROBES])
    step(2)
    k = min(hubness.NEIGHBOURS, len(near) - 1)
    by_metric = ids if metric != "ip" else nearest_others(X, everyone, k, metric, threads)
    counts = hubness.neighbour_counts(by_metric[:, :k], len(near))
    step(3)
    units = _core.normalize(X[X.any(axis=1)])
    findings = [
        *spectrum.findings(variances, reading.dim),
        *intrinsic.findings(apart, reading.dim),
        *isotropy.findings(units, metric),
        *hubness.findings(counts, k, by_length=metric == "ip" and not lengths.are_unit(reading)),
    ]
    step(4)
    findings += [
        *dimensions.findings(reading.squares, reading.lowest, reading.highest, reading.sample),
        *lengths.findings(reading, metric),
        *duplicates.findings(reading, apart[:, 0], X),
    ]
    step(5)
    findings += measures.findings(sample[near], Q, metric, lengths.are_unit(reading), threads)
    step(6)
    if Q is not None:
        rows, seen = (X, Q) if metric == "l2" else (_core.normalize(X), _core.normalize(Q))
        findings += asked.findings(rows, seen, threads)
    step(STEPS)
    return Diagnosis(
        rows=reading.rows or 0,
        dim=reading.dim,
        sample=len(reading.sample),
        metric=metric,
        findings=tuple(findings),
        spectrum=tuple(spectrum.cumulative_shares(variances)),
        histograms={
            "norm": lengths.histogram(reading.sample),
            "neighbour_count": hubness.histogram(counts),
        },
    )


def _scaled(X: FloatArray, Q: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
    """Bring numbers whose squares float32 could not hold near 1, by a power of two, which is exact."""
    _, power = np.frexp(np.abs(X).max())
    if abs(power) <= USUAL_POWER:
        return X, Q
    return np.ldexp(X, -power), None if Q is None else np.ldexp(Q, -power)


def _centred(X: FloatArray) -> FloatArray:
    """Take the mean away, which moves no neighbour and keeps float32 distances sharp."""
    return np.asarray(X - X.mean(axis=0, dtype=np.float64), dtype=np.float32)
