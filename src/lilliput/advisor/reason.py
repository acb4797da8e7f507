"""Why a plan is the plan, in sentences."""

from collections.abc import Mapping

from lilliput.advisor.aim import Aim, Trial
from lilliput.advisor.choose import ALIKE
from lilliput.advisor.floors import NDCG, RECALL

Forecast = Mapping[str, Mapping[str, float]]


def explain(trials: list[Trial], chosen: Trial, aim: Aim, forecast: Forecast) -> str:
    """Say what the choice is the best of, and what is to be expected of it."""
    wanted = " and ".join(f"{measure}={least:g}" for measure, least in aim.floors.items())
    budget = None if aim.budget is None else aim.budget.text
    if aim.rule == "speed":
        rule = (
            f"the fastest within {budget} that keeps {wanted}, or the smallest of those less than "
            f"{ALIKE - 1:.0%} apart by the clock"
        )
    elif aim.rule == "bytes":
        rule = f"the fewest bytes that keep {wanted}"
    else:
        quality = f"{NDCG} and {RECALL}" if NDCG in forecast else RECALL
        rule = f"the best {quality} within {budget}, and the fewest bytes of what is as good within noise"
    expected = "; ".join(
        f"{measure} is {found['mean']:.3f}, and from {found['low']:.3f} to {found['high']:.3f} "
        f"({found['level']:.0%}) for the mean over {found['fresh']:,.0f} fresh ones"
        for measure, found in forecast.items()
    )
    last = sum(trial.rung == chosen.rung for trial in trials)
    among = f" ({last} of them among all rows)" if last < len(trials) else ""
    return (
        f"'{chosen.candidate.name}' takes {chosen.bytes_per_vector:.2f} bytes a vector and is, of "
        f"{len(trials)} candidates measured{among}, {rule}. "
        f"On queries that had no part in the choice {expected}."
    )


def caveats(
    aim: Aim, total: int, used: int, forecast: Forecast, cost: Mapping[str, float], refine: int | None
) -> list[str]:
    """Say what to keep in mind."""
    fit, alone = _seconds(cost["build_seconds"]), _seconds(cost["latency_seconds"])
    said = [
        f"{aim.rows:,} vectors take {_size(cost['bytes'])} and about {fit} to fit and encode; a query takes "
        f"about {alone} alone, and in batches there are about {cost['queries_per_second']:,.0f} a second."
    ]
    if refine is not None:
        said.append(f"This is for search(..., refine={refine}).")
    if any(found.get("extrapolated") for found in forecast.values()):
        where = f"{used:,} of {total:,} rows" if used < total else f"the {used:,} rows here"
        said.append(
            f"Quality is extrapolated: it was measured among {where} and among parts of them, and followed "
            f"to {aim.rows:,} rows, where recall is lower than among few; the intervals are wider for it. "
            "Seconds are in proportion to the rows."
        )
    elif used < total:
        said.append(f"Measured among {used:,} of {total:,} rows.")
    for measure, least in aim.floors.items():
        if measure in forecast and forecast[measure]["low"] < least <= forecast[measure]["mean"]:
            said.append(f"The floor {measure}={least:g} is kept by the mean; the interval reaches below it.")
    return said


def _size(count: float) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:,.1f} {unit}"
    return f"{count:.0f} B"


def _seconds(count: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if count >= scale:
            return f"{count / scale:,.3g} {unit}"
    return f"{count * 1e6:,.0f} µs"
