"""The search: all candidates on a small sample, the promising ones on larger ones, the choice on all rows."""

import math
from collections.abc import Callable, Iterable

from lilliput.advisor.aim import Aim, Trial
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.choose import beaten, by_quality, survivors
from lilliput.advisor.floors import RECALL
from lilliput.advisor.grid import Grid, pairs
from lilliput.advisor.journal import Journal
from lilliput.advisor.rungs import Bench, Ground, Rung
from lilliput.codecs.registry import names
from lilliput.errors import InvalidInput
from lilliput.spec import parse_codec

COARSE, FINE = 4, 2  # codecs that are joined to pairs
JOINED = 8  # pairs that are measured among all rows
REVIVED = 16
FAR = 0.05  # behind the best: the smaller ones of a form are not measured either
LARGER = 2
COARSE_PART = 0.5  # of the fine codec's bytes: a search codec that takes more saves no time
FACTORS = (30, 10, 4, 2)
AFTER = 2  # measured behind the first that keeps the floors

Step = Callable[[int], None]


class Search:
    """One run over all rungs.

    Attributes
    ----------
    trials:
        By candidate, its measurement on the largest sample that it came to.
    failed:
        Why candidates could not be measured.
    let_go:
        Why candidates came no further.
    """

    def __init__(self, grid: Grid, ground: Ground, aim: Aim, plan: list[Rung], journal: Journal) -> None:
        self._grid, self._ground, self._aim, self._plan, self._journal = grid, ground, aim, plan, journal
        self._first = grid.singles(aim.budget, ladder=bool(aim.floors))
        self._done = 0
        self.trials: dict[Candidate, Trial] = {}
        self.failed: dict[Candidate, InvalidInput] = {}
        self.let_go: dict[Candidate, str] = {}

    @property
    def most(self) -> int:
        """How many measurements there may be, for a bar of progress."""
        joined = COARSE * FINE * len(FACTORS) if self._aim.rule == "speed" else 0
        return len(self._first) + joined + sum(rung.kept for rung in self._plan[:-1]) + 1

    def run(self, step: Step) -> list[Trial]:
        """Climb the rungs, and give what was measured on the last."""
        found = self._scouted(step)
        tried: list[Candidate] = []
        for number, rung in enumerate(self._plan[:-1]):
            before = dict(self.trials)
            if number:
                found = self._measured(tried, number, step)
            tried = self._promising(found, before, rung.kept, number == 0 or not self._aim.floors)
            tried += self._larger(tried)
        return self._last(tried, step) if len(self._plan) > 1 else found + self._pairs_of(found, step)

    def further(self, margin: float, surest: bool, step: Step) -> Trial | None:
        """Measure on all rows what was left for its size.

        Parameters
        ----------
        margin:
            By how much the floors must be kept.
        surest:
            Start with those that keep them by most, not with the smallest.
        step:
            Hears of each measurement.

        Returns
        -------
        Trial or None
            The first that keeps the floors by the margin.
        """
        number = len(self._plan) - 1
        left = [trial for trial in self.trials.values() if trial.rung < number]
        able = [trial for trial in left if self._aim.keeps(trial.outcome, margin)]

        def order(trial: Trial) -> tuple[float, float, int, str]:
            room = round(self._aim.room(trial), 2) if surest else 0.0  # more than that tells none apart
            return -room, *self._size(trial.candidate)

        bench = self._bench(number)
        bench.expect([trial.candidate for trial in able])
        for candidate in [trial.candidate for trial in sorted(able, key=order)]:
            trial = self._trial(candidate, number, bench, step)
            if trial is not None and self._aim.keeps(trial.outcome, margin):
                return trial
        return None

    def _size(self, candidate: Candidate) -> tuple[float, int, str]:
        return self._grid.cost(candidate), candidate.length, candidate.name

    def _scouted(self, step: Step) -> list[Trial]:
        """Measure on the first sample: of each form the largest, and of the promising ones smaller ones too.

        Within a form more bytes find more, so where bytes or speed decide, bisection finds the smallest that
        may keep the floors.
        """
        bench = self._bench(0)
        bench.expect(self._first)
        forms: dict[str, list[Candidate]] = {}
        for candidate in self._first:
            forms.setdefault(candidate.form, []).append(candidate)
        found: list[Trial] = []
        for form in sorted(forms.values(), key=lambda form: _grouped(form[0])):
            largest = self._trial(form[0], 0, bench, step)
            if largest is None:
                continue
            found.append(largest)
            if self._aim.floors:
                found += self._bisected(form, largest, bench, step)
            elif not beaten(largest, by_quality(found)[0], FAR):
                found += [trial for one in form[1:] if (trial := self._trial(one, 0, bench, step))]
        if not found:
            raise next(iter(self.failed.values()))
        return found

    def _bisected(self, form: list[Candidate], largest: Trial, bench: Bench, step: Step) -> list[Trial]:
        """Look for the smallest of a form that may keep the floors, or on the last sample does."""
        only = len(self._plan) == 1

        def enough(trial: Trial | None) -> bool:
            if trial is None:
                return False
            return self._aim.keeps(trial.outcome) if only else self._aim.could_keep(trial.outcome, None)

        found: list[Trial] = []
        low, high = 0, len(form) - 1 if enough(largest) else 0
        while low < high:
            middle = (low + high + 1) // 2
            trial = self._trial(form[middle], 0, bench, step)
            found += [trial] if trial else []
            low, high = (middle, high) if enough(trial) else (low, middle - 1)
        return found

    def _larger(self, tried: list[Candidate]) -> list[Candidate]:
        """Give the next larger of each form, as the smallest that may keep a floor often does not."""
        if not self._aim.floors:
            return []
        forms: dict[str, list[Candidate]] = {}
        for candidate in self._first:
            forms.setdefault(candidate.form, []).append(candidate)
        near: dict[Candidate, None] = {}
        for candidate in tried:
            form = forms.get(candidate.form, [])
            place = form.index(candidate) if candidate in form else 0
            near |= dict.fromkeys(form[max(0, place - LARGER) : place])
        return [candidate for candidate in near if candidate not in tried]

    def _promising(
        self, found: list[Trial], before: dict[Candidate, Trial], most: int, families: bool
    ) -> list[Candidate]:
        if not found:
            raise next(iter(self.failed.values()))
        kept, why = survivors(found, before, self._aim, most, families)
        said = f"let go after {found[0].outcome.rows:,} rows"
        self.let_go |= {candidate: f"{said}: {reason}" for candidate, reason in why.items()}
        return kept

    def _measured(self, tried: Iterable[Candidate], number: int, step: Step) -> list[Trial]:
        """Measure candidates on one sample, those with the same first stage one after another."""
        ordered = sorted(tried, key=_grouped)
        bench = self._bench(number)
        bench.expect(ordered)
        return [trial for candidate in ordered if (trial := self._trial(candidate, number, bench, step))]

    def _trial(self, candidate: Candidate, number: int, bench: Bench, step: Step) -> Trial | None:
        self._done = min(self._done + 1, self.most - 1)
        step(self._done)
        try:
            outcome = bench.measure(candidate)
        except InvalidInput as error:
            self.failed[candidate] = error
            self.trials.pop(candidate, None)
            return None
        trial = Trial(candidate, self._grid.cost(candidate), outcome, number)
        self.trials[candidate] = trial
        self.let_go.pop(candidate, None)
        return trial

    def _last(self, tried: list[Candidate], step: Step) -> list[Trial]:
        """Measure on all rows.

        Where the fewest bytes win, the smallest come first, and the others are left once some keep the
        floors; then those come back that kept them when they were let go, as a plainer one did that now may
        not. Where nothing that is left keeps them, those come back that were let go for their size.
        """
        number = len(self._plan) - 1
        measured = self._ascending if self._aim.rule == "bytes" else self._measured
        found = measured(tried, number, step)
        if self._aim.rule == "bytes":
            found += self._ascending(self._smaller(found), number, step)
        if not any(self._aim.keeps(trial.outcome) for trial in found):
            found += measured(self._revived(found), number, step)
        if not found:
            raise next(iter(self.failed.values()))
        return found + self._pairs_of(found, step)

    def _pairs_of(self, found: list[Trial], step: Step) -> list[Trial]:
        if self._aim.rule != "speed":
            return []
        return self._measured(self._joined(found, step), len(self._plan) - 1, step)

    def _bench(self, number: int) -> Bench:
        last = 0 < number == len(self._plan) - 1
        return Bench(self._ground, self._plan[number], self._journal, alone=last)

    def _ascending(self, tried: list[Candidate], number: int, step: Step) -> list[Trial]:
        bench = self._bench(number)
        bench.expect(tried)
        found: list[Trial] = []
        behind = 0
        for candidate in sorted(tried, key=self._size):
            if behind > AFTER:
                break
            trial = self._trial(candidate, number, bench, step)
            if trial is not None:
                found.append(trial)
                behind += bool(behind or self._aim.keeps(trial.outcome))
        return found

    def _smaller(self, found: list[Trial]) -> list[Candidate]:
        """Give those smaller than any that keeps the floors which kept them when they were let go."""
        known = {trial.candidate for trial in found}
        least = min((t.bytes_per_vector for t in found if self._aim.keeps(t.outcome)), default=math.inf)
        left = [trial for candidate, trial in self.trials.items() if candidate not in known]
        left = [t for t in left if t.bytes_per_vector < least and self._aim.keeps(t.outcome)]
        return [trial.candidate for trial in by_quality(left)[:REVIVED]] if left else []

    def _revived(self, found: list[Trial]) -> list[Candidate]:
        """Give the best of what was let go although it may keep the floors."""
        known = {trial.candidate for trial in found}
        left = [trial for candidate, trial in self.trials.items() if candidate not in known]
        left = [trial for trial in left if self._aim.could_keep(trial.outcome, None)]
        return [trial.candidate for trial in by_quality(left)[:REVIVED]] if left else []

    def _joined(self, found: list[Trial], step: Step) -> list[Candidate]:
        """Give the promising pairs of a small codec, to search, with one that may keep the floors alone."""
        able = [trial for trial in found if self._aim.could_keep(trial.outcome, None)]
        able.sort(key=lambda trial: (trial.bytes_per_vector, trial.candidate.name))
        fine = list({trial.candidate.family: trial for trial in reversed(able)}.values())[::-1][:FINE]
        single = [t for t in self.trials.values() if t.candidate.refine is None]
        joined: list[Candidate] = []
        for one in fine:
            small = [t for t in single if t.bytes_per_vector <= COARSE_PART * one.bytes_per_vector]
            front = [t for t in small if not any(_ahead(other, t) for other in small)]
            front.sort(key=lambda trial: (-trial.bytes_per_vector, trial.candidate.name))
            joined += pairs([trial.candidate for trial in front[:COARSE]], [one.candidate], FACTORS)
        budget = self._aim.budget
        joined = [pair for pair in joined if budget is None or budget.allows(self._grid.cost(pair))]
        if not joined or len(self._plan) == 1:
            return joined
        number = len(self._plan) - 2
        tested = self._measured(joined, number, step)
        return self._promising(tested, {}, JOINED, False) if tested else []


def _ahead(other: Trial, trial: Trial) -> bool:
    """Say whether one takes no more bytes and finds more, as far as the same sample shows."""
    if other is trial or other.rung != trial.rung or other.bytes_per_vector > trial.bytes_per_vector:
        return False
    mine, theirs = trial.mean(RECALL), other.mean(RECALL)
    return theirs > mine or (theirs == mine and other.candidate.name < trial.candidate.name)


def _grouped(candidate: Candidate) -> tuple[str, str]:
    first = parse_codec(candidate.codecs[0], names()).stages[0]
    return first.name, candidate.name
