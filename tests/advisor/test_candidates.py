"""The list of candidates: within the budget, largest first, and costed as the index counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.advisor.budget import Budget
from lilliput.advisor.candidates import Candidate, candidates, codec_cost, smallest
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.codec import Codec
from lilliput.index.index import Index

dims = st.integers(1, 100)
rows = st.integers(1, 100_000)
metrics = st.sampled_from(METRICS)


@given(dim=dims, metric=metrics, rows=rows, limit=st.floats(0.5, 500), pairs=st.booleans())
def test_budget_is_kept_and_nothing_comes_twice(
    dim: int, metric: Metric, rows: int, limit: float, pairs: bool
) -> None:
    """Every candidate fits; equal arguments give equal lists."""
    budget = Budget("a budget", limit)
    found = candidates(dim, metric, rows, budget=budget, pairs=pairs)

    assert found == candidates(dim, metric, rows, budget=budget, pairs=pairs)
    assert len({(c.codecs, c.refine) for c in found}) == len(found)
    assert all(budget.allows(c.bytes_per_vector(dim, metric, rows)) for c in found)


@given(dim=dims, metric=metrics, rows=rows, limit=st.floats(0.5, 500))
def test_there_is_a_candidate_where_the_smallest_fits(
    dim: int, metric: Metric, rows: int, limit: float
) -> None:
    """What an unreachable budget is told is what the list holds."""
    _, least = smallest(dim, metric, rows)
    found = candidates(dim, metric, rows, budget=Budget("a budget", limit))

    assert Budget("a budget", limit).allows(least) == bool(found)
    assert all(c.bytes_per_vector(dim, metric, rows) >= least * (1 - 1e-9) for c in found)


@pytest.mark.parametrize("limit", [48.0, 96.0, 192.0, 384.0])
@pytest.mark.parametrize(
    ("head", "tail", "step"), [("pca", "int8", 1), ("mrl", "int8", 1), ("mrl", "bin", 8)]
)
def test_each_family_uses_the_budget_up(limit: float, head: str, tail: str, step: int) -> None:
    """One more dimension, or one more byte of bits, would not fit."""
    budget = Budget("a budget", limit)
    texts = [c.codecs[0] for c in candidates(384, "cosine", 57_857, budget=budget)]
    kept = [
        int(text.removeprefix(head).removesuffix(f",{tail}"))
        for text in texts
        if text.startswith(head) and text.count(",") == 1 and text.endswith(f",{tail}")
    ]
    if Candidate((tail,), 0) in candidates(384, "cosine", 57_857, budget=budget) or tail in texts:
        return  # all dimensions fit

    one_more = Candidate((f"{head}{max(kept) + step},{tail}",), 0)

    assert not budget.allows(one_more.bytes_per_vector(384, "cosine", 57_857))


def test_more_rows_share_the_directions() -> None:
    """Arrays that all vectors share weigh less on each of many."""
    candidate = Candidate(("pca64,int8",), 0)

    few, many = (candidate.bytes_per_vector(384, "cosine", n) for n in (1_000, 1_000_000))

    assert 68 + 64 * 384 * 4 / 1_000 == pytest.approx(few)
    assert 68 + 64 * 384 * 4 / 1_000_000 == pytest.approx(many)


@pytest.mark.parametrize("metric", METRICS)
def test_cost_is_that_of_fitted_codecs_and_indexes(metric: Metric) -> None:
    """Bytes are known before anything is fitted, to the byte."""
    X = np.random.default_rng(0).standard_normal((60, 24)).astype(np.float32)
    for candidate in candidates(24, metric, 60, pairs=True):
        for text in candidate.codecs:
            codec = Codec(text, metric=metric).fit(X)
            assert (codec.code_size, codec.overhead_bytes) == codec_cost(text, 24, metric)

    candidate = Candidate(("pca12,rotate,bin", "int8"), 0, 4)
    index = Index(candidate.spec, metric=metric).fit(X).add(X)

    assert index.bytes_per_vector == pytest.approx(candidate.bytes_per_vector(24, metric, 60))


def test_directions_need_rows_to_be_found_in() -> None:
    """No candidate looks for more directions than there are rows to fit on."""
    found = candidates(64, "l2", 1000, most_kept=10, pairs=True)
    kept = [codec_cost(text, 64, "l2") for c in found for text in c.codecs if text.startswith("pca")]

    assert kept
    assert all(shared <= (10 + 1) * 64 * 4 + 4 * 10 + 44 for _, shared in kept)


def test_families_fall() -> None:
    """Within a family each candidate takes fewer bytes, or ranks fewer results again, than the one before."""
    by_family: dict[int, list[Candidate]] = {}
    for candidate in candidates(128, "cosine", 10_000, pairs=True):
        by_family.setdefault(candidate.family, []).append(candidate)

    for family in by_family.values():
        efforts = [(c.bytes_per_vector(128, "cosine", 10_000), c.refine or 0) for c in family]
        assert sorted(efforts, reverse=True) == efforts
