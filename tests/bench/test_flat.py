"""The whole benchmark on tiny data: what it returns, writes and says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lilliput.bench import batched, flat, memory, single
from lilliput.bench.hardware import describe
from lilliput.bench.report import markdown
from lilliput.errors import Cancelled

HEAD = {
    "benchmark",
    "quick",
    "threads",
    "compared_by",
    "hardware",
    "peers",
    "missing",
    "batched",
    "single",
    "encode",
}


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make every part of the benchmark small; a file to race on."""
    monkeypatch.setattr(batched, "adapters", dict)
    monkeypatch.setattr(flat, "QUICK_BATCH_SECONDS", 0.0)
    monkeypatch.setattr(flat, "QUICK_SINGLE_SECONDS", 0.0)
    monkeypatch.setattr(memory, "QUICK_BYTES", 2**20)
    monkeypatch.setattr(single, "BYTES", 2**18)
    run_single = single.run_single
    monkeypatch.setattr(flat, "run_single", lambda kind, **options: run_single(kind, size=2**18, **options))
    path = tmp_path / "X.npy"
    np.save(path, np.random.default_rng(0).standard_normal((300, 16)).astype(np.float32))
    return path


def test_a_result_is_returned_and_written(vectors: Path, tmp_path: Path) -> None:
    """JSON and Markdown hold what came back, for every part."""
    result = flat.run(quick=True, data=str(vectors), out=tmp_path / "out" / "deep", progress=False)

    written = json.loads((tmp_path / "out" / "deep" / "bench-flat.json").read_text())
    assert result == written
    assert HEAD | {"seconds"} == set(result)
    assert ["X.npy"] == [batch["data"] for batch in result["batched"]]
    assert list(single.KINDS) == [kind["kind"] for kind in result["single"]]
    assert ["int8"] == [run["spec"] for run in result["encode"]]
    assert markdown(result) == (tmp_path / "out" / "deep" / "bench-flat.md").read_text()


def test_markdown_has_a_row_for_everything(vectors: Path) -> None:
    """Tables are rectangular, and a bar within a spec does not end a cell."""
    result = flat.run(quick=True, data=vectors, progress=False)

    text = flat.markdown(result)

    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    widths = [{line.replace("\\|", "").count("|") for line in table.splitlines()} for table in tables]
    assert [{11}, {9}, {7}] == widths
    assert len(result["batched"][0]["contestants"]) + 2 == len(tables[0].splitlines())
    assert result["hardware"]["cpu"] in text
    assert "# Exhaustive search, 1 thread, quick look" in text


def test_a_callback_can_cancel(vectors: Path) -> None:
    """Between two repetitions, and it is told seconds."""
    calls: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        calls.append((done, total))
        return len(calls) < 3

    with pytest.raises(Cancelled):
        flat.run(quick=True, data=vectors, progress=progress)

    assert 3 == len(calls)
    assert {flat.estimate_seconds(True)} == {total for _, total in calls}


def test_the_machine_is_described() -> None:
    """Every fact is one that JSON can hold."""
    machine: dict[str, Any] = describe()

    assert machine == json.loads(json.dumps(machine))
    assert {"cpu", "cpus", "memory_bytes", "load", "system", "instruction_sets"} <= set(machine)
