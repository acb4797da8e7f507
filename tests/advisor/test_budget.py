"""Budgets and floors are read as the contract says, and nothing else is."""

from typing import Any

import pytest

from lilliput.advisor.budget import parse_budget
from lilliput.advisor.floors import parse_floors
from lilliput.errors import InvalidInput, WrongType


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("64B", 64.0),
        (" 1.5 B ", 1.5),
        ("1MB", 100.0),
        ("2kB", 0.2),
        ("1.5GiB", 1.5 * 2**30 / 10_000),
        ("512MiB", 512 * 2**20 / 10_000),
        (0.25, 384.0),
        (1.0, 1536.0),
    ],
)
def test_budget_becomes_bytes_a_vector(value: Any, expected: float) -> None:
    """Bytes a vector, totals over the rows, and fractions of float32."""
    assert expected == pytest.approx(parse_budget(value, 384, 10_000).bytes_per_vector)


@pytest.mark.parametrize(
    "value", [64, 0, -1, "64", "64b", "64 bytes", "B", "", "-4B", "0B", "0.0MB", 0.0, 1.5, -0.5]
)
def test_what_could_mean_two_things_is_refused(value: Any) -> None:
    """A bare number, an unknown unit and a size that is none; the message says how to write one."""
    with pytest.raises(InvalidInput, match="'64B' for bytes a vector"):
        parse_budget(value, 384, 10_000)


def test_nan_is_no_fraction() -> None:
    """NaN compares as false with everything, and is refused all the same."""
    with pytest.raises(InvalidInput, match="fraction"):
        parse_budget(float("nan"), 384, 10_000)


@pytest.mark.parametrize("value", [True, [64], {"bytes": 64}, b"64B"])
def test_budget_of_a_strange_type_is_refused(value: Any) -> None:
    """Neither text nor a number."""
    with pytest.raises(WrongType, match="'64B' for bytes a vector"):
        parse_budget(value, 384, 10_000)


def test_budget_allows_its_own_size() -> None:
    """Rounding in the last place refuses nobody."""
    budget = parse_budget(0.1, 3, 7)

    assert budget.allows(1.2)
    assert not budget.allows(1.21)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("recall@10=0.95", {"recall@10": 0.95}),
        (" recall@10 = 1 , ndcg@10=0.4", {"recall@10": 1.0, "ndcg@10": 0.4}),
        ({"recall@10": 0.9}, {"recall@10": 0.9}),
        ("recall@1=0.9, recall@100=0.95", {"recall@1": 0.9, "recall@100": 0.95}),
    ],
)
def test_floors_are_read(value: Any, expected: dict[str, float]) -> None:
    """Text and mappings, one or several."""
    assert expected == parse_floors(value)


@pytest.mark.parametrize(
    "value",
    [
        "recall@10",
        "recall@0=0.9",
        "recall@101=0.9",
        "ndcg@5=0.9",
        "0.95",
        "",
        "recall@10=x",
        "recall@10=1.2",
        "recall@10=0",
        {},
        {"mrr@10": 0.5},
        {"recall@10": "much"},
        {"recall@10": float("nan")},
    ],
)
def test_floors_that_say_nothing_are_refused(value: Any) -> None:
    """Other measures, numbers out of range, and no floor at all."""
    with pytest.raises(InvalidInput, match="floor"):
        parse_floors(value)


@pytest.mark.parametrize("value", [0.95, ["recall@10=0.95"], {"recall@10": None}])
def test_floor_of_a_strange_type_is_refused(value: Any) -> None:
    """A number alone does not say of what."""
    with pytest.raises(WrongType, match=r"recall@10=0\.95"):
        parse_floors(value)
