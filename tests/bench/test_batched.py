"""The race of many queries: everybody answers, everybody is judged."""

import numpy as np
import pytest

from lilliput.bench import batched
from lilliput.bench.batched import run_batch
from lilliput.bench.contestants import OURS, Contestant, instruction_set, ours
from lilliput.bench.problems import Problem
from lilliput.codecs.base import Metric


def problem(metric: Metric) -> Problem:
    """A small problem of random vectors."""
    rng = np.random.default_rng(0)
    base, queries = (rng.standard_normal((n, 32)).astype(np.float32) for n in (400, 20))
    if metric == "cosine":
        base, queries = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (base, queries))
    return Problem("random", metric, base, queries)


@pytest.fixture(autouse=True)
def _no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batched, "adapters", lambda: {"faiss-cpu": None})


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_a_race_without_peers_judges_ours(metric: Metric) -> None:
    """Every contestant has a row; floats find everything; there is no ratio to a peer that is not there."""
    result = run_batch(problem(metric), threads=1, seconds=0, least=1, tick=lambda: None)

    rows = result["contestants"]
    assert {spec for spec, _, _ in OURS} == {row["name"].split(" (")[0] for row in rows}
    assert all(row["recall"] == 1.0 for row in rows if row["name"] == "flat | f32")
    assert all(row["recall"] > 0.9 for row in rows if "int8" in row["name"])
    assert {None} == {row["ratio_fast"] for row in rows}
    assert (400, 32, 20, 10) == tuple(result[key] for key in ("rows", "dim", "queries", "k"))


def test_ratios_are_against_the_yardstick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer named IndexFlat is what others are measured by, so that its own ratio is one."""

    def adapter(asked: Problem, threads: int) -> list[Contestant]:
        answer = asked.truth().ids
        return [Contestant("IndexFlat", "peer", "", 128.0, False, lambda: answer)]

    monkeypatch.setattr(batched, "adapters", lambda: {"peer": adapter})

    rows = run_batch(problem("l2"), threads=1, seconds=0, least=1, tick=lambda: None)["contestants"]

    assert [1.0] == [row["ratio_fast"] for row in rows if row["library"] == "peer"]
    assert all(row["ratio_fast"] > 0 for row in rows)


def test_contestants_have_labels_of_their_own() -> None:
    """A label stands for one contestant."""
    labels = [entrant.label for entrant in ours(problem("l2"), 1)]

    assert len(set(labels)) == len(labels)


def test_an_instruction_set_is_chosen_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is as it was afterwards, also when it was not there."""
    from lilliput import _core

    monkeypatch.delenv("LILLIPUT_ISA", raising=False)
    usual = _core.default_isa()

    with instruction_set("portable"):
        assert _core.default_isa() == "portable"

    assert usual == _core.default_isa()
