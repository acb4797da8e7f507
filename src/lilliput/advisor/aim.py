"""What is asked for, and what counts as reaching it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lilliput.advisor.budget import Budget
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.extrapolate import Point, extrapolated
from lilliput.advisor.floors import NDCG, RECALL
from lilliput.advisor.measure import Outcome, Values
from lilliput.evaluate.intervals import Interval, forecast_interval

FRESH = 1_000
LEVEL = 0.95
SPREADS = 2.0  # of a mean difference: what is nearer than that is noise
SURE = 3.0  # spreads: what is further apart than that is discarded early
MOST_NOISE = 0.01  # however few the queries are, a loss beyond this is one

Rule = Literal["quality", "bytes", "speed"]


@dataclass(frozen=True)
class Trial:
    """A measured candidate.

    Attributes
    ----------
    candidate:
        What was measured.
    bytes_per_vector:
        At full size.
    outcome:
        What was found.
    rung:
        On which sample, from 0; the last is all there is.
    """

    candidate: Candidate
    bytes_per_vector: float
    outcome: Outcome
    rung: int = 0

    def mean(self, measure: str) -> float:
        """Give the mean over queries; 0 where nothing was measured."""
        return mean(self.outcome.values.get(measure))


@dataclass(frozen=True)
class Aim:
    """A budget, floors, or both.

    Attributes
    ----------
    budget:
        None allows everything.
    floors:
        The least of each measure; may be empty where there is a budget.
    rows:
        How many vectors there will be.
    """

    budget: Budget | None
    floors: Mapping[str, float] = field(default_factory=dict)
    rows: int = 1

    @property
    def rule(self) -> Rule:
        """What decides among candidates that are allowed."""
        if not self.floors:
            return "quality"
        return "bytes" if self.budget is None else "speed"

    @property
    def measures(self) -> tuple[str, ...]:
        """What is measured in any case, and what floors ask for beside it."""
        return tuple(dict.fromkeys([RECALL, *self.floors]))

    def forecast(
        self, outcome: Outcome, measure: str, fresh: int = FRESH, level: float = LEVEL
    ) -> Interval | None:
        """Forecast the mean over fresh queries, at the final size where that was looked into."""
        values = outcome.values.get(measure)
        if values is None or len(values) < 2:
            return None
        if not outcome.curve:
            return forecast_interval(values, fresh, level, bounds=(0.0, 1.0))
        points = [Point(rows, found[measure]) for rows, found in outcome.curve]
        return extrapolated([*points, Point(outcome.rows, values)], self.rows, fresh, level)

    def reached(self, outcome: Outcome, measure: str, level: float = LEVEL) -> float:
        """Give what counts against a floor.

        For recall it is the low end of the forecast for fresh queries. For nDCG it is the mean: questions
        differ by far more than codecs do, so a low end would say little about the codec.
        """
        found = self.forecast(outcome, measure, level=level)
        if found is None:
            return 0.0
        return found.mean if measure == NDCG else found.low

    def shortfall(self, outcome: Outcome, level: float = LEVEL) -> float:
        """Give by how much the floors are missed at worst; 0 when they are kept."""
        gaps = [
            least - self.reached(outcome, measure, level) - 1e-12 for measure, least in self.floors.items()
        ]
        return max(0.0, *gaps) if gaps else 0.0

    def room(self, trial: Trial) -> float:
        """Give by how much the means lie above the floors, at the least."""
        return min(trial.mean(measure) - least for measure, least in self.floors.items())

    def keeps(self, outcome: Outcome, margin: float = 0.0) -> bool:
        """Say whether every floor is kept, and by a margin."""
        return all(
            self.reached(outcome, measure) >= min(least + margin, 1.0) - 1e-12
            for measure, least in self.floors.items()
        )

    def could_keep(self, outcome: Outcome, before: Outcome | None) -> bool:
        """Say whether floors may still be kept at full size, given what fewer rows have shown.

        Recall falls as rows come, so what misses a floor among few rows misses it among all.
        """
        return all(
            _optimistic(outcome, before, measure, self.rows) >= least
            for measure, least in self.floors.items()
        )


def mean(values: Values | None) -> float:
    """Give the mean; 0 where there is nothing."""
    return float(values.mean()) if values is not None and len(values) else 0.0


def worse(
    values: Values | None, best: Values | None, spreads: float = SPREADS, most: float = MOST_NOISE
) -> bool:
    """Say whether a mean over the same queries is lower by more than noise."""
    if values is None or best is None or not len(values):
        return False
    gap = best - values
    noise = spreads * float(gap.std(ddof=1)) / math.sqrt(len(gap)) if len(gap) > 1 else 0.0
    return float(gap.mean()) > min(noise, most)


def surely_worse(values: Values | None, best: Values | None) -> bool:
    """Say whether a mean over the same queries is lower beyond doubt."""
    return worse(values, best, SURE, math.inf)


def _optimistic(outcome: Outcome, before: Outcome | None, measure: str, rows: int) -> float:
    values = outcome.values.get(measure)
    if values is None or not len(values):
        return 0.0
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    # A sample of ones only does not promise ones for ever.
    high = float(values.mean()) + SURE * max(spread, 0.02) / math.sqrt(len(values))
    earlier = None if before is None else before.values.get(measure)
    if before is None or earlier is None or rows <= outcome.rows or before.rows >= outcome.rows:
        return high
    same = min(len(earlier), len(values))
    fall = float((earlier[:same] - values[:same]).mean())
    steps = math.log(rows / outcome.rows) / math.log(outcome.rows / before.rows)
    return high - max(0.0, fall) * steps / 2  # half of what is to be expected
