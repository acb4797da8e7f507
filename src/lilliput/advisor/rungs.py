"""Samples of rising size: what is hopeless on a small one is not measured on a large one.

Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS
2016. Their rule keeps a fixed part of the candidates; here those stay that noise cannot tell from the best.
"""

from typing import Any, NamedTuple

import numpy as np

from lilliput.advisor.aim import Aim
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.extrapolate import grows, nested_parts
from lilliput.advisor.floors import recall_depth
from lilliput.advisor.journal import Journal
from lilliput.advisor.measure import Ids, Outcome, Probe, measure
from lilliput.advisor.queries import Split
from lilliput.advisor.rows import Base
from lilliput.advisor.spaces import Coded, Spaces, encoded
from lilliput.codecs.base import Metric
from lilliput.codecs.codec import Codec
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import BlockSource, spans


class Rung(NamedTuple):
    """Rows, queries that choose, and how many candidates at most go on to the next."""

    rows: int
    queries: int
    kept: int


SMALL = (Rung(1_024, 128, 40), Rung(4_096, 256, 24), Rung(16_384, 512, 10))
FIT_ROWS, LAST_FIT_ROWS = 4_096, 8_192  # that codecs are fitted on while choosing
STEP = 2.5  # a sample is worth while where the next is so many times as large
LEAST = 2  # of SMALL: the smallest sample is for sets that are too small for the next


def rungs(rows: int, queries: int) -> list[Rung]:
    """Plan the samples for so many rows; the last is all of them.

    Examples
    --------
    >>> [rung.rows for rung in rungs(60_000, 1000)]
    [4096, 16384, 60000]
    """
    small = [rung for rung in SMALL if rung.rows * STEP <= rows]
    if len(small) >= LEAST:
        small = small[1:]
    return [*small, Rung(rows, queries, 0)]


class Ground:
    """All that measuring needs: rows, queries, and how vectors are compared."""

    def __init__(self, base: Base, split: Split, metric: Metric, seed: int, threads: int, aim: Aim) -> None:
        self.base, self.split, self.metric, self.seed, self.threads = base, split, metric, seed, threads
        depths = [recall_depth(measure) for measure in aim.measures]
        self._ks = tuple(sorted(depth for depth in depths if depth is not None))
        rng = np.random.default_rng((seed, 2))
        self._order = rng.permutation(len(base.rows))
        judged = split.judged
        self._judged = judged
        self.parts = nested_parts(len(base.rows), judged, rng) if grows(len(base.rows), aim.rows) else ()

    def choosing(self, rung: Rung) -> tuple[Probe, Ids]:
        """Give the queries that choose, among the rows of a rung, and the rows to fit on."""
        split, whole = self.split, rung.rows >= len(self.base.rows)
        own, grades = split.own, split.grades
        mine, judged = (None if own is None else own[0]), (None if grades is None else grades[0])
        if whole:
            return self._probe(self.base.rows, split.choosing, mine, judged, self.parts), split.fit
        m = min(rung.queries, len(split.choosing))
        numbers = np.union1d(self._order[: rung.rows], self._judged)
        place = np.full(len(self.base.rows), -1, dtype=np.int64)
        place[numbers] = np.arange(len(numbers))
        if judged is not None:
            judged = [{int(place[row]): grade for row, grade in found.items()} for found in judged[:m]]
        mine = None if mine is None else place[mine[:m]]
        fit = place[split.fit]
        probe = self._probe(self.base.rows[numbers], split.choosing[:m], mine, judged, ())
        return probe, fit[fit >= 0]

    def measuring(self) -> Probe:
        """Give the queries that measure, among all rows."""
        own, grades = self.split.own, self.split.grades
        mine, judged = (None if own is None else own[1]), (None if grades is None else grades[1])
        return self._probe(self.base.rows, self.split.measuring, mine, judged, self.parts)

    def whole(self, text: str) -> Coded:
        """Fit a codec as an index does, but on no row that plays a query, and encode all rows."""
        codec = Codec(text, metric=self.metric, seed=self.seed)
        fit = _Picked(self.base.rows, self.split.fit)
        return encoded(codec, self.base.rows, fit, self.threads, self.split.learning)

    def _probe(self, rows: FloatArray, queries: FloatArray, own: Any, grades: Any, parts: Any) -> Probe:
        return Probe(rows, queries, own, grades, self.metric, self.threads, self._ks, parts)


class Bench:
    """Candidates against the queries that choose, on one rung; `alone`: queries are timed one by one too."""

    def __init__(self, ground: Ground, rung: Rung, journal: Journal, *, alone: bool) -> None:
        self._ground, self._rung, self._journal, self._alone = ground, rung, journal, alone
        self._made: tuple[Probe, Spaces] | None = None
        self._expected: list[str] = []

    def expect(self, candidates: list[Candidate]) -> None:
        """Hear of what will be measured."""
        self._expected += [text for candidate in candidates for text in candidate.codecs]
        if self._made is not None:
            self._made[1].expect(self._expected)

    def measure(self, candidate: Candidate) -> Outcome:
        """Measure, or remember.

        Raises
        ------
        InvalidInput
            When its codes cannot hold the vectors.
        """

        def made() -> dict[str, Any]:
            probe, spaces = self._tools()
            try:
                coded = [spaces.coded(text) for text in candidate.codecs]
            except InvalidInput as error:
                return {"failed": str(error)}
            return measure(candidate, coded, probe, alone=self._alone)[0].to_dict()

        said = self._journal.remember(f"rung {self._rung.rows}: {candidate.name}", made)
        if "failed" in said:
            raise InvalidInput(said["failed"])
        return Outcome.from_dict(said)

    def _tools(self) -> tuple[Probe, Spaces]:
        if self._made is None:
            ground = self._ground
            probe, fit = ground.choosing(self._rung)
            most = LAST_FIT_ROWS if self._rung.rows >= len(ground.base.rows) else FIT_ROWS
            fit = fit[:: max(1, -(-len(fit) // most))]
            learning = ground.split.learning
            spaces = Spaces(
                probe.rows, fit, ground.metric, ground.seed, ground.threads, self._expected, learning
            )
            self._made = probe, spaces
        return self._made


def look(ground: Ground, probe: Probe, candidate: Candidate, journal: Journal) -> tuple[Outcome, Ids]:
    """Measure a candidate as the index that would be built, with queries that chose nothing."""

    def made() -> dict[str, Any]:
        coded = [ground.whole(text) for text in candidate.codecs]
        outcome, found = measure(candidate, coded, probe, alone=True)
        return {"outcome": outcome.to_dict(), "found": found.tolist()}

    said = journal.remember(f"look: {candidate.name}", made)
    return Outcome.from_dict(said["outcome"]), np.array(said["found"], dtype=np.int64).reshape(-1, 10)


class _Picked(BlockSource):
    """Some rows of an array, block by block, so that they are never copied whole."""

    def __init__(self, rows: FloatArray, numbers: Ids) -> None:
        super().__init__("X", len(numbers), rows.shape[1])
        self._rows, self._numbers = rows, numbers

    def checked(self, size: int) -> Any:
        """Yield the rows."""
        for start, stop in spans(len(self._numbers), size):
            yield self._rows[self._numbers[start:stop]]
