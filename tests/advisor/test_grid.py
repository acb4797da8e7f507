"""Candidates come from what is registered, and are within the budget."""

import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.advisor.budget import Budget
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.grid import Grid, largest, pairs
from lilliput.codecs import registry
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.int8 import Bytes
from lilliput.codecs.registry import names, variants

dims = st.integers(1, 64)
rows = st.integers(1, 100_000)
metrics = st.sampled_from(METRICS)


@settings(max_examples=25, deadline=None)
@given(dim=dims, metric=metrics, rows=rows, limit=st.floats(0.5, 300), ladder=st.booleans())
def test_budget_is_kept_and_nothing_comes_twice(
    dim: int, metric: Metric, rows: int, limit: float, ladder: bool
) -> None:
    """Every candidate fits, by falling bytes; equal arguments give equal lists; none means none fits."""
    budget, grid = Budget("a budget", limit), Grid(dim, metric, rows)
    found = grid.singles(budget, ladder=ladder)
    sizes = [grid.cost(candidate) for candidate in found]

    assert found == grid.singles(budget, ladder=ladder)
    assert len(set(found)) == len(found)
    assert all(budget.allows(size) for size in sizes)
    assert sizes == sorted(sizes, reverse=True)
    assert budget.allows(grid.smallest()[1]) == bool(found)


def test_every_registered_stage_is_tried() -> None:
    """Each quantiser and transform is in some candidate, with judgments and queries or without."""
    tried = {
        re.split("[0-9]", stage)[0]
        for judged in (False, True)
        for candidate in Grid(64, "cosine", 10_000, judged=judged, asked=judged).singles()
        for stage in candidate.codecs[0].split("(")[0].split(",")
    }
    spelt = {**variants("transform", 64), **variants("quantiser", 64)}

    assert {name.rstrip("0123456789") for name in spelt} - tried == set()


@pytest.fixture
def newcomer() -> Iterator[str]:
    """A quantiser that nobody has heard of, registered for one test."""

    class Newcomer(Bytes):
        @classmethod
        def variants(cls, dim: int) -> Sequence[str]:
            return ("newcomer",)

    registry.register("newcomer", Newcomer, "quantiser")
    yield "newcomer"
    del registry._FACTORIES["newcomer"]


def test_a_new_family_enters_by_registration_alone(newcomer: str) -> None:
    """One line in the registry, and it is combined with every transform."""
    found = [c.spec for c in Grid(32, "cosine", 1000).singles() if c.family == newcomer]

    assert "flat | newcomer" in found
    assert any(text.startswith("flat | pca") for text in found)
    assert newcomer in names("quantiser")


@pytest.mark.parametrize("limit", [48.0, 96.0, 192.0, 384.0])
@pytest.mark.parametrize("form", ["pca,int8", "mrl,int8"])
def test_a_budget_is_used_up(limit: float, form: str) -> None:
    """One more dimension would not fit."""
    head, tail = form.split(",")
    budget, grid = Budget("a budget", limit), Grid(384, "cosine", 57_857)
    found = [c for c in grid.singles(budget, ladder=False) if c.form == f"flat | {form}"]
    kept = max(int(c.codecs[0].removeprefix(head).split(",")[0]) for c in found)

    assert not budget.allows(grid.cost(Candidate((f"{head}{kept + 1},{tail}",))))


def test_directions_need_rows_to_be_found_in() -> None:
    """No candidate looks for more directions than there are rows to fit on."""
    found = Grid(64, "l2", 1000, fit_rows=10).singles(Budget("a budget", 40.0))
    kept = [int(c.codecs[0][3:].split(",")[0]) for c in found if c.codecs[0].startswith("pca")]

    assert all(number <= 10 for number in kept)


def test_what_moves_vectors_elsewhere_needs_judgments() -> None:
    """Without judgments every transform of every candidate keeps scores."""
    for candidate in Grid(48, "cosine", 5_000).singles():
        stages = candidate.codecs[0].split("(")[0].split(",")[:-1]
        for stage in stages:
            assert registry.stage_class(stage.rstrip("0123456789")).keeps_scores


def test_what_learns_from_queries_needs_some_or_a_reason() -> None:
    """Without queries leanvec is pca, but under l2, where it knows the length that it cuts off."""

    def tried(metric: Metric, asked: bool) -> bool:
        found = Grid(48, metric, 5_000, asked=asked).singles()
        return any("leanvec" in candidate.spec for candidate in found)

    assert not tried("cosine", False)
    assert tried("cosine", True)
    assert tried("l2", False)


def test_pairs_join_each_with_each() -> None:
    """Coarse by fine by factor, and nothing with itself."""
    small, fine = Candidate(("bin",)), Candidate(("int8",))

    assert [Candidate(("bin", "int8"), 4)] == pairs([small, fine], [fine], [4])


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_largest_number_that_fits(limit: int, most: int) -> None:
    """Bisection gives what counting gives."""
    assert min(limit, most) == largest(lambda count: count <= limit, most)
