"""Rows of word numbers against plain numpy: scores to the bit, words and codes the same everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput import _core
from lilliput.reference import words as reference
from matrices import SCORERS, Scorer, matrix

isas = pytest.mark.parametrize("isa", _core.isas())
scorers = pytest.mark.parametrize("score", SCORERS)
bits = pytest.mark.parametrize("bits", [4, 8])


def clustered(rng: np.random.Generator, n: int, d: int) -> NDArray[np.float32]:
    """Rows around a few centres, with dimensions of very different size."""
    centres = rng.standard_normal((20, d))
    X = centres[rng.integers(20, size=n)] + 0.3 * rng.standard_normal((n, d))
    return (X * np.geomspace(0.01, 30, d) + 5).astype(np.float32)


@isas
@scorers
@bits
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    parts=st.one_of(st.integers(1, 20), st.sampled_from([31, 96])),
    width=st.integers(1, 17),
    n=st.integers(1, 70),
    m=st.integers(1, 70),
    norms_are=st.sampled_from(["none", "betas", "squares"]),
    summed=st.booleans(),
)
def test_scores_are_bit_equal(
    isa: str,
    score: Scorer,
    bits: int,
    seed: int,
    parts: int,
    width: int,
    n: int,
    m: int,
    norms_are: str,
    summed: bool,
) -> None:
    """Tables and tiles give the one formula's float32, whatever the words and numbers are."""
    rng = np.random.default_rng(seed)
    words = rng.integers(-128, 128, (parts, 2**bits, width)).astype(np.int8)
    norms = rng.integers(1 - 2**30 // parts, 1, (parts, 2**bits)).astype(np.int32)
    found = rng.integers(0, 2**bits, (n, parts))
    dim = width if summed else parts * width
    Q, bias = matrix(rng, m, dim, 0.1), matrix(rng, 1, m)[0]
    # Most squares lie between these two, some below and some beyond.
    squares = (0.37 * 0.3 * 2**30, 0.37 * 0.7 * 2**30) if norms_are == "squares" else None
    given = {"none": None, "betas": norms, "squares": -norms}[norms_are]
    expected = reference.scores(found, words, Q, bias, given, 0.37, squares, summed=summed)

    rows = np.ascontiguousarray(reference.pack(found, bits))
    codes = _core.Codes(f"lut{bits}", dim, rows, book=_core.Codebook(words, given, 0.37, squares, summed))
    actual = score(codes, Q, bias, isa)

    np.testing.assert_array_equal(expected, actual)


@isas
@bits
def test_training_and_codes_do_not_depend_on_the_machine(isa: str, bits: int) -> None:
    """Words, steps, inertia and codes are those of the portable kernels, on any number of threads."""
    X = clustered(np.random.default_rng(0), 3_000, 37)
    expected = _core.train_words(X, 9, 2**bits, 8, 5, threads=1, isa="portable")
    book = _core.Codebook(expected[2])
    wanted = np.empty((len(X), -(-9 * bits // 8)), np.uint8)
    _core.encode_words(book, expected[0], expected[1], X, wanted, 1, "portable")

    actual = _core.train_words(X, 9, 2**bits, 8, 5, threads=2, isa=isa)
    rows = np.empty_like(wanted)
    _core.encode_words(book, actual[0], actual[1], X, rows, 2, isa)

    for name, a, b in zip(("mean", "step", "words", "inertia"), expected, actual, strict=True):
        np.testing.assert_array_equal(a, b, name)
    np.testing.assert_array_equal(wanted, rows)


@bits
def test_codes_are_the_nearest_words(bits: int) -> None:
    """No row lies further from its words than from the nearest ones, up to the rounding of the grid."""
    # Parts of four numbers are rounded to 1/16 of a word's step: each is wrong by 1/32 of one at most.
    X = clustered(np.random.default_rng(1), 500, 24)
    mean, step, words, _ = _core.train_words(X, 6, 2**bits, 10, 0)
    rows = np.empty((500, 6 * bits // 8), np.uint8)
    _core.encode_words(_core.Codebook(words), mean, step, X, rows)

    def distances(found: NDArray[np.intp]) -> NDArray[np.float64]:
        decoded = words[np.arange(6), found] * step[:, None].astype(np.float64)
        return np.square((X - mean).reshape(500, 6, 4) - decoded).sum(axis=2)

    nearest = distances(reference.nearest(X, words, mean, step))
    chosen = distances(reference.numbers(rows, 6, bits))
    slack = 2 * np.sqrt(nearest) * step * np.sqrt(4) / 32 + np.square(step / 16) * 4
    assert (chosen <= nearest + slack).all()


@bits
@pytest.mark.parametrize("width", [100, 260, 1024])
def test_wide_parts_lose_little_by_coarse_points(bits: int, width: int) -> None:
    """Sums have 24 bits, so the points of wide parts are coarse: distances grow by less than 0.1 %."""
    X = clustered(np.random.default_rng(4), 600, 2 * width)
    mean, step, words, _ = _core.train_words(X, 2, 2**bits, 10, 0)
    rows = np.empty((600, 2 * bits // 8), np.uint8)
    _core.encode_words(_core.Codebook(words), mean, step, X, rows)

    def distance(found: NDArray[np.intp]) -> float:
        decoded = words[np.arange(2), found] * step[:, None].astype(np.float64)
        return float(np.square((X - mean).reshape(600, 2, width) - decoded).sum(axis=2).mean())

    assert distance(reference.numbers(rows, 2, bits)) < 1.001 * distance(
        reference.nearest(X, words, mean, step)
    )


@isas
@bits
@pytest.mark.parametrize("dim", [1, 7, 33, 384])
def test_sums_do_not_depend_on_the_machine(isa: str, bits: int, dim: int) -> None:
    """Numbers and squared lengths are those of the portable kernels, on any number of threads."""
    rng = np.random.default_rng(5)
    words = rng.integers(-127, 128, (5, 2**bits, dim)).astype(np.int8)
    X = matrix(rng, 77, dim, 100.0)
    book = _core.Codebook(words, summed=True)
    expected = _core.encode_sums(book, 1.5, X, 4, 1, "portable")

    actual = _core.encode_sums(book, 1.5, X, 4, 2, isa)

    np.testing.assert_array_equal(expected[0], actual[0])
    np.testing.assert_array_equal(expected[1], actual[1])


def test_a_beam_as_wide_as_a_level_finds_the_nearest_sum() -> None:
    """Two levels of sixteen words and a beam of sixteen leave nothing out, but the rounding of the row."""
    rng = np.random.default_rng(6)
    words = rng.integers(-127, 128, (2, 16, 6)).astype(np.int8)
    X = rng.uniform(-80, 80, (200, 6)).astype(np.float32)

    found, _ = _core.encode_sums(_core.Codebook(words, summed=True), 0.5, X, 16)

    every = (words[0][:, None].astype(np.int64) + words[1][None]).reshape(-1, 6) * 0.5
    nearest = np.sqrt(np.square(X[:, None] - every).sum(axis=2).min(axis=1))
    sums = 0.5 * words[np.arange(2), found].astype(np.int64).sum(axis=1)
    chosen = np.linalg.norm(X - sums, axis=1)
    # Rows are rounded to an eighth of a step, each number by a sixteenth at most: a row moves so far, twice.
    assert (chosen <= nearest + 2 * np.sqrt(6) * 0.5 / 16 + 1e-6).all()


def test_inertia_is_the_mean_squared_distance_to_the_words() -> None:
    """What training reports is what the words give, but for their rounding to int8 (1 % allowed)."""
    X = clustered(np.random.default_rng(2), 4_000, 16)
    mean, step, words, inertia = _core.train_words(X, 4, 256, 25, 0)
    found = reference.nearest(X, words, mean, step)
    decoded = words[np.arange(4), found] * step[:, None]

    actual = np.square((X - mean).reshape(-1, 4, 4) - decoded).sum(axis=2).mean(axis=0)

    np.testing.assert_allclose(inertia, actual, rtol=0.01)


def test_more_words_than_rows_leave_nothing_to_lose() -> None:
    """Ten rows are ten of 256 words: only the roundings to the grid of training and to int8 are left."""
    # Parts of four numbers reach 1,024 steps of that grid from the mean, and 127 of int8: half a step of each
    # is at most 0.5 + 127 / 1024 / 2 < 0.57 steps of int8.
    X = np.random.default_rng(3).standard_normal((10, 8)).astype(np.float32)
    mean, step, words, inertia = _core.train_words(X, 2, 256, 25, 0)
    rows = np.empty((10, 2), np.uint8)
    _core.encode_words(_core.Codebook(words), mean, step, X, rows)
    decoded = (words[np.arange(2), rows] * step[:, None]).reshape(10, 8) + mean

    assert (np.abs(decoded - X) <= np.repeat(step, 4) * 0.57).all()
    assert [0.0, 0.0] == inertia.tolist()


def test_equal_rows_give_equal_words() -> None:
    """Where all rows are the same, the mean says everything and the step is 0."""
    X = np.full((50, 6), 3.5, np.float32)
    mean, step, _, inertia = _core.train_words(X, 3, 16, 5, 0)

    assert (X[0].tolist(), [0.0] * 3, [0.0] * 3) == (mean.tolist(), step.tolist(), inertia.tolist())
