"""The candidates: what is registered, combined, within the budget.

A codec is a shape or none, a shortener or none, a spreader or none, and a quantiser, each in the spellings
that its class calls worth trying. Whatever is registered is here; nothing is named.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import product

import numpy as np

from lilliput.advisor.budget import Budget
from lilliput.advisor.candidates import Candidate
from lilliput.codecs.base import Metric, Quantiser, QueryLearner, Role, Transform
from lilliput.codecs.registry import build, names, stage_class, variants
from lilliput.errors import InvalidInput
from lilliput.index.structure import STRUCTURES
from lilliput.spec import parse_codec

WITHIN_BUDGET = 3  # candidates of one form, where more bytes are better
LADDER = 10  # candidates of one form, where fewer bytes are better
ENOUGH = 0.35  # of the budget: whatever is smaller leaves too much of it


class Grid:
    """Everything that could be measured on vectors of one width.

    Parameters
    ----------
    dim, metric:
        Of the vectors.
    rows:
        How many vectors share the directions, means and signs.
    fit_rows:
        How many rows stages are fitted on; None: as many as they want.
    judged:
        Whether there are judgments. Only they can show that a stage that moves vectors to another space
        changes what is near for the better.
    asked:
        Whether there are queries to learn from.
    """

    def __init__(
        self,
        dim: int,
        metric: Metric,
        rows: int,
        *,
        fit_rows: int | None = None,
        judged: bool = False,
        asked: bool = False,
    ) -> None:
        self.dim, self.metric, self.rows = dim, metric, rows
        self._fit_rows, self._judged, self._asked = fit_rows, judged, asked

    def cost(self, candidate: Candidate) -> float:
        """Give the bytes a vector takes."""
        return candidate.bytes_per_vector(self.dim, self.metric, self.rows)

    def singles(self, budget: Budget | None = None, *, ladder: bool = True) -> list[Candidate]:
        """List codecs without refinement that are within the budget.

        Parameters
        ----------
        budget:
            None allows everything.
        ladder:
            Whether smaller candidates may win: then sizes of each form stand evenly from the largest to the
            smallest. If not, only the largest of each form are listed.

        Returns
        -------
        list of Candidate
            The same list for the same arguments, each once, by falling bytes.
        """
        forms: dict[str, dict[Candidate, float]] = {}
        for candidate in self._all(budget):
            size = self._size(candidate)
            if size is not None and (budget is None or budget.allows(size)):
                forms.setdefault(candidate.form, {})[candidate] = size
        kept = [c for form in forms.values() for c in (_rungs(form) if ladder else _largest(form, budget))]
        return sorted(kept, key=lambda candidate: (-self.cost(candidate), candidate.name))

    def smallest(self) -> tuple[Candidate, float]:
        """Give the candidate of fewest bytes that any budget could allow, and its bytes a vector."""
        sizes = {candidate: self._size(candidate) for candidate in self._all(None)}
        least = min(
            (size, candidate.length, candidate.name, candidate)
            for candidate, size in sizes.items()
            if size is not None
        )
        return least[-1], least[0]

    def smallest_of_family(self) -> dict[str, tuple[Candidate, float]]:
        """Give each family's candidate of fewest bytes, and its bytes a vector."""
        best: dict[str, tuple[Candidate, float]] = {}
        for candidate in self._all(None):
            size = self._size(candidate)
            if size is not None and (candidate.family not in best or size < best[candidate.family][1]):
                best[candidate.family] = candidate, size
        return best

    def _all(self, budget: Budget | None) -> Iterator[Candidate]:
        """Yield every combination, also those that are too large or cannot be made."""
        quantisers = sorted(names("quantiser"))
        for head in self._heads():
            for shortener in (None, *self._stages("shorten")):
                if head and shortener:
                    continue  # every shape with every length would be more of a search than of a choice
                for spreader in ("",) if head else ("", *self._spellings("spread")):
                    before: dict[Role, object] = {"shape": head, "shorten": shortener, "spread": spreader}
                    used = {role for role, stage in before.items() if stage}
                    for quantiser in quantisers:
                        if not used <= gains_by(quantiser):
                            continue
                        for short, tail in self._joined(head, shortener, spreader, quantiser, budget):
                            text = ",".join(part for part in (head, short, spreader, tail) if part)
                            yield from (Candidate((text,), None, kind) for kind in structures())

    def _heads(self) -> Iterable[str]:
        return ("", *self._spellings("shape"))

    def _joined(
        self, head: str, shortener: str | None, spreader: str, quantiser: str, budget: Budget | None
    ) -> Iterator[tuple[str, str]]:
        """Yield spellings of a shortener with those of a quantiser of what it leaves."""
        if shortener is None:
            yield from (("", tail) for tail in variants("quantiser", self.dim).get(quantiser, ()))
            return
        shorts = list(variants("transform", self.dim)[shortener])
        for short in shorts:
            kept = _out_dim(short, self.dim)
            yield from ((short, tail) for tail in variants("quantiser", kept).get(quantiser, ()))
        if budget is None:
            return
        for tail in variants("quantiser", self.dim).get(quantiser, ()):
            fitting = self._fitting(shortener, spreader, tail, budget)
            if fitting is not None:
                yield fitting, tail

    def _fitting(self, shortener: str, spreader: str, tail: str, budget: Budget) -> str | None:
        """Give the shortener that keeps as many numbers as the budget allows."""

        def allowed(kept: int) -> bool:
            text = ",".join(part for part in (f"{shortener}{kept}", spreader, tail) if part)
            size = self._size(Candidate((text,)))
            return size is not None and budget.allows(size)

        most = largest(allowed, self.dim - 1)
        return f"{shortener}{most}" if most >= 1 else None

    def _stages(self, role: Role) -> list[str]:
        """List the registered transforms of a role that the judgments and queries there are can speak for."""
        found = []
        for name in variants("transform", self.dim):
            stage = stage_class(name)
            if not issubclass(stage, Transform) or stage.role != role:
                continue
            asks = issubclass(stage, QueryLearner) and self.metric not in stage.unasked
            if (stage.keeps_scores or self._judged) and (self._asked or not asks):
                found.append(name)
        return found

    def _spellings(self, role: Role) -> list[str]:
        return [text for name in self._stages(role) for text in variants("transform", self.dim)[name]]

    def _size(self, candidate: Candidate) -> float | None:
        """Give its bytes a vector; None where the stages do not go together or lack rows to be fitted on."""
        try:
            if self._fit_rows is not None:
                for codec in candidate.codecs:
                    _check_fit(codec, self.dim, self._fit_rows)
            return self.cost(candidate)
        except InvalidInput:
            return None


def pairs(coarse: Iterable[Candidate], fine: Iterable[Candidate], factors: Iterable[int]) -> list[Candidate]:
    """Join search codecs with codecs that rank their results again.

    They save time and never bytes: the refine codec alone takes fewer and ranks as well.
    """
    return [
        Candidate((first.codecs[0], second.codecs[0]), refine, first.structure)
        for first, second, refine in product(coarse, fine, factors)
        if first.codecs != second.codecs
    ]


def gains_by(quantiser: str) -> frozenset[Role]:
    """Give the roles of the transforms that are worth trying before a quantiser.

    Examples
    --------
    >>> sorted(gains_by("rabitq"))
    ['shape', 'shorten']
    """
    found = stage_class(quantiser)
    return found.gains_by if issubclass(found, Quantiser) else frozenset()


def structures() -> list[str]:
    """List the registered structures."""
    return list(STRUCTURES)


def largest(fits: Callable[[int], bool], most: int) -> int:
    """Give the largest number up to `most` that fits, where every smaller one does too; 0 when none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _largest(form: dict[Candidate, float], budget: Budget | None) -> list[Candidate]:
    """Keep what uses most of the budget, and the largest in any case."""
    order = sorted(form, key=lambda candidate: (-form[candidate], candidate.name))
    least = 0.0 if budget is None else ENOUGH * budget.bytes_per_vector
    return [c for place, c in enumerate(order[:WITHIN_BUDGET]) if not place or form[c] >= least]


def _rungs(form: dict[Candidate, float]) -> list[Candidate]:
    """Keep sizes at equal ratios."""
    order = sorted(form, key=lambda candidate: (-form[candidate], candidate.name))
    if len(order) <= LADDER:
        return order
    places = np.unique(np.linspace(0, len(order) - 1, LADDER).round().astype(int))
    return [order[place] for place in places]


def _out_dim(text: str, dim: int) -> int:
    stage = parse_codec(text, names()).stages[0]
    return stage_class(stage.name)(stage).out_dim(dim)  # type: ignore[union-attr]


def _check_fit(codec: str, dim: int, rows: int) -> None:
    transforms, quantiser = build(parse_codec(codec, names()))
    for step in transforms:
        step.check(dim, rows if step.learns else None)
        dim = step.out_dim(dim)
    quantiser.check(dim, rows if quantiser.learns else None)
