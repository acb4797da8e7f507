"""Adapters of peers, where the peers are installed: they ask for what we ask for."""

import numpy as np
import pytest

from lilliput.bench.peers import PEERS, adapters
from lilliput.bench.peers.rounding import to_bytes
from lilliput.bench.problems import Problem
from lilliput.codecs.base import Metric


def problem(metric: Metric) -> Problem:
    """Random vectors, of unit length under cosine."""
    rng = np.random.default_rng(1)
    base, queries = (rng.standard_normal((n, 64)).astype(np.float32) for n in (2_000, 30))
    if metric == "cosine":
        base, queries = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (base, queries))
    return Problem("random", metric, base, queries)


@pytest.mark.parametrize("package", PEERS)
@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_a_peer_finds_the_neighbours(package: str, metric: Metric) -> None:
    """Exact ones find all, 8-bit ones nearly all: metric, order and ids are those that were meant."""
    adapter = adapters()[package]
    if adapter is None:
        pytest.skip(f"{package} is not installed")
    asked = problem(metric)
    truth = asked.truth()

    for entrant in adapter(asked, 1):
        found = entrant.search()

        assert (np.dtype("int64"), (30, 10)) == (found.dtype, found.shape)
        assert asked.recall(found, truth) > (0.9 if entrant.bytes_per_vector < 256 else 0.999), entrant.label
        assert (found[:, 0] == truth.ids[:, 0]).mean() > 0.8, entrant.label


def test_a_peer_that_is_not_installed_has_no_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The race goes on without it."""
    monkeypatch.setitem(PEERS, "no-such-peer", "no_such_peer")

    assert adapters()["no-such-peer"] is None


def test_bytes_lie_on_one_grid() -> None:
    """The largest number of both sides becomes 127; everything else keeps its proportion."""
    base, queries = np.array([[1.0, -2.0]], dtype=np.float32), np.array([[4.0, 0.0]], dtype=np.float32)

    expected = ([[32, -64]], [[127, 0]])

    rounded = to_bytes(Problem("grid", "l2", base, queries))
    assert expected == tuple(side.tolist() for side in rounded)
