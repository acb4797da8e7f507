"""Counts and factors against slow loops and dense algebra."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.learn import ppmi as module
from lilliput.learn.ppmi import _orthonormal, factors, nearness, ppmi, weighted_sums
from lilliput.learn.tokens import bags, tokenize


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 5), max_size=8), min_size=1, max_size=6),
    st.integers(1, 6),
    st.integers(1, 9),
    st.sampled_from([1, 2**22]),
)
def test_nearness_equals_a_slow_count(texts: list[list[int]], core: int, window: int, at_once: int) -> None:
    """Every pair in the window of its text, once; rare pairs are left out of the pairs, not of the totals."""
    expected = np.zeros((6, 6))
    totals = np.zeros(6)
    for text in texts:
        for left, right in itertools.combinations(range(len(text)), 2):
            if right - left <= window:
                expected[min(text[left], text[right]), max(text[left], text[right])] += 1
                totals[text[left]] += 1
                totals[text[right]] += 1
    expected[core:, core:] = 0
    words = np.array(list(itertools.chain(*texts)), dtype=np.int64)
    offsets = np.cumsum([0, *map(len, texts)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAIRS_AT_ONCE", at_once)
        near = nearness(words, offsets, 6, core, window)

    actual = np.zeros((6, 6))
    actual[near.low, near.high] = near.counts
    np.testing.assert_array_equal(expected, actual)
    np.testing.assert_array_equal(totals, near.totals)


def test_information_equals_its_formula() -> None:
    """The logarithm of how much commoner than chance, contexts smoothed, never negative."""
    words = np.random.default_rng(0).integers(0, 12, 400) ** 2 // 12
    near = nearness(words, np.array([0, 150, 400]), 12, 12, 3)
    share = near.totals**0.75 / (near.totals**0.75).sum()
    chance = np.sqrt(
        near.totals[near.low] * share[near.high] * near.totals[near.high] * share[near.low],
    )
    expected = np.maximum(np.log(near.counts / chance), 0)

    np.testing.assert_allclose(expected, ppmi(near), rtol=1e-5, atol=1e-6)


def test_factors_span_the_leading_eigenvectors() -> None:
    """The random range finds what dense algebra finds, and rare words follow from their rows."""
    rng = np.random.default_rng(0)
    size, core = 900, 800
    words = (rng.power(3, 60_000) * 30).astype(np.int64) * 30 + rng.integers(0, 30, 60_000)
    near = nearness(words, np.arange(0, 60_001, 20), size, core, 5)
    information = ppmi(near)
    dense = np.zeros((size, core))
    dense[near.high, near.low] = information
    dense[near.low[near.high < core], near.high[near.high < core]] = information[near.high < core]
    values, vectors = np.linalg.eigh(dense[:core])
    order = np.argsort(-np.abs(values))[:8]
    expected = dense @ vectors[:, order] / values[order]

    actual = factors(near, information, core, 8, rng)

    np.testing.assert_allclose(np.abs(expected[:, 0]), np.abs(actual[:, 0]), atol=2e-3)
    np.testing.assert_allclose(np.eye(8), actual[:core].T @ actual[:core], atol=1e-4)


def test_columns_become_orthonormal() -> None:
    """Ill-conditioned ones too, when it is done twice; dependent ones do not fail."""
    rng = np.random.default_rng(0)
    basis = (rng.standard_normal((700, 20)) * np.logspace(0, -4, 20)).astype(np.float32)

    actual = _orthonormal(_orthonormal(basis))

    np.testing.assert_allclose(np.eye(20), actual.T @ actual, atol=1e-5)
    assert np.isfinite(_orthonormal(np.ones((700, 20), dtype=np.float32))).all()
    assert np.isfinite(_orthonormal(np.zeros((700, 20), dtype=np.float32))).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=9), st.integers(0, 99))
def test_weighted_sums_are_a_sparse_product(lengths: list[int], seed: int) -> None:
    """Rows without entries are 0."""
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((7, 3)).astype(np.float32)
    columns, weights = rng.integers(0, 7, sum(lengths)), rng.random(sum(lengths), dtype=np.float32)
    offsets = np.cumsum([0, *lengths])
    sparse = np.zeros((len(lengths), 7))
    np.add.at(sparse, (np.repeat(np.arange(len(lengths)), lengths), columns), weights)

    np.testing.assert_allclose(sparse @ table, weighted_sums(table, columns, weights, offsets), atol=1e-5)


def test_names_of_code_are_several_words() -> None:
    """Underscores, capitals and digits separate; letters of any language are letters."""
    tokens = tokenize(["HTTPServer2.max_line naïve", "", "Max LINE"])

    actual = [
        [tokens.vocabulary[word] for word in tokens.words[start:stop]]
        for start, stop in itertools.pairwise(tokens.offsets)
    ]

    assert [["http", "server", "2", "max", "line", "naïve"], [], ["max", "line"]] == actual


def test_bags_count_words() -> None:
    """Each text's distinct words, ascending."""
    tokens = tokenize(["b a b", "", "a"])

    actual = bags(tokens.words, tokens.offsets, 2)

    assert [0, 1, 1] == actual.words.tolist()
    assert [2, 1, 1] == actual.counts.tolist()
    assert [0, 2, 2, 3] == actual.offsets.tolist()
