"""Why a plan is the plan, in sentences."""

from collections.abc import Mapping

from lilliput.advisor.choose import Trial, name
from lilliput.advisor.floors import NDCG, RECALL

Forecast = Mapping[str, Mapping[str, float]]


def explain(
    trials: list[Trial], chosen: Trial, budget: str | None, floors: Mapping[str, float], forecast: Forecast
) -> str:
    """Say what the choice is the best of, and what is to be expected of it."""
    wanted = " and ".join(f"{measure}={least:g}" for measure, least in floors.items())
    quality = RECALL if chosen.outcome.ndcg is None else f"{NDCG} and {RECALL}"
    if budget is not None and floors:
        rule = f"the fastest within {budget} that keeps {wanted}, or the smallest of those about as fast"
    elif floors:
        rule = f"the fewest bytes that keep {wanted}"
    else:
        rule = f"the best {quality} within {budget}, and the fewest bytes of what is as good within noise"
    expected = "; ".join(
        f"{measure} is {found['mean']:.3f}, and from {found['low']:.3f} to {found['high']:.3f} "
        f"({found['level']:.0%}) for the mean over {found['fresh']:,.0f} fresh ones"
        for measure, found in forecast.items()
    )
    return (
        f"'{name(chosen.candidate)}' takes {chosen.bytes_per_vector:.2f} bytes a vector and is, of "
        f"{len(trials)} candidates measured, {rule}. On queries that had no part in the choice {expected}."
    )


def caveats(
    rows: int, total: int, used: int, floors: Mapping[str, float], forecast: Forecast, refine: int | None
) -> str:
    """Say what to keep in mind; empty when there is nothing."""
    said = []
    if refine is not None:
        said.append(f"This is for search(..., refine={refine}).")
    if used < total:
        said.append(f"Measured among {used:,} of {total:,} rows: among all of them recall is somewhat lower.")
    elif rows > total:
        said.append(
            f"Bytes and speed are for {rows:,} rows; recall is for the {total:,} here and falls as rows come."
        )
    for measure, least in floors.items():
        if forecast.get(measure, {"mean": least})["mean"] < least:
            said.append(f"The queries that measured found less than the floor of {measure}={least:g}.")
    return " ".join(said)
