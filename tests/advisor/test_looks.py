"""Floors are kept by queries that did not choose, or nothing is promised."""

import numpy as np
import pytest

from lilliput.advisor.aim import Aim, Trial
from lilliput.advisor.budget import Budget
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.looks import LEVEL, MOST_LOOKS, settle
from lilliput.advisor.measure import Ids, Outcome
from lilliput.errors import InvalidInput

FLOOR = {"recall@10": 0.9}
NOTHING = np.empty((0, 10), dtype=np.int64)


def outcome(mean: float, m: int = 400) -> Outcome:
    """Queries whose recall has a mean and a spread of a twentieth."""
    values = np.clip(np.tile([mean - 0.05, mean + 0.05], m // 2), 0, 1)
    return Outcome(100, {"recall@10": values}, (), 1.0, m, None, 1.0)


def trials(*means: float) -> list[Trial]:
    """Candidates of rising bytes, as the choosing queries saw them."""
    return [Trial(Candidate((f"pca{p}8,int8",)), float(p), outcome(mean)) for p, mean in enumerate(means, 1)]


def none_left(margin: float, surest: bool) -> Trial | None:
    """Nothing else keeps the floors."""
    return None


def test_without_floors_there_is_one_look() -> None:
    """It spends the whole error."""
    choice = settle(trials(0.5, 0.8), Aim(Budget("9B", 9.0)), lambda c: (outcome(0.7), NOTHING), none_left)

    assert ("flat | pca28,int8", LEVEL, {}) == (choice.trial.candidate.spec, choice.level, choice.refused)


def test_a_second_look_costs() -> None:
    """The measuring queries contradict the first, and the second interval is wider for it."""
    seen = {"pca18,int8": 0.85, "pca28,int8": 0.95}
    looked: list[str] = []

    def look(candidate: Candidate) -> tuple[Outcome, Ids]:
        looked.append(candidate.codecs[0])
        return outcome(seen[candidate.codecs[0]]), NOTHING

    choice = settle(trials(0.92, 0.99, 0.99), Aim(None, FLOOR), look, none_left)

    assert ["pca18,int8", "pca28,int8"] == looked
    assert 1 - (1 - LEVEL) / 4 == pytest.approx(choice.level)
    assert "contradict" in choice.refused[Candidate(("pca18,int8",))]


def test_the_next_is_safer_by_what_was_missed() -> None:
    """Those that the choosing queries put just above the floor are passed over."""
    looked: list[str] = []

    def look(candidate: Candidate) -> tuple[Outcome, Ids]:
        looked.append(candidate.codecs[0])
        return outcome(0.86 if len(looked) == 1 else 0.97), NOTHING

    settle(trials(0.92, 0.921, 0.922, 0.97), Aim(None, FLOOR), look, none_left)

    assert ["pca18,int8", "pca48,int8"] == looked


def test_others_are_measured_where_none_is_safer() -> None:
    """When what was measured is used up, another is looked for that keeps the floor by what was missed."""
    margins: list[float] = []

    def further(margin: float, surest: bool) -> Trial | None:
        margins.append(margin)
        return Trial(Candidate(("int8",)), 9.0, outcome(0.99))

    def look(candidate: Candidate) -> tuple[Outcome, Ids]:
        return outcome(0.98 if candidate.codecs == ("int8",) else 0.88), NOTHING

    choice = settle(trials(0.92), Aim(None, FLOOR), look, further)

    assert "flat | int8" == choice.trial.candidate.spec
    assert len(margins) == 1
    assert 0.02 < margins[0] < 0.03


def test_the_last_look_is_at_the_surest() -> None:
    """Queries that contradict again and again are not asked about one more candidate that is just enough."""
    sure = Trial(Candidate(("f16",)), 90.0, outcome(1.0))

    def further(margin: float, surest: bool) -> Trial | None:
        return sure if surest else None

    def look(candidate: Candidate) -> tuple[Outcome, Ids]:
        return outcome(1.0 if candidate == sure.candidate else 0.88), NOTHING

    choice = settle(trials(0.92, 0.93, 0.94, 0.95), Aim(None, FLOOR), look, further)

    assert sure.candidate == choice.trial.candidate
    assert len(choice.refused) == MOST_LOOKS - 1


def test_nothing_is_promised_that_measuring_contradicts() -> None:
    """After a few looks the floor is said to be out of reach, with what was seen."""
    looked = []

    def look(candidate: Candidate) -> tuple[Outcome, Ids]:
        looked.append(candidate)
        return outcome(0.8), NOTHING

    with pytest.raises(InvalidInput, match=r"sure to keep recall@10=0\.9"):
        settle(trials(*np.linspace(0.92, 0.99, 12)), Aim(None, FLOOR), look, none_left)

    assert 2 <= len(looked) <= MOST_LOOKS
    assert len(set(looked)) == len(looked)


def test_looks_together_err_no_more_than_one() -> None:
    """Where the floor is missed by a hair, a kept floor is claimed wrongly in at most a twentieth of runs."""
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(300):

        def look(candidate: Candidate) -> tuple[Outcome, Ids]:
            values = np.clip(rng.normal(0.899, 0.1, 400), 0, 1)
            return Outcome(100, {"recall@10": values}, (), 1.0, 400, None, 1.0), NOTHING

        try:
            settle(trials(*np.linspace(0.92, 0.99, 8)), Aim(None, FLOOR), look, none_left)
            wrong += 1
        except InvalidInput:
            pass

    assert wrong <= 15
