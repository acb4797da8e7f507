"""The forecast: queries that chose nothing look at the choice, and each look is paid for.

Where floors must be kept, the measuring queries may contradict the choosing ones. Then the next candidate is
looked at. Of several looks the luckiest would be reported, so each spends a part of the error that a forecast
may have: the first a half, the second a quarter, and so on (Bonferroni's inequality). Without floors there is
one look, and it spends all.
"""

from collections.abc import Callable
from typing import NamedTuple

from lilliput.advisor.aim import LEVEL, Aim, Trial
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.choose import by_quality, in_order, out_of_reach
from lilliput.advisor.measure import Ids, Outcome
from lilliput.errors import InvalidInput

MOST_LOOKS = 4

Look = Callable[[Candidate], tuple[Outcome, Ids]]
Further = Callable[[float, bool], Trial | None]


class Choice(NamedTuple):
    """What was chosen, what fresh queries say of it, and what was refused on the way.

    Attributes
    ----------
    trial:
        As the queries that choose saw it.
    outcome, found:
        As the queries that measure saw it, and the rows they found.
    level:
        What each interval of this look is made for, so that all looks together keep what is promised.
    refused:
        Why others were not kept that the choosing queries had preferred.
    """

    trial: Trial
    outcome: Outcome
    found: Ids
    level: float
    refused: dict[Candidate, str]


def settle(last: list[Trial], aim: Aim, look: Look, further: Further) -> Choice:
    """Choose by the queries that choose, until the queries that measure agree.

    Parameters
    ----------
    last:
        What was measured on all rows.
    aim:
        What must be kept.
    look:
        Measures a candidate with queries that did not choose.
    further:
        Finds another trial that keeps the floors by a margin, where none of `last` does: the smallest, or if
        it must be sure the best.

    Raises
    ------
    InvalidInput
        When no candidate keeps the floors on both.
    """
    order = in_order(last, aim)
    if not order:
        raise InvalidInput(out_of_reach(last, aim))
    if not aim.floors:
        outcome, found = look(order[0].candidate)
        return Choice(order[0], outcome, found, LEVEL, {})
    refused: dict[Candidate, str] = {}
    seen: list[Trial] = []
    trial: Trial | None = order[0]
    for place in range(1, MOST_LOOKS + 1):
        assert trial is not None  # noqa: S101 - the loop ends before
        level = 1 - (1 - LEVEL) / 2 ** min(place, MOST_LOOKS - 1)
        outcome, found = look(trial.candidate)
        missed = aim.shortfall(outcome, level)
        if not missed:
            return Choice(trial, outcome, found, level, refused)
        seen.append(Trial(trial.candidate, trial.bytes_per_vector, outcome, trial.rung))
        refused[trial.candidate] = _contradicted(outcome, aim, level)
        if place == MOST_LOOKS:
            break
        trial = _next(order, refused, aim, missed, further, final=place == MOST_LOOKS - 1)
        if trial is None:
            break
    raise InvalidInput(out_of_reach(seen, aim, level))


def _next(
    order: list[Trial],
    refused: dict[Candidate, str],
    aim: Aim,
    missed: float,
    further: Further,
    final: bool,
) -> Trial | None:
    """Give the next that keeps the floors by as much as the last look missed them; finally, the best."""
    left = [trial for trial in order if trial.candidate not in refused]
    safer = [trial for trial in left if aim.keeps(trial.outcome, missed)]
    if safer and not final:
        return safer[0]
    other = further(missed, final)
    if other is not None and not final:
        return other
    left += [other] if other is not None else []
    return by_quality(left)[0] if left else None


def _contradicted(outcome: Outcome, aim: Aim, level: float) -> str:
    said = [
        f"{measure} may be as low as {aim.reached(outcome, measure, level):.3f}"
        for measure, least in aim.floors.items()
        if aim.reached(outcome, measure, level) < least - 1e-12
    ]
    return f"queries that did not choose contradict: {' and '.join(said)}"
