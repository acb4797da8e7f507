"""Labels in a chart whose width is the reader's: placed where none covers another at any width."""

from collections.abc import Sequence
from dataclasses import dataclass

LETTER, ABOVE, BELOW = 6.7, 10.0, 4.0  # of a letter of the charts' fixed-width text, in pixels
GAP = 2.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Spot:
    """Where a label may stand, seen from its point: pixels right and down, and the end that is there."""

    right: float
    down: float
    anchor: str


BESIDE = (
    Spot(-9, -7, "end"),
    Spot(0, -12, "middle"),
    Spot(10, 14, "start"),
    Spot(11, 4, "start"),
    Spot(-11, 4, "end"),
    Spot(9, -8, "start"),
    Spot(0, 20, "middle"),
    Spot(-9, 15, "end"),
    Spot(-16, -22, "end"),
    Spot(14, 28, "start"),
)


@dataclass(frozen=True)
class Wish:
    """A label that somebody wants.

    Attributes
    ----------
    x, y:
        Its point, in percent of the chart.
    text:
        What it says.
    spots:
        Where it may stand, the best first.
    must:
        Whether it stands at the first spot that lies inside if there is room nowhere.
    """

    x: float
    y: float
    text: str
    spots: Sequence[Spot] = BESIDE
    must: bool = False


class Chart:
    """Room for labels in a chart of one height and any of some widths.

    Parameters
    ----------
    widths, height:
        In pixels. What is free at two widths is nearly always free between them, because points move apart.
    """

    def __init__(self, widths: Sequence[float], height: float) -> None:
        self._widths = widths
        self._height = height
        self._taken: list[list[Box]] = [[] for _ in widths]

    def block(self, x: float, y: float, radius: float) -> None:
        """Keep labels off a point."""
        for width, taken in zip(self._widths, self._taken, strict=True):
            across, down = x * width / 100, y * self._height / 100
            taken.append((across - radius, down - radius, across + radius, down + radius))

    def place(self, wish: Wish) -> Spot | None:
        """Take the first spot that is free at every width; None when there is none."""
        inside = [spot for spot in wish.spots if self._inside(wish, spot)]
        free = (spot for spot in inside if self._free(wish, spot))
        spot = next(free, inside[0] if inside and wish.must else None)
        if spot is not None:
            for width, taken in zip(self._widths, self._taken, strict=True):
                taken.append(self._box(wish, spot, width))
        return spot

    def _box(self, wish: Wish, spot: Spot, width: float) -> Box:
        length = LETTER * len(wish.text)
        left = wish.x * width / 100 + spot.right - length * {"start": 0, "middle": 0.5, "end": 1}[spot.anchor]
        base = wish.y * self._height / 100 + spot.down
        return left - GAP, base - ABOVE - GAP, left + length + GAP, base + BELOW + GAP

    def _inside(self, wish: Wish, spot: Spot) -> bool:
        boxes = [self._box(wish, spot, width) for width in self._widths]
        return all(
            left >= 0 and right <= width and top >= -14 and bottom <= self._height
            for width, (left, top, right, bottom) in zip(self._widths, boxes, strict=True)
        )

    def _free(self, wish: Wish, spot: Spot) -> bool:
        return not any(
            _meet(self._box(wish, spot, width), other)
            for width, taken in zip(self._widths, self._taken, strict=True)
            for other in taken
        )


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
