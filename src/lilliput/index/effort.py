"""How hard a search looks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """The knobs of one search.

    Attributes
    ----------
    refine:
        Candidates that the refine codes rank, as a multiple of k.
    """

    refine: float = 1.0

    def candidates(self, k: int, rows: int) -> int:
        """Give how many candidates k results need, of as many rows."""
        return max(1, min(rows, max(k, round(k * self.refine))))
