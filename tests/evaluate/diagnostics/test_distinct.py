"""Equal rows are counted as a set of bytes would count them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.evaluate.diagnostics.distinct import Distinct


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 200))
def test_repeats_equal_a_set(seed: int, dim: int, rows: int) -> None:
    """Few values, so that rows meet; blocks of any size; -0 is 0."""
    rng = np.random.default_rng(seed)
    X = rng.choice(np.array([-1, -0.0, 0, 1], dtype=np.float32), (rows, dim))
    expected = rows - len({tuple(row) for row in X.tolist()})
    counted = Distinct(dim)

    for start in range(0, rows, 17):
        counted.add(X[start : start + 17])

    assert counted.exact
    assert expected == counted.repeats


def test_rows_that_differ_in_signs_differ() -> None:
    """Half a million patterns of 19 signs: none is taken for another."""
    bits = (np.arange(2**19)[:, None] >> np.arange(19)) & 1
    counted = Distinct(19)

    counted.add((2 * bits - 1).astype(np.float32))

    assert 0 == counted.repeats


def test_too_many_rows_are_estimated() -> None:
    """Only a part of the fingerprints is kept, and the count stays near."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((40_000, 4)).astype(np.float32)
    counted = Distinct(4, most=4_096)

    for part in np.array_split(np.concatenate([rows, rows[:20_000]]), 13):
        counted.add(part)

    assert not counted.exact
    assert 20_000 == pytest.approx(counted.repeats, rel=0.1)


def test_one_row_without_end_stays_small() -> None:
    """Equal rows take one place, however many they are."""
    counted = Distinct(2, most=64)

    for _ in range(40):
        counted.add(np.ones((50, 2), dtype=np.float32))

    assert (True, 1_999) == (counted.exact, counted.repeats)
