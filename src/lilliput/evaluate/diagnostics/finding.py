"""One thing that was found out about a set of vectors."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Concern = Literal["none", "note", "warn"]


@dataclass(frozen=True)
class Finding:
    """A figure, how to read it and what to do about it.

    Attributes
    ----------
    key:
        What programs call it.
    name:
        What people call it.
    value:
        The figure itself.
    text:
        The figure in words.
    meaning:
        One sentence that a reader can act on.
    concern:
        "none"; "note" for what is worth knowing; "warn" for what costs quality or bytes if nothing is done.
    """

    key: str
    name: str
    value: float
    text: str
    meaning: str
    concern: Concern = "none"

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain Python."""
        return asdict(self)


def graded(value: float, note: float, warn: float) -> Concern:
    """Grade a value that gets worse as it grows: from `note` on worth knowing, from `warn` on a cost."""
    return "warn" if value >= warn else "note" if value >= note else "none"


def percent(share: float) -> str:
    """Write a share as people do, small ones without hiding them.

    >>> percent(0.25), percent(0.004), percent(0.00001), percent(0)
    ('25 %', '0.4 %', 'less than 0.1 %', '0 %')
    """
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"
