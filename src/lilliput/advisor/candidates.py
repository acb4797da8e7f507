"""What the advisor tries: families of codecs in falling sizes, and pairs of codecs with rising haste."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

import numpy as np

from lilliput.advisor.budget import Budget
from lilliput.codecs.base import Metric, Shapes
from lilliput.codecs.registry import build, names
from lilliput.spec import parse_codec

# What keeps some of the dimensions, and what follows it. Rotating floats gains nothing, and neither do fewer
# floats over halves.
FAMILIES = (
    ("", "f32"),
    ("", "f16"),
    ("mrl", "f16"),
    ("pca", "f16"),
    ("", "int8"),
    ("", "rotate,int8"),
    ("mrl", "int8"),
    ("pca", "int8"),
    ("pca", "rotate,int8"),
    ("", "bin"),
    ("", "rotate,bin"),
    ("mrl", "bin"),
    ("mrl", "rotate,bin"),
    ("pca", "bin"),
    ("pca", "rotate,bin"),
)
PARTS, FINE_PARTS = 8, 16  # the finer ones where no budget says how many dimensions fit
LEAST_KEPT = 8

# Coarse codes to scan, finer codes to rank again, and how many candidates those get, as multiples of k.
PAIRS = (
    ("rotate,bin", "int8", (30, 10, 4)),
    ("bin", "int8", (30, 10, 4)),
    ("pca{quarter},int8", "int8", (16, 8, 4)),
    ("pca{half},int8", "int8", (8, 4, 2)),
    ("rotate,bin", "f16", (30, 10, 4)),
    ("pca{half},int8", "f16", (8, 4, 2)),
    ("int8", "f16", (4, 2)),
    ("int8", "f32", (4, 2)),
)


@dataclass(frozen=True)
class Candidate:
    """Something to measure.

    Attributes
    ----------
    codecs:
        The search codec, and the refine codec where there is one.
    family:
        Of the candidates of one family, each is no better in quality than the one before.
    refine:
        How many results of the search codec are ranked again, as a multiple of k; None where none are.
    """

    codecs: tuple[str, ...]
    family: int
    refine: int | None = None

    @property
    def spec(self) -> str:
        """The index that it stands for."""
        return " | ".join(("flat", *self.codecs))

    def bytes_per_vector(self, dim: int, metric: Metric, rows: int) -> float:
        """Give what a vector takes, with its part of what all `rows` of them share."""
        costs = [codec_cost(codec, dim, metric) for codec in self.codecs]
        return sum(size + shared / rows for size, shared in costs)


@lru_cache(maxsize=4096)
def codec_cost(text: str, dim: int, metric: Metric) -> tuple[int, int]:
    """Give the bytes of a row and the bytes that all rows share, without fitting anything.

    Examples
    --------
    >>> codec_cost("pca64,int8", 384, "cosine")
    (68, 98304)
    """
    transforms, quantiser = build(parse_codec(text, names()))
    shared = 0
    for transform in transforms:
        shared += _nbytes(transform.shapes(dim, metric))
        dim = transform.out_dim(dim)
    shared += _nbytes(quantiser.shapes(dim, metric))
    return quantiser.layout(dim, metric).code_size, shared


def candidates(
    dim: int,
    metric: Metric,
    rows: int,
    *,
    budget: Budget | None = None,
    most_kept: int | None = None,
    pairs: bool = False,
) -> list[Candidate]:
    """List what is worth measuring and within the budget.

    Each family keeps all dimensions or a whole number of sixteenths of them; where there is a budget, of
    eighths, and the largest number of dimensions that it allows.

    Parameters
    ----------
    dim, metric:
        Of the vectors.
    rows:
        How many vectors share the directions, means and signs.
    budget:
        None allows everything.
    most_kept:
        The most directions that `pca` can find, which is the number of rows it is fitted on; None is `dim`.
    pairs:
        Whether to list search codecs with refine codecs. They save time, never bytes: the refine codec alone
        takes fewer and ranks as well.

    Returns
    -------
    list of Candidate
        The same list for the same arguments, each once: the best of every family, then the second best of
        every family, and so on; pairs of codecs last.

    Examples
    --------
    >>> [c.spec for c in candidates(64, "cosine", 1000, budget=Budget("8B", 8.0))]
    ['flat | mrl56,bin', ...]
    """

    def allowed(candidate: Candidate) -> bool:
        return budget is None or budget.allows(candidate.bytes_per_vector(dim, metric, rows))

    def fits(codec: str) -> bool:
        return allowed(Candidate((codec,), 0))

    most = min(dim, most_kept or dim)
    parts = FINE_PARTS if budget is None else PARTS
    families = (
        filter(allowed, _family(place, _sizes(*family, dim, most, parts, fits)))
        for place, family in enumerate(FAMILIES)
    )
    singles = [c for rank in zip_longest(*families) for c in rank if c is not None]
    return singles + [c for c in (_pairs(dim, most) if pairs else ()) if allowed(c)]


def smallest(dim: int, metric: Metric, rows: int) -> tuple[Candidate, float]:
    """Give the candidate of fewest bytes that any budget could allow, and its bytes a vector.

    Examples
    --------
    >>> smallest(64, "cosine", 10_000)[0].spec
    'flat | mrl8,bin'
    """
    every = [
        candidate
        for place, (head, tail) in enumerate(FAMILIES)
        if head != "pca"  # the directions cost more than cutting off
        for candidate in _family(place, _sizes(head, tail, dim, dim, PARTS, lambda codec: False))
    ]
    best = min(every, key=lambda candidate: candidate.bytes_per_vector(dim, metric, rows))
    return best, best.bytes_per_vector(dim, metric, rows)


def _family(place: int, sizes: list[int]) -> list[Candidate]:
    head, tail = FAMILIES[place]
    return [Candidate((_written(head, kept, tail),), place) for kept in sizes]


def _written(head: str, kept: int, tail: str) -> str:
    return f"{head}{kept},{tail}" if head else tail


def _pairs(dim: int, most_kept: int) -> Iterator[Candidate]:
    if dim < LEAST_KEPT:
        return
    parts = {"half": dim // 2, "quarter": dim // 4}
    for place, (coarse, fine, factors) in enumerate(PAIRS):
        if coarse.startswith("pca") and parts["half"] > most_kept:
            continue
        for refine in factors:
            yield Candidate((coarse.format(**parts), fine), len(FAMILIES) + place, refine)


def _sizes(
    head: str, tail: str, dim: int, most_kept: int, parts: int, fits: Callable[[str], bool]
) -> list[int]:
    """List how many dimensions a family keeps, falling."""
    if not head:
        return [dim]
    step = 8 if tail.endswith("bin") else 1
    most = most_kept if head == "pca" else dim - 1
    if most < 1:
        return []
    most = most // step * step or most
    least = min(LEAST_KEPT, most)
    sizes = {max(least, math.ceil(dim * part / parts / step) * step) for part in range(1, parts + 1)}
    if head == "pca":
        sizes.add(most)
    if not fits(_written(head, most, tail)) or not fits(tail):
        largest = _largest(lambda count: fits(_written(head, count * step, tail)), most // step) * step
        sizes |= {max(largest, least)}
    return sorted((kept for kept in sizes if kept <= most), reverse=True)


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """Give the largest number up to `most` that fits, where every smaller one does too; 0 when none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _nbytes(shapes: Shapes) -> int:
    return sum(np.dtype(dtype).itemsize * math.prod(shape) for dtype, shape in shapes.values())
