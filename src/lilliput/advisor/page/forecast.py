"""The forecast: what fresh queries will find, as intervals beside what was asked for."""

from collections.abc import Iterator, Mapping
from typing import Any

from lilliput.advisor.page.chart import drawing, letters, line, percent
from lilliput.advisor.page.elements import Markup, el
from lilliput.advisor.page.numbers import figures, measure_name, quality
from lilliput.advisor.page.scale import Scale, linear_scale

Plain = Mapping[str, Any]


def forecast(plan: Plain) -> Markup:
    """Draw an interval for each measure, and say what the bars mean."""
    meanings = dict.fromkeys(_meaning(plan, found) for found in plan["forecast"].values())
    return el(
        "div",
        [el("p", words, class_="note") for words in meanings],
        [el("div", _measure(plan, name), class_="measure") for name in plan["forecast"]],
        class_="forecast",
    )


def _measure(plan: Plain, name: str) -> Iterator[Markup]:
    found = plan["forecast"][name]
    marks = {"floor": plan["floors"].get(name), "exact": plan["baseline"].get(name)}
    yield el("h3", f"{measure_name(name)} ", el("span", quality(found), class_="value"))
    yield _bar(name, found, {kind: value for kind, value in marks.items() if value is not None})
    if marks["floor"] is not None:
        place = (
            "above"
            if marks["floor"] > found["high"]
            else "below"
            if marks["floor"] < found["low"]
            else "inside"
        )
        yield el("p", f"The floor of {marks['floor']:g} lies {place} the bar.", class_="note")


def _bar(name: str, found: Mapping[str, float], marks: Mapping[str, float]) -> Markup:
    ends = [found["low"], found["high"], *marks.values()]
    room = 0.3 * (max(ends) - min(ends)) or 0.01
    scale = linear_scale(max(0.0, min(ends) - room), min(1.0, max(ends) + room), wanted=5)
    low, mean, high = (scale.at(found[key]) for key in ("low", "mean", "high"))
    return drawing(
        f"forecast-{name.replace('@', '-')}",
        f"Forecast of {measure_name(name)}",
        quality(found) + "".join(f"; {kind} {value:.3f}" for kind, value in marks.items()),
        _ticks(scale),
        [line(scale.at(value), 0, scale.at(value), 100, f"limit {kind}") for kind, value in marks.items()],
        _names(scale, marks),
        el("rect", x=percent(low), y="36%", width=percent(high - low), height="28%", class_="interval"),
        el("circle", cx=percent(mean), cy="50%", r=6, class_="mean"),
        class_="bar-chart",
    )


def _ticks(scale: Scale) -> Iterator[Markup]:
    yield line(0, 100, 100, 100, "base")
    for number, tick in enumerate(scale.ticks):
        x = scale.at(tick)
        last = number == len(scale.ticks) - 1
        anchor = "start" if number == 0 else "end" if last else "middle"
        rare = None if number in (0, len(scale.ticks) - 1) or len(scale.ticks) < 5 else "wide"
        yield line(x, 93, x, 100, "base")
        yield letters(figures(tick), x, 100, down=16, anchor=anchor, class_=rare)


def _names(scale: Scale, marks: Mapping[str, float]) -> Iterator[Markup]:
    """Name the marks above, the left one to the left, so that the names part."""
    placed = sorted((scale.at(value), f"{kind} {value:.3g}", kind) for kind, value in marks.items())
    for number, (x, words, kind) in enumerate(placed):
        left = x > 80 or (x > 20 and number == 0)
        yield letters(
            words,
            x,
            0,
            right=-5 if left else 5,
            down=9,
            anchor="end" if left else "start",
            class_=f"label {kind}",
        )


def _meaning(plan: Plain, found: Plain) -> str:
    said = (
        f"A bar holds the mean over {found['fresh']:,.0f} fresh queries with a probability of "
        f"{found['level']:.0%}. It comes from {found['queries']:,.0f} queries that had no part in the choice."
    )
    if found["extrapolated"]:
        said += (
            f" It is extrapolated: the queries searched {plan['measured_rows']:,} rows, "
            f"and the index will hold {plan['rows']:,}."
        )
    return said
