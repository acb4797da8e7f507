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
# Those that take other shares too: every size is reached with PCA, and without the few dimensions that tell
# least there is room for what words take together.
OTHER_SHARES = {"pca": (0.75, 0.5, 0.25, 0.1875, 0.125), "infs": (0.995, 0.5, 0.25)}
MOST_BITS = 8.0  # a number: wider codes are raced alone
QUICK_STEP = 3  # a quick look takes one of so many spellings
# The quantisers that gain by a transform, their first narrow spelling; other transforms race before bits.
GAINING = {
    "rotate": ("bin", "int4", "pq"), "clip": ("bin", "pq"), "whiten": ("int8", "pq"), "leanvec": ("int8",),
    "infs": ("bin", "pq"),
}  # fmt: skip
OTHERS = ("bin",)
# Raced at one bit a number of nearly all, in whole bytes of signs: just below the size of signs alone.
NEARLY_ALL = 0.985
AT_ONE_BIT = ("pq", "opq")
# After PCA, which every size is reached with, the spellings nearest to so many bits of what is kept.
AFTER_PCA = {"int8": (8,), "pq": (4, 2), "rabitq": (4, 3)}


def recipes(dim: int, *, quick: bool = False) -> list[Recipe]:
    """List every quantiser alone, and after each transform those that gain by it.

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
            wanted = [spelling for spelling in wanted if spelling == f"pca{dim // 2}"]
        for spelling in wanted:
            found += [f"{spelling},{quantiser}" for quantiser in _after(name, _kept(spelling, dim))]
    if not quick:
        found += _below_signs(dim)
    return list(dict.fromkeys(found))


def spellings_to_race(name: str, dim: int) -> list[str]:
    """Choose of a transform's spellings those that keep the shares asked for, or the first.

    Examples
    --------
    >>> spellings_to_race("mrl", 64)
    ['mrl32', 'mrl16']
    """
    spelt = variants("transform", dim).get(name, ())
    if spelt and name in OTHER_SHARES:
        return [f"{name}{max(1, round(share * dim))}" for share in OTHER_SHARES[name]]
    kept = {spelling: _kept(spelling, dim) for spelling in spelt}
    if all(dim == number for number in kept.values()):
        return list(spelt[:1])
    nearest = [min(kept, key=lambda each: abs(kept[each] - share * dim)) for share in SHARES]
    return list(dict.fromkeys(nearest))


def _after(name: str, dim: int) -> list[str]:
    """Spell the quantisers that a transform is raced before, for the dimensions that it keeps."""
    found = []
    for quantiser, spellings in variants("quantiser", dim).items():
        bits = {spelling: _bits(spelling, dim) for spelling in spellings}
        if name == "pca":
            wanted = AFTER_PCA.get(quantiser, ())
            found += [min(bits, key=lambda each: abs(bits[each] - width)) for width in wanted]
        elif quantiser in GAINING.get(name, OTHERS):
            found.append(next(spelling for spelling in spellings if bits[spelling] <= MOST_BITS))
    return found


def _below_signs(dim: int) -> list[str]:
    kept = int(NEARLY_ALL * dim) // 8 * 8
    if not kept:
        return []
    found = []
    for name in AT_ONE_BIT:
        small_words_first = variants("quantiser", kept)[name][::-1]
        found.append(min(small_words_first, key=lambda each: abs(_bits(each, kept) - 1)))
    return [f"infs{kept},{quantiser}" for quantiser in found]


def _kept(spelling: str, dim: int) -> int:
    made = _made(spelling)
    return made.out_dim(dim) if isinstance(made, Transform) else dim


def _bits(spelling: str, dim: int) -> float:
    made = _made(spelling)
    return 8 * made.layout(dim, "cosine").payload / dim if isinstance(made, Quantiser) else np.inf


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
            payload=layout.payload,
            factors=layout.code_size - layout.payload,
            shared=codec.overhead_bytes,
            train_seconds=seconds,
            encode=encode,
            search=search,
        )

    return Recipe(OURS, spec, make)
