"""Every family that is not the plan is told why, in a sentence that holds."""

import numpy as np
import pytest

from lilliput.advisor import advise
from lilliput.codecs.registry import names, variants
from lilliput.evaluate.datasets import clustered

X = np.asarray(clustered(seed=6, n=2700, d=32, centres=50, queries=1).vectors)


@pytest.mark.parametrize(
    "asked",
    [{"budget": "10B"}, {"floor": "recall@10=0.9"}, {"budget": "60B", "floor": "recall@10=0.6"}],
    ids=["budget", "floor", "both"],
)
def test_each_family_is_told_why(asked: dict[str, str]) -> None:
    """One entry a registered quantiser that spells variants; nothing is said of the winner alone."""
    plan = advise(X, progress=False, **asked)  # type: ignore[arg-type]
    told = {one["family"]: one for one in plan.families}
    (won,) = [row for row in plan.table if row.chosen]

    assert set(variants("quantiser", 32)) <= set(told)
    assert [won.family] == [family for family, one in told.items() if not one["why_not"]]
    for family, one in told.items():
        if family != won.family:
            assert one["why_not"].startswith(f"{family} lost: ")
            assert one["why_not"].endswith(".")
        if one["best"] is not None and family in names():
            assert any(row.spec == one["best"] and row.family == family for row in plan.table)


def test_what_exceeds_the_budget_says_by_how_much() -> None:
    """The plain form's bytes, the budget, and what the smaller form reaches."""
    plan = advise(X, budget="10B", progress=False)
    (told,) = [one["why_not"] for one in plan.families if one["family"] == "f32"]

    assert "128 B a vector exceed the budget of 10B" in told
    assert "recall@10" in told


def test_every_row_says_where_it_was_measured() -> None:
    """Rows of the last sample are measured among all; those let go before say after how many."""
    plan = advise(X, budget="10B", progress=False)
    last = max(row.rung for row in plan.table)

    assert {len(X)} == {row.rows for row in plan.table if row.rung == last}
    for row in plan.table:
        if row.rung < last:
            assert row.why_not.startswith(f"let go after {row.rows:,} rows: ")
    assert any(row.front for row in plan.table)
    best = max(row.recall.mean for row in plan.table if row.rung == last and row.recall)
    assert any(row.front and row.recall and row.recall.mean == best for row in plan.table)
