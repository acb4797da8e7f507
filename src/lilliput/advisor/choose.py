"""The rules: which of the measured candidates are asked for, and which may be let go."""

from collections.abc import Iterable

from lilliput.advisor.aim import LEVEL, Aim, Trial, surely_worse, worse
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.floors import NDCG, RECALL
from lilliput.codecs.registry import names
from lilliput.errors import InvalidInput
from lilliput.spec import parse_codec

IDLE = 0.002  # a stage that gains no more is idle
ALIKE = 1.15  # speeds that differ by less are level: clocks are no better


def eligible(trials: list[Trial], aim: Aim) -> list[Trial]:
    """Give the trials among which bytes decide, and of equal bytes fewer stages, and then the name.

    A budget and floors: those that keep the floors and are about as fast as the fastest. Floors alone: those
    that keep them. A budget alone: those that no other beats beyond noise.
    """
    kept = [trial for trial in trials if aim.keeps(trial.outcome)]
    if not kept:
        return []
    if aim.rule == "quality":
        return best_quality(kept)
    if aim.rule == "speed":
        kept = without_idle_stages(kept)
        fastest = max(speed(trial, aim) for trial in kept)
        return [trial for trial in kept if speed(trial, aim) * ALIKE >= fastest]
    return kept


def in_order(trials: list[Trial], aim: Aim) -> list[Trial]:
    """Give the trials that keep what must be kept, the choice first, then what would be chosen without it."""
    left = list(trials)
    order: list[Trial] = []
    while True:
        level = eligible(left, aim)
        if not level:
            return order
        level.sort(key=_small)
        taken = level if aim.rule == "bytes" else level[:1]
        order += taken
        left = [trial for trial in left if trial not in taken]


def choose(trials: list[Trial], aim: Aim) -> Trial:
    """Pick one trial.

    Raises
    ------
    InvalidInput
        When none keeps the floors; the message says what was reached.
    """
    level = eligible(trials, aim)
    if not level:
        raise InvalidInput(out_of_reach(trials, aim))
    return min(level, key=_small)


def best_quality(trials: list[Trial]) -> list[Trial]:
    """Give the trials that no other beats beyond noise: by nDCG where there are judgments, then by recall."""
    judged = [trial for trial in trials if trial.outcome.values.get(NDCG) is not None]
    if judged:
        top = max(judged, key=lambda trial: trial.mean(NDCG))
        trials = [t for t in judged if not worse(t.outcome.values[NDCG], top.outcome.values[NDCG])]
    top = max(trials, key=lambda trial: trial.mean(RECALL))
    return [t for t in trials if not worse(t.outcome.values[RECALL], top.outcome.values[RECALL])]


def by_quality(trials: list[Trial]) -> list[Trial]:
    """Order trials: those whose nDCG may be the best first, then by recall, then by bytes."""
    top = max(trials, key=lambda trial: trial.mean(NDCG)).outcome.values.get(NDCG)
    return sorted(
        trials,
        key=lambda t: (surely_worse(t.outcome.values.get(NDCG), top), -t.mean(RECALL), *_small(t)),
    )


def survivors(
    trials: list[Trial], before: dict[Candidate, Trial], aim: Aim, most: int, families: bool
) -> tuple[list[Candidate], dict[Candidate, str]]:
    """Give the candidates that a larger sample has to tell apart, and why the others are let go.

    None is let go that lies within noise of the best, but for the most there may be; and where `families`
    are kept, the best of each stays in any case, so that what it loses by is measured well.
    """
    ordered = by_quality(trials)
    why: dict[Candidate, str] = {}
    if aim.floors:
        earlier = {candidate: trial.outcome for candidate, trial in before.items()}
        alive = [t for t in ordered if aim.could_keep(t.outcome, earlier.get(t.candidate))]
        why |= {t.candidate: _hopeless(t, aim) for t in ordered if t not in alive}
        alive = alive or ordered[:1]
    else:
        why |= {t.candidate: _behind(t, ordered[0]) for t in ordered if beaten(t, ordered[0])}
        alive = [t for t in ordered if t.candidate not in why]
    useful = without_idle_stages(alive)
    why |= {t.candidate: "a stage of it gains nothing" for t in alive if t not in useful}
    if aim.rule != "quality":
        useful.sort(key=_small if aim.rule == "bytes" else lambda t: (-speed(t, aim), *_small(t)))
    kept = [trial.candidate for trial in useful[:most]]
    why |= {t.candidate: f"{most} others were more promising" for t in useful[most:]}
    seen = {candidate.family for candidate in kept} if families else {t.candidate.family for t in trials}
    for trial in [*useful, *ordered]:
        if trial.candidate.family not in seen:
            seen.add(trial.candidate.family)
            kept.append(trial.candidate)
    return kept, {candidate: why[candidate] for candidate in why if candidate not in kept}


def beaten(trial: Trial, top: Trial, by: float = 0.0) -> bool:
    """Say whether a trial is beyond doubt worse than another, and by more than so much."""
    mine, best = trial.outcome.values, top.outcome.values
    if top.mean(NDCG) - trial.mean(NDCG) > by and surely_worse(mine.get(NDCG), best.get(NDCG)):
        return True
    # What finds other rows than the nearest may be right to do so, if judgments say so.
    if trial.mean(NDCG) > top.mean(NDCG) or top.mean(RECALL) - trial.mean(RECALL) <= by:
        return False
    return surely_worse(mine[RECALL], best[RECALL])


def speed(trial: Trial, aim: Aim) -> float:
    """Give the queries a second at full size."""
    return trial.outcome.queries_per_second(aim.rows)


def out_of_reach(trials: Iterable[Trial], aim: Aim, level: float = LEVEL) -> str:
    """Say that floors cannot be kept, and what can, with intervals of a level."""
    wanted = " and ".join(f"{measure}={least:g}" for measure, least in aim.floors.items())
    best = []
    for measure in aim.floors:
        top = max(trials, key=lambda trial: aim.reached(trial.outcome, measure, level))
        best.append(f"{measure}={aim.reached(top.outcome, measure, level):.4f} ('{top.candidate.name}')")
    where = "" if aim.budget is None else f" within {aim.budget.text}"
    relief = "lower the floor" if aim.budget is None else "lower the floor or raise the budget"
    return (
        f"No candidate{where} is sure to keep {wanted}; the best is sure of {' and '.join(best)}; {relief}."
    )


def _small(trial: Trial) -> tuple[float, int, str]:
    return trial.bytes_per_vector, trial.candidate.length, trial.candidate.name


def _hopeless(trial: Trial, aim: Aim) -> str:
    said = [f"{m} is {trial.mean(m):.3f}" for m, least in aim.floors.items() if trial.mean(m) < least]
    return " and ".join(said) or "the floors are out of reach at full size"


def _behind(trial: Trial, top: Trial) -> str:
    measure = NDCG if surely_worse(trial.outcome.values.get(NDCG), top.outcome.values.get(NDCG)) else RECALL
    gap = top.mean(measure) - trial.mean(measure)
    return f"{measure} is {gap:.3f} below that of '{top.candidate.name}'"


def without_idle_stages(trials: list[Trial]) -> list[Trial]:
    """Leave out what is a simpler candidate of as few bytes with stages that gain nothing."""
    by_name = {trial.candidate.codecs: trial for trial in trials}
    kept = []
    for trial in trials:
        plainer = (by_name.get(codecs) for codecs in _without_a_stage(trial.candidate))
        if not any(other is not None and _as_good(other, trial) for other in plainer):
            kept.append(trial)
    return kept


def _as_good(plain: Trial, trial: Trial) -> bool:
    if plain.bytes_per_vector > trial.bytes_per_vector:
        return False
    mine, other = trial.outcome.values, plain.outcome.values
    return not any(worse(other[measure], mine[measure], most=IDLE) for measure in mine)


def _without_a_stage(candidate: Candidate) -> list[tuple[str, ...]]:
    """Spell the codecs of a candidate with one transform left out."""
    if len(candidate.codecs) != 1:
        return []
    stages = parse_codec(candidate.codecs[0], names()).stages
    left_out = [stages[:at] + stages[at + 1 :] for at in range(len(stages) - 1)]
    return [(",".join(map(str, left)),) for left in left_out]
