"""A mean taken apart shows the queries that the loop finds."""

import json

import numpy as np
import pytest

from lilliput.errors import InvalidInput
from lilliput.evaluate import breakdown, mrr_at_k


def test_two_runs_are_ordered_by_what_was_lost() -> None:
    """The worst lost most, equals come in their order, the best won most."""
    found = breakdown([0.5, 0.1, 0.9, 0.1], [0.5, 0.6, 0.4, 0.6], names=list("abcd"))

    assert [(1, "b"), (3, "d"), (0, "a")] == [(line.query, line.name) for line in found.worst(3)]
    assert [(2, 0.9, 0.4, 0.5)] == [
        (line.query, line.value, line.baseline, line.change) for line in found.best(1)
    ]


def test_one_run_is_ordered_by_its_values() -> None:
    """Any metric of a run and its judgments can be taken apart."""
    found = breakdown(mrr_at_k([[1, 2], [3, 4], [5, 6]], [{2: 1.0}, {3: 1.0}, {}], 2))

    assert [(2, 0.0, None), (0, 0.5, None), (1, 1.0, None)] == [
        (line.query, line.value, line.change) for line in found.worst()
    ]


def test_the_dict_is_plain() -> None:
    """JSON takes it; counts and means are those of numpy."""
    rng = np.random.default_rng(0)
    now, before = rng.random((2, 50))

    told = json.loads(json.dumps(breakdown(now, before).to_dict(3)))

    assert (50, 3, 3) == (told["queries"], len(told["worst"]), len(told["best"]))
    assert (int((now > before).sum()), int((now < before).sum())) == (told["won"], told["lost"])
    assert (now.mean(), before.mean()) == pytest.approx((told["mean"], told["baseline_mean"]))


def test_the_values_are_its_own() -> None:
    """Changing the array that was given changes nothing."""
    values = np.array([0.2, 0.4])
    found = breakdown(values)
    values[:] = 9

    assert [0.2, 0.4] == found.values.tolist()


def test_bad_input_is_refused() -> None:
    """Each sentence says what came."""
    with pytest.raises(InvalidInput, match=r"\[1, 2\]"):
        breakdown([1.0, 2.0], [1.0])
    with pytest.raises(InvalidInput, match=r"\(0,\)"):
        breakdown([])
    with pytest.raises(InvalidInput, match="finite"):
        breakdown([np.nan])
