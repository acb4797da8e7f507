"""Why each candidate, and each family of them, is not the plan."""

from collections.abc import Mapping
from typing import Any

from lilliput.advisor.aim import Aim, Trial, worse
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.choose import by_quality, speed
from lilliput.advisor.floors import NDCG, RECALL
from lilliput.advisor.grid import Grid


def why_not(trial: Trial, chosen: Trial, aim: Aim, said: Mapping[Candidate, str]) -> str:
    """Say in a clause why a measured candidate is not the plan; nothing for the plan itself."""
    if trial.candidate == chosen.candidate:
        return ""
    if trial.candidate in said:
        return said[trial.candidate]
    for measure, least in aim.floors.items():
        value = aim.reached(trial.outcome, measure)
        if value < least - 1e-12:
            missed = "is" if measure == NDCG else "may be as low as"
            return f"{measure} {missed} {value:.3f}"
    more = _more(trial.bytes_per_vector - chosen.bytes_per_vector)
    if trial.rung < chosen.rung or aim.rule == "bytes":
        return more
    return _less(trial, chosen, aim) or f"as good within noise, {more}"


def families(
    trials: list[Trial], chosen: Trial, aim: Aim, said: Mapping[Candidate, str], grid: Grid
) -> list[dict[str, Any]]:
    """Give a sentence for each family, those that were measured and those that nothing of fits."""
    least = grid.smallest_of_family()
    found = []
    for family in dict.fromkeys([*least, *(trial.candidate.family for trial in trials)]):
        members = [trial for trial in trials if trial.candidate.family == family]
        best = _best(members, chosen, aim)
        found.append(
            {
                "family": family,
                "best": None if best is None else best.candidate.name,
                "why_not": _sentence(family, best, chosen, aim, said, grid, least.get(family)),
            }
        )
    return sorted(found, key=lambda one: (bool(one["why_not"]), one["family"]))


def _best(members: list[Trial], chosen: Trial, aim: Aim) -> Trial | None:
    """Give the member that came furthest, and of those the best by the rule."""
    if not members:
        return None
    if chosen in members:
        return chosen
    furthest = max(trial.rung for trial in members)
    members = [trial for trial in members if trial.rung == furthest]
    kept = [trial for trial in members if aim.keeps(trial.outcome)]
    if aim.rule == "quality" or not kept:
        return by_quality(members)[0]
    if aim.rule == "speed":
        return max(kept, key=lambda trial: speed(trial, aim))
    return min(kept, key=lambda trial: (trial.bytes_per_vector, trial.candidate.name))


def _sentence(
    family: str,
    best: Trial | None,
    chosen: Trial,
    aim: Aim,
    said: Mapping[Candidate, str],
    grid: Grid,
    least: tuple[Candidate, float] | None,
) -> str:
    if best is None:
        cause = "none of its forms could be measured" if least is None else _too_large(least, aim)
        return f"{family} lost: {cause}."
    if best.candidate == chosen.candidate:
        return ""
    reason = why_not(best, chosen, aim, said)
    plain = Candidate((family,))
    over = ""
    if aim.budget is not None and len(best.candidate.codecs) == 1 and best.candidate.length > 1:
        size = _plain_size(plain, grid)
        if size is not None and not aim.budget.allows(size):
            over = f"{size:,.0f} B a vector exceed the budget of {aim.budget.text}; "
    return f"{family} lost: {over}its best, '{best.candidate.name}', {_reached(best, chosen)}: {reason}."


def _reached(best: Trial, chosen: Trial) -> str:
    """Put both means side by side, where both were measured on the same rows."""
    measure = NDCG if NDCG in best.outcome.values else RECALL
    said = f"has a {measure} of {best.mean(measure):.3f}"
    if best.rung != chosen.rung:
        return f"{said} among {best.outcome.rows:,} rows"
    return f"{said} against {chosen.mean(measure):.3f}"


def _too_large(least: tuple[Candidate, float], aim: Aim) -> str:
    candidate, size = least
    if aim.budget is not None and not aim.budget.allows(size):
        return (
            f"its smallest form, '{candidate.spec}', takes {size:.4g} B and the budget is {aim.budget.text}"
        )
    return "none of its forms was worth measuring within the budget"


def _plain_size(plain: Candidate, grid: Grid) -> float | None:
    try:
        return grid.cost(plain)
    except ValueError:  # a family that is spelled with numbers
        return None


def _less(trial: Trial, chosen: Trial, aim: Aim) -> str:
    """Say what it has less of than the plan; nothing where that is noise."""
    if aim.rule == "speed":
        slower = 1 - speed(trial, aim) / speed(chosen, aim)
        return f"{slower:.0%} slower" if slower >= 0.005 else ""
    for measure in (NDCG, RECALL):
        mine, best = trial.outcome.values.get(measure), chosen.outcome.values.get(measure)
        if mine is not None and best is not None and worse(mine, best):
            return f"{measure} is {float(best.mean() - mine.mean()):.3f} lower"
    return ""


def _more(more: float) -> str:
    return f"{more:.2f} bytes more" if more > 0 else f"{-more:.2f} bytes fewer, and more stages"
