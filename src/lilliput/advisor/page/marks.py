"""The mark of a family: a colour and a shape, so that either alone tells families apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from lilliput.advisor.page.elements import Markup, el

COLOURS = 8
SHAPES = {
    "circle": "M-4.6 0a4.6 4.6 0 1 0 9.2 0a4.6 4.6 0 1 0-9.2 0z",
    "square": "M-4.2-4.2h8.4v8.4h-8.4z",
    "up": "M0-5.4 5.2 3.8H-5.2z",
    "diamond": "M0-5.8 5.8 0 0 5.8-5.8 0z",
    "down": "M0 5.4 5.2-3.8H-5.2z",
    "cross": "M-1.9-5.4h3.8v3.5h3.5v3.8h-3.5v3.5h-3.8v-3.5h-3.5v-3.8h3.5z",
    "bar": "M-5.6-2.3H5.6v4.6H-5.6z",
}


class Marks:
    """Which family has which mark; the same on the whole page.

    Parameters
    ----------
    plan:
        What `Plan.to_dict` gave.
    """

    def __init__(self, plan: Mapping[str, Any]) -> None:
        named = [each["family"] for each in plan["families"]] + [row["family"] for row in plan["table"]]
        self.families: Sequence[str] = list(dict.fromkeys(named))
        self._numbers = {family: number for number, family in enumerate(self.families)}

    def colour(self, family: str) -> str:
        """Give the class that colours a family."""
        return f"c{self._numbers[family] % COLOURS}"

    def shape(self, family: str) -> str:
        """Give the address of a family's shape."""
        return "#" + list(SHAPES)[self._numbers[family] % len(SHAPES)]

    def mark(self, family: str) -> Markup:
        """Draw the mark as it stands in text, where the name of the family follows."""
        shape = el("use", href=self.shape(family), x=8, y=8)
        return el("svg", shape, class_=f"mark {self.colour(family)}", width=16, height=16, aria_hidden="true")


def shapes() -> Markup:
    """Define every shape once for the page."""
    paths = [el("path", id=name, d=path) for name, path in SHAPES.items()]
    return el("svg", el("defs", paths), class_="shapes", width=0, height=0, aria_hidden="true")
