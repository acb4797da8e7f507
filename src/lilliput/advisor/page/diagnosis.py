"""What was found about the vectors themselves: figures with their meaning, spectrum and histograms."""

from collections.abc import Mapping, Sequence
from typing import Any

from lilliput.advisor.page.chart import across, bars, drawing, line, stretched, up
from lilliput.advisor.page.elements import Markup, el
from lilliput.advisor.page.numbers import few, figures, share
from lilliput.advisor.page.scale import linear_scale, log_scale

Plain = Mapping[str, Any]
CONCERNS = {"none": ("✓", "fine"), "note": ("i", "note"), "warn": ("!", "attention")}
TITLES = {
    "norm": ("Lengths of the rows", "length"),
    "neighbour_count": ("How often rows are neighbours", "times"),
}


def diagnosis(found: Plain) -> list[Markup]:
    """Tell the findings, the ones that need attention first, and draw what has a shape."""
    order = list(reversed(CONCERNS))
    findings = sorted(found["findings"], key=lambda each: order.index(each["concern"]))
    drawn = [_spectrum(found["spectrum"])] if found["spectrum"] else []
    drawn += [_histogram(key, each) for key, each in found["histograms"].items() if sum(each["counts"])]
    return [el("ul", map(_finding, findings), class_="findings"), el("div", drawn, class_="pair")]


def _finding(finding: Plain) -> Markup:
    sign, word = CONCERNS[finding["concern"]]
    return el(
        "li",
        el("span", el("span", sign, aria_hidden="true"), f" {word}", class_=f"badge {finding['concern']}"),
        el("h3", finding["name"]),
        el("p", finding["text"], class_="value"),
        el("p", finding["meaning"]),
    )


def _spectrum(pairs: Sequence[tuple[int, float]]) -> Markup:
    sizes, shares = log_scale([k for k, _ in pairs]), linear_scale(0, 1, wanted=5)
    path = "L".join(f"{sizes.at(k):g} {100 - shares.at(part):g}" for k, part in pairs)
    half = next((k for k, part in pairs if part >= 0.5), pairs[-1][0])
    return el(
        "figure",
        el("h3", "Variance by directions"),
        drawing(
            "spectrum",
            "Share of variance by number of directions",
            "; ".join(f"{k}: {part:.0%}" for k, part in pairs),
            across(sizes, few, "directions (log scale)"),
            up(shares, lambda value: f"{value:.0%}", "share of variance"),
            stretched(f"M{path}", "curve"),
            class_="histogram spectrum",
        ),
        el("figcaption", f"The first {half:,} of {pairs[-1][0]:,} directions hold at least half of it."),
    )


def _histogram(key: str, found: Plain) -> Markup:
    edges, counts = found["edges"], found["counts"]
    title, axis = TITLES.get(key, (key.replace("_", " ").capitalize(), key.replace("_", " ")))
    scale = linear_scale(edges[0], edges[-1], wanted=5)
    peak = max(range(len(counts)), key=counts.__getitem__)
    return el(
        "figure",
        el("h3", title),
        drawing(
            f"histogram-{key}",
            title,
            f"{sum(counts):,} rows from {figures(edges[0])} to {figures(edges[-1])}",
            across(scale, figures, axis),
            bars(edges, counts, scale, max(counts)),
            line(0, 100, 100, 100, "base"),
            class_="histogram",
        ),
        el(
            "figcaption",
            f"The highest bar, from {figures(edges[peak])} to {figures(edges[peak + 1])}, "
            f"holds {share(counts[peak], sum(counts))} of the rows.",
        ),
    )


def title(found: Plain) -> str:
    """Say what was looked at."""
    return f"{found['rows']:,} vectors of {found['dim']:,} numbers"


def manner(found: Plain) -> str:
    """Say how it was looked at."""
    looked = f", on a sample of {found['sample']:,}" if found["sample"] < found["rows"] else ""
    return f"By {found['metric']}{looked}."
