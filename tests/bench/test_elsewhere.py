"""Queries from elsewhere, on a set of which it is known what helps."""

import numpy as np
import pytest

from lilliput.bench.elsewhere import Elsewhere, markdown, run, split
from lilliput.errors import Cancelled

DIM = 16


def toy() -> Elsewhere:
    """Rows that vary in all dimensions, queries that tell rows apart by the last ones alone."""
    rng = np.random.default_rng(0)
    rows = (rng.standard_normal((300, DIM)) * np.linspace(2, 1, DIM)).astype(np.float32)
    queries = (rng.standard_normal((80, DIM)) * np.geomspace(0.01, 5, DIM)).astype(np.float32)
    return split("toy", "ip", rows, [queries[:50], queries[50:]])


def test_half_of_the_queries_are_learnt_from() -> None:
    """Those that count are the others; the seed says which."""
    found = toy()
    both = np.concatenate([found.learning, found.problem.queries])

    assert len(found.learning) == len(found.problem.queries) == 40
    assert len(np.unique(both, axis=0)) == 80


def test_every_way_is_measured_against_pca() -> None:
    """What learns from queries gains; what does not is PCA; the table has a line a size."""
    results = run([toy()], progress=False)
    first = results[:5]

    assert [result["gain"] for result in first[:2]] == [0, 0]
    assert all(result["gain"] > 0.1 and result["p_value"] < 0.05 for result in first[2:])
    assert first[4]["gain"] == first[2]["gain"]
    lines = [line for line in markdown(results).splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 5
    assert len({line.count("|") for line in lines}) == 1


def test_a_callback_can_cancel() -> None:
    """After a codec."""
    with pytest.raises(Cancelled):
        run([toy()], progress=lambda done, total: False)
