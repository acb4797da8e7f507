"""The rules: which of the measured candidates a budget and floors ask for, and why not the others."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lilliput.advisor.candidates import Candidate
from lilliput.advisor.floors import NDCG, RECALL
from lilliput.advisor.measure import Outcome, Values
from lilliput.errors import InvalidInput
from lilliput.evaluate.intervals import forecast_interval

FRESH = 1_000
LEVEL = 0.95
SPREADS = 2.0  # of a mean difference: what is nearer than that is noise
MOST_NOISE = 0.01  # however few the queries are, a loss beyond this is one
ALIKE = 1.1  # speeds that differ by less are alike


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
    queries_per_second:
        At full size.
    """

    candidate: Candidate
    bytes_per_vector: float
    outcome: Outcome
    queries_per_second: float


def reached(outcome: Outcome, measure: str) -> float:
    """Give what counts against a floor.

    For recall it is the low end of the forecast for fresh queries. For nDCG it is the mean: questions differ
    by far more than codecs do, so a low end would say little about the codec.
    """
    if measure == RECALL:
        return forecast_interval(outcome.recall, FRESH, LEVEL).low
    return float(outcome.ndcg.mean()) if outcome.ndcg is not None and len(outcome.ndcg) else 0.0


def keeps(outcome: Outcome, floors: Mapping[str, float]) -> bool:
    """Say whether every floor is kept."""
    return all(reached(outcome, measure) >= least - 1e-12 for measure, least in floors.items())


def worse(values: Values | None, best: Values | None) -> bool:
    """Say whether a mean over the same queries is lower by more than noise."""
    if values is None or best is None or not len(values):
        return False
    gap = best - values
    noise = SPREADS * float(gap.std(ddof=1)) / math.sqrt(len(gap)) if len(gap) > 1 else 0.0
    return float(gap.mean()) > min(noise, MOST_NOISE)


def best_quality(trials: list[Trial]) -> list[Trial]:
    """Give the trials that no other beats beyond noise: by nDCG where there are judgments, then by recall."""
    judged = [trial for trial in trials if trial.outcome.ndcg is not None]
    if judged:
        top = max(judged, key=lambda trial: _mean(trial.outcome.ndcg))
        trials = [trial for trial in judged if not worse(trial.outcome.ndcg, top.outcome.ndcg)]
    top = max(trials, key=lambda trial: _mean(trial.outcome.recall))
    return [trial for trial in trials if not worse(trial.outcome.recall, top.outcome.recall)]


def hopeless(outcome: Outcome, floors: Mapping[str, float], trials: list[Trial]) -> bool:
    """Say whether what is no better than this cannot be chosen any more."""
    if floors:
        return not keeps(outcome, floors)
    return any(
        worse(outcome.recall, other.outcome.recall)
        and (outcome.ndcg is None or worse(outcome.ndcg, other.outcome.ndcg))
        for other in trials
    )


def choose(
    trials: list[Trial], floors: Mapping[str, float], within: str | None
) -> tuple[Trial, dict[str, str]]:
    """Pick one trial.

    A budget and floors: the fastest that keeps the floors, the smallest of those about as fast. Floors alone:
    the fewest bytes. A budget alone: the best quality, the fewest bytes among those as good within noise.

    Parameters
    ----------
    trials:
        Measured and within the budget, at least one, those with less work first where bytes are equal.
    floors:
        By measure; may be empty.
    within:
        The budget as it was said; None when there is none.

    Returns
    -------
    The choice, and for each of the other specs with its refinement why it is not.

    Raises
    ------
    InvalidInput
        When no trial keeps the floors; the message says what was reached.
    """
    kept = [trial for trial in trials if keeps(trial.outcome, floors)]
    if not kept:
        raise InvalidInput(_out_of_reach(trials, floors, within))
    if floors and within is not None:
        fastest = max(trial.queries_per_second for trial in kept)
        eligible = [trial for trial in kept if trial.queries_per_second * ALIKE >= fastest]
    elif floors:
        eligible = kept
    else:
        eligible = best_quality(kept)
    chosen = min(eligible, key=lambda trial: trial.bytes_per_vector)
    why = {
        name(trial.candidate): _why_not(trial, chosen, floors, kept, eligible)
        for trial in trials
        if trial is not chosen
    }
    return chosen, why


def name(candidate: Candidate) -> str:
    """Tell candidates apart."""
    return candidate.spec if candidate.refine is None else f"{candidate.spec} (refine={candidate.refine})"


def _why_not(
    trial: Trial, chosen: Trial, floors: Mapping[str, float], kept: list[Trial], eligible: list[Trial]
) -> str:
    for measure, least in floors.items():
        value = reached(trial.outcome, measure)
        if value < least - 1e-12:
            return (
                f"{measure} may be as low as {value:.3f}"
                if measure == RECALL
                else f"{measure} is {value:.3f}"
            )
    more = f"{trial.bytes_per_vector - chosen.bytes_per_vector:.2f} bytes more"
    if trial in eligible:
        return more if floors and len(eligible) == len(kept) else f"as good within noise, {more}"
    if floors:
        return f"{1 - trial.queries_per_second / chosen.queries_per_second:.0%} slower"
    for measure, mine, best in (
        (NDCG, trial.outcome.ndcg, chosen.outcome.ndcg),
        (RECALL, trial.outcome.recall, chosen.outcome.recall),
    ):
        if worse(mine, best):
            return f"{measure} is {_mean(best) - _mean(mine):.3f} lower"
    return "less quality than another that is as small"


def _out_of_reach(trials: list[Trial], floors: Mapping[str, float], within: str | None) -> str:
    wanted = " and ".join(f"{measure}={least:g}" for measure, least in floors.items())
    best = []
    for measure in floors:
        top = max(trials, key=lambda trial: reached(trial.outcome, measure))
        best.append(f"{measure}={reached(top.outcome, measure):.4f} ('{name(top.candidate)}')")
    where = "" if within is None else f" within {within}"
    relief = "lower the floor" if within is None else "lower the floor or raise the budget"
    return (
        f"No candidate{where} is sure to keep {wanted}; the best is sure of {' and '.join(best)}; {relief}."
    )


def _mean(values: Values | None) -> float:
    return float(values.mean()) if values is not None and len(values) else 0.0
