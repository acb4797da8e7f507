"""Who races: one call that answers all queries, and what it costs to keep."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.bench.problems import Problem
from lilliput.index.index import Index

# Spec; candidates that the refine codes rank, as a multiple of k; whether the scan multiplies bytes.
OURS: tuple[tuple[str, float | None, bool], ...] = (
    ("flat | int8 | f16", 1.6, True),
    ("flat | f32", None, False),
    ("flat | f16", None, False),
    ("flat | bin | f16", 16.0, True),
)
RACED = ("amx", "avx512", "neon", "avx2")


@dataclass(frozen=True)
class Contestant:
    """One way to answer all queries of a problem.

    Attributes
    ----------
    name:
        The index, in its library's words.
    library:
        "lilliput", or the peer's.
    isa:
        The instruction set that ours was told to use; empty where the library chooses.
    bytes_per_vector:
        What it holds for each.
    byte_products:
        Whether the scan multiplies bytes, so that it can be compared with the rate of such products.
    search:
        Gives int64 (m, k), best first.
    """

    name: str
    library: str
    isa: str
    bytes_per_vector: float
    byte_products: bool
    search: Callable[[], NDArray[np.int64]]

    @property
    def label(self) -> str:
        """A name that no other contestant has."""
        return " ".join(part for part in (self.library, self.name, self.isa) if part)


def ours(problem: Problem, threads: int) -> list[Contestant]:
    """Build the flat indexes and put them up once for each instruction set that is worth it.

    Parameters
    ----------
    problem:
        What to search.
    threads:
        For each search.
    """
    sets = [isa for isa in RACED if isa in _core.isas()][:2] or _core.isas()[-1:]
    found = []
    for spec, refine, byte_products in OURS:
        index = Index(spec, metric=problem.metric).fit(problem.base, progress=False)
        index.add(problem.base, progress=False)
        for isa in sets:
            search = _search(index, problem, refine, isa, threads)
            name = spec if refine is None else f"{spec} (refine={refine:g})"
            size = index.nbytes / len(problem.base)
            found.append(Contestant(name, "lilliput", isa, size, byte_products, search))
    return found


def _search(
    index: Index, problem: Problem, refine: float | None, isa: str, threads: int
) -> Callable[[], NDArray[np.int64]]:
    def search() -> NDArray[np.int64]:
        with instruction_set(isa):
            return index.search(problem.queries, k=problem.k, refine=refine, threads=threads).ids

    return search


@contextmanager
def instruction_set(isa: str) -> Iterator[None]:
    """Have native calls use one instruction set for a while."""
    before = os.environ.get("LILLIPUT_ISA")
    os.environ["LILLIPUT_ISA"] = isa
    try:
        yield
    finally:
        if before is None:
            del os.environ["LILLIPUT_ISA"]
        else:
            os.environ["LILLIPUT_ISA"] = before
