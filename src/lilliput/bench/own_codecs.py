"""Our codecs for the race, as the registry spells them."""

import time

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.bench.entrants import OURS, Entrant, Recipe
from lilliput.bench.problems import Problem
from lilliput.codecs.base import Quantiser, Transform
from lilliput.codecs.codec import Codec
from lilliput.codecs.registry import names, stage_class, variants
from lilliput.io.arrays import FloatArray
from lilliput.spec import parse_codec

SHARES = (0.5, 0.25)  # of the dimensions, what transforms that shorten are asked to keep
MOST_BITS = 8.0  # a number: wider codes are raced alone
QUICK_STEP = 3  # a quick look takes one of so many spellings


def recipes(dim: int, *, quick: bool = False) -> list[Recipe]:
    """List every quantiser alone, and the narrower ones after each transform.

    Parameters
    ----------
    dim:
        Of the vectors.
    quick:
        Of the transforms only PCA to half, and of the spellings of a quantiser some.

    Examples
    --------
    >>> "int8" in [recipe.name for recipe in recipes(64)]
    True
    """
    return [_recipe(spec) for spec in specs(dim, quick=quick)]


def specs(dim: int, *, quick: bool = False) -> list[str]:
    """Spell the codecs that are raced on vectors of so many numbers.

    Parameters
    ----------
    dim, quick:
        As for `recipes`.

    Examples
    --------
    >>> "pca32,int8" in specs(64)
    True
    """
    step = QUICK_STEP if quick else 1
    found = [spelling for spellings in variants("quantiser", dim).values() for spelling in spellings[::step]]
    for name in variants("transform", dim):
        wanted = spellings_to_race(name, dim)
        if quick:
            wanted = wanted[:1] if name == "pca" else []
        for spelling in wanted:
            found += [f"{spelling},{quantiser}" for quantiser in _narrow(_kept(spelling, dim))]
    return list(dict.fromkeys(found))


def spellings_to_race(name: str, dim: int) -> list[str]:
    """Choose of a transform's spellings those that keep about half and a quarter, or the first.

    Examples
    --------
    >>> spellings_to_race("mrl", 64)
    ['mrl32', 'mrl16']
    """
    spelt = variants("transform", dim).get(name, ())
    kept = {spelling: _kept(spelling, dim) for spelling in spelt}
    if all(dim == number for number in kept.values()):
        return list(spelt[:1])
    nearest = [min(kept, key=lambda each: abs(kept[each] - share * dim)) for share in SHARES]
    return list(dict.fromkeys(nearest))


def _narrow(dim: int) -> list[str]:
    """Give the first spelling of each quantiser that takes at most a byte a number."""
    first = [spellings[0] for spellings in variants("quantiser", dim).values()]
    return [spelling for spelling in first if _bits(spelling, dim) <= MOST_BITS]


def _kept(spelling: str, dim: int) -> int:
    made = _made(spelling)
    return made.out_dim(dim) if isinstance(made, Transform) else dim


def _bits(spelling: str, dim: int) -> float:
    made = _made(spelling)
    return 8 * made.layout(dim, "cosine").row_bytes / dim if isinstance(made, Quantiser) else np.inf


def _made(spelling: str) -> Transform | Quantiser:
    (stage,) = parse_codec(spelling, names()).stages
    return stage_class(stage.name)(stage)


def answers(spec: str, problem: Problem, *, seed: int = 0, threads: int = 0) -> NDArray[np.int64]:
    """Answer all queries of a problem by one codec alone: row numbers (m, k), best first.

    Parameters
    ----------
    spec:
        The codec.
    problem:
        What it learns from, encodes and searches.
    seed:
        Of what it draws by chance.
    threads:
        0 takes every core that this process may use.

    Raises
    ------
    InvalidInput
        When the codec cannot work with these vectors.
    """
    codec = Codec(spec, metric=problem.metric, seed=seed).fit(problem.base, progress=False)
    codes = codec.view(codec.encode_rows(problem.base, threads=threads))
    return _core.top_k(codes, *codec.query(problem.queries), problem.k, threads=threads)[0]


def _recipe(spec: str) -> Recipe:
    def make(problem: Problem, threads: int) -> Entrant:
        started = time.perf_counter()
        codec = Codec(spec, metric=problem.metric).fit(problem.base, progress=False)
        seconds = time.perf_counter() - started
        codes = codec.view(codec.encode_rows(problem.base, threads=threads))

        def encode(rows: FloatArray, threads: int) -> object:
            return codec.encode_rows(rows, threads=threads)

        def search(queries: FloatArray, threads: int) -> NDArray[np.int64]:
            return _core.top_k(codes, *codec.query(queries), problem.k, threads=threads)[0]

        layout = codec.layout
        return Entrant(
            payload=layout.row_bytes,
            factors=layout.code_size - layout.row_bytes,
            shared=codec.overhead_bytes,
            train_seconds=seconds,
            encode=encode,
            search=search,
        )

    return Recipe(OURS, spec, make)
