"""Axes: where a value lies between the ends, in percent, and which values get a tick."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 2.5, 5, 10)
PARTS = (
    (1.5, (1, 1.25, 1.5, 1.75)),
    (3.5, (1, 1.5)),
    (math.inf, (1,)),
)  # of an octave, by how many there are


@dataclass(frozen=True)
class Scale:
    """A straight or logarithmic axis.

    Attributes
    ----------
    low, high:
        The values at its ends.
    ticks:
        The values that are named.
    log:
        Whether equal distances are equal ratios.

    Examples
    --------
    >>> sizes = log_scale([20.0, 1536.0])
    >>> sizes.ticks
    (16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0)
    >>> linear_scale(0.41, 1.0).ticks
    (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def at(self, value: float) -> float:
        """Give the place of a value, in percent; what lies outside is put on the end."""
        low, high = self._turn(self.low), self._turn(self.high)
        inside = min(max(value, self.low), self.high)
        return round(100 * (self._turn(inside) - low) / (high - low), 4)

    def _turn(self, value: float) -> float:
        return math.log2(value) if self.log else value


def log_scale(values: Sequence[float]) -> Scale:
    """Span positive values from tick to tick: powers of two, and eighths between them where there is room."""
    low, high = math.log2(min(values)), math.log2(max(values))
    parts = next(known for span, known in PARTS if high - low < span)
    step = max(1, math.ceil((high - low) / 10))
    powers = range(math.floor(low) - step, math.ceil(high) + step + 1, step)
    ticks = [2.0**power * part for power in powers for part in parts]
    first = max(number for number, tick in enumerate(ticks) if tick <= min(values))
    last = min(number for number, tick in enumerate(ticks) if tick >= max(values))
    if first == last:
        first, last = first - 1, last + 1
    return Scale(ticks[first], ticks[last], tuple(ticks[first : last + 1]), log=True)


def linear_scale(low: float, high: float, wanted: int = 6) -> Scale:
    """Span low to high, rounded outwards to the ticks; what is all but one value stands at the end."""
    if high - low < 1e-6 * max(abs(high), 1e-2):
        low = high - 0.1 * max(abs(high), 1e-2)
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * each for each in STEPS if power * each >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(step * number, 10) for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks)
