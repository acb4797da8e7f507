"""How hard a search looks."""

from dataclasses import dataclass

MOST_CANDIDATES = 2**20  # a query: lists of them are held in memory


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
        return max(1, min(rows, max(k, min(MOST_CANDIDATES, round(k * self.refine)))))
