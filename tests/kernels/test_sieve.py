"""One query against many rows: what is sifted, or scored sixteen at a time, is what a sort finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput import _core
from matrices import codes_of

isas = pytest.mark.parametrize("isa", _core.isas())


def worded(
    rng: np.random.Generator, bits: int, parts: int, width: int, n: int, with_norms: bool
) -> _core.Codes:
    """Rows of random words, of which a third are repeated, so that there are ties."""
    words = rng.integers(-128, 128, (parts, 2**bits, width)).astype(np.int8)
    norms = rng.integers(-(2**30) // parts, 1, (parts, 2**bits)).astype(np.int32) if with_norms else None
    rows = rng.integers(0, 256, (n, _core.row_bytes(f"lut{bits}", parts))).astype(np.uint8)
    rows[n // 3 : 2 * (n // 3)] = rows[: n // 3]
    # With this unit the norms weigh about as much as the products.
    book = _core.Codebook(words, norms, parts * width * 1e-5)
    return _core.Codes(f"lut{bits}", parts * width, rows, book=book)


def sorted_rows(scores: NDArray[np.float32], picked: NDArray[np.int64]) -> NDArray[np.int64]:
    """The picked rows, best first, and equal ones by their number."""
    order: NDArray[np.int64] = picked[np.lexsort((picked, -scores[picked]))]
    return order


@isas
@pytest.mark.parametrize("bits", [4, 8])
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    # Of half bytes, rows of 24, 32, 48 and 49 bytes have ways of their own.
    parts=st.one_of(st.integers(1, 40), st.sampled_from([48, 64, 96, 98, 257])),
    width=st.integers(1, 5),
    n=st.integers(1, 4_000),
    k=st.sampled_from([1, 10, 500, 5_000]),
    with_norms=st.booleans(),
    share=st.sampled_from([1.0, 0.3]),
    threads=st.integers(1, 2),
)
def test_one_query_finds_what_a_sort_finds(
    isa: str,
    bits: int,
    seed: int,
    parts: int,
    width: int,
    n: int,
    k: int,
    with_norms: bool,
    share: float,
    threads: int,
) -> None:
    """The best rows and all rows above a bar: none is lost, and every score is the one formula's."""
    rng = np.random.default_rng(seed)
    codes = worded(rng, bits, parts, width, n, with_norms)
    query, bias = rng.standard_normal((1, parts * width)).astype(np.float32), np.float32([0.3])
    scores = _core.block(codes, query, bias, isa="portable")[0]
    picked = np.flatnonzero(rng.random(n) < share)
    filtered = picked if share < 1 else None
    best = sorted_rows(scores, picked)[:k]

    found, values = _core.top_k(codes, query, bias, k, filtered, threads=threads, isa=isa)

    np.testing.assert_array_equal(best, found[0, : len(best)])
    np.testing.assert_array_equal(scores[best], values[0, : len(best)])
    assert (found[0, len(best) :] == -1).all()
    if len(best):
        bar = scores[best[-1:]]
        _, above, _ = _core.within(codes, query, bias, bar, filtered, threads=threads, isa=isa)
        np.testing.assert_array_equal(sorted_rows(scores, picked[scores[picked] >= bar]), above)


@isas
@pytest.mark.parametrize("kind", ["i8", "i4", "bits", "b2", "b4", "b7", "b8"])
@pytest.mark.parametrize("n", [15, 16, 255, 1_100])
def test_rows_that_share_a_vector_score_as_they_do_alone(isa: str, kind: str, n: int) -> None:
    """Scores of a run and of rows given one by one are the same float32, whatever the run's length."""
    rng = np.random.default_rng(n)
    for dim in (1, 63, 64, 130, 384):
        width = _core.row_bytes(kind, dim) + _core.more_bytes(kind, dim)
        rows = rng.integers(0, 256, (n, width)).astype(np.uint8)
        if kind == "bits" and dim % 8:
            rows[:, -1] &= (1 << dim % 8) - 1  # past the last dimension lie zeros
        alpha = rng.random(n, np.float32)
        codes = codes_of(kind, dim, rows, alpha, -alpha)
        query, bias = rng.standard_normal((1, dim)).astype(np.float32), np.float32([0.3])

        together = _core.block(codes, query, bias, isa=isa)
        alone = _core.scores(codes, query, bias, np.arange(n)[None], isa=isa)

        np.testing.assert_array_equal(alone, together)
        np.testing.assert_array_equal(_core.block(codes, query, bias, isa="portable"), together)


@isas
@pytest.mark.parametrize("width", [1, 7, 8, 16, 24, 32, 33, 48, 98])
@pytest.mark.parametrize("n", [15, 300, 9_001])
def test_one_query_over_signs_finds_what_a_sort_finds(isa: str, width: int, n: int) -> None:
    """Rows of so many bytes, scored sixteen together: the best are those of the one formula."""
    rng = np.random.default_rng(width)
    rows = rng.integers(0, 256, (n, width)).astype(np.uint8)
    rows[n // 2 : 2 * (n // 2)] = rows[: n // 2]
    codes = _core.Codes("bits", 8 * width, rows, rng.choice(np.float32([0.5, 0.6, 0.7]), n))
    query, bias = rng.standard_normal((1, 8 * width)).astype(np.float32), np.float32([0.3])
    scores = _core.block(codes, query, bias, isa="portable")[0]
    for k in (1, 10, 40):
        best = sorted_rows(scores, np.arange(n))[:k]

        found, values = _core.top_k(codes, query, bias, k, threads=1, isa=isa)

        np.testing.assert_array_equal(best, found[0, : len(best)])
        np.testing.assert_array_equal(scores[best], values[0, : len(best)])
