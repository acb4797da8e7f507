"""Axes and labels: every value between the ends, no label on another, colours that can be read."""

import re
from importlib.resources import files
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.advisor.page.elements import el, text
from lilliput.advisor.page.labels import Chart, Wish
from lilliput.advisor.page.limits import HEIGHT, WIDTHS
from lilliput.advisor.page.marks import SHAPES
from lilliput.advisor.page.numbers import duration, size
from lilliput.advisor.page.scale import linear_scale, log_scale

STYLE = files("lilliput.advisor.page").joinpath("style.css").read_text(encoding="utf-8")


@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=20))
def test_log_axis_spans_what_it_shows(values: list[float]) -> None:
    """Every size lies on the axis, in order, between powers of two."""
    scale = log_scale(values)
    places = [scale.at(value) for value in sorted(values)]

    assert scale.low <= min(values) <= max(values) <= scale.high
    assert all(0 <= place <= 100 for place in places)
    assert sorted(places) == places
    assert 2 <= len(scale.ticks) <= 12


@given(st.floats(0, 1), st.floats(0, 1))
def test_straight_axis_spans_what_it_shows(a: float, b: float) -> None:
    """Ends are ticks, ticks are evenly spaced, and both values lie inside."""
    low, high = min(a, b), max(a, b)

    scale = linear_scale(low, high)

    room = 1e-6 * (scale.high - scale.low)
    assert scale.low <= low + room
    assert high <= scale.high + room
    assert 2 <= len(scale.ticks) <= 10
    assert len({round((y - x) / (scale.high - scale.low), 4) for x, y in pairwise(scale.ticks)}) == 1


@pytest.mark.parametrize("kind", ["wide", "narrow"])
@pytest.mark.parametrize("seed", range(5))
def test_labels_do_not_cover_one_another(kind: str, seed: int) -> None:
    """At any width of the kind, not only at those that were tried, no two boxes of letters meet."""
    rng = np.random.default_rng(seed)
    points = sorted(zip(rng.uniform(0, 100, 30), rng.uniform(0, 100, 30), strict=True))
    chart = Chart(WIDTHS[kind], HEIGHT)
    wishes = [Wish(x, y, "pca192,int8"[: rng.integers(3, 12)]) for x, y in points]

    placed = [(wish, spot) for wish in wishes if (spot := chart.place(wish)) is not None]

    assert len(placed) >= 5
    for width in range(min(WIDTHS[kind]), max(WIDTHS[kind]), 7):
        boxes = []
        for wish, spot in placed:
            long = 6.6 * len(wish.text)
            left = (
                wish.x * width / 100 + spot.right - long * {"start": 0, "middle": 0.5, "end": 1}[spot.anchor]
            )
            base = wish.y * HEIGHT / 100 + spot.down
            boxes.append((left, base - 9, left + long, base + 2))
        for a, b in combinations(boxes, 2):
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_a_label_that_must_stand_stands() -> None:
    """Where all room is taken the chosen point is named all the same."""
    chart = Chart((300,), 100)
    chart.block(50, 50, 400)

    assert chart.place(Wish(50, 50, "int8")) is None
    assert chart.place(Wish(50, 50, "int8", must=True)) is not None


def test_elements_escape() -> None:
    """Text, attributes and half a character cannot become markup."""
    assert '<b title="&quot;&gt;">&lt;i&gt; ?</b>' == el("b", "<i> \ud800", title='">')
    assert "&amp;lt;" == text("&lt;")


def test_figures_keep_their_unit() -> None:
    """Units change where a person would change them."""
    assert ["0 B", "999 B", "1 kB", "12.3 MB", "2 TB"] == [size(n) for n in (0, 999, 1000, 12_345_678, 2e12)]
    assert ["0.5 µs", "20 µs", "1.5 s", "1 min 0 s"] == [duration(t) for t in (5e-7, 2e-5, 1.5, 60)]


def palette(block: str) -> dict[str, str]:
    """The colours that a block of the style sheet names."""
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", block))


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    """Contrast after WCAG 2."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "paper"])
def test_colours_can_be_read(number: int) -> None:
    """Text reaches the contrast of AA on every ground it stands on, marks and lines that of graphics."""
    colours = palette(re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[number])

    for name in ("text", "soft", "accent", "floor", "budget", "exact", "warn"):
        assert contrast(colours[name], colours["page"]) >= 4.5, name
    for ground in ("raised", "tint"):
        assert contrast(colours["text"], colours[ground]) >= 4.5
        assert contrast(colours["soft"], colours[ground]) >= 4.5
    for family in range(8):
        assert contrast(colours[f"c{family}"], colours["page"]) >= 3, family


def test_families_differ_by_shape_as_well() -> None:
    """Shapes and colours go round at different paces, so that 56 families have marks of their own."""
    assert 56 == len({(n % 8, n % len(SHAPES)) for n in range(56)})
