"""Spellings of every codec that is registered, for tests that must hold for all."""

from collections.abc import Iterable, Sequence

from lilliput.codecs.registry import variants

# Options and pipelines that no stage spells by itself.
CHOSEN = [
    "f8(format=e5m2)",
    "int4(scale=dim)",
    "int8(scale=global)",
    "lvq4x1",
    "pq3x4",
    "opq3x4",
    "rq3x4",
    "pca5,int8",
    "mrl9,rotate,bin",
    "leanvec5,int8",
    "infs5,int8",
]


def quantisers(dim: int) -> list[str]:
    """Spell each quantiser with the most and with the fewest bytes."""
    return _ends(variants("quantiser", dim).values())


def codecs(dim: int) -> list[str]:
    """Spell each quantiser, each transform before one, and what else is worth a test."""
    moved = [f"{spelling},int8" for spelling in _ends(variants("transform", dim).values())]
    return list(dict.fromkeys([*quantisers(dim), *moved, *CHOSEN]))


def _ends(spellings: Iterable[Sequence[str]]) -> list[str]:
    return [each for found in spellings for each in dict.fromkeys((found[0], found[-1]))]


SPECS = codecs(16)
