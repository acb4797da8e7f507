"""A run that was stopped goes on where it was, and nothing is taken from a file of something else."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lilliput.advisor import advise, rungs
from lilliput.advisor.journal import Journal, fingerprint
from lilliput.errors import Cancelled, CorruptFile, FileError, InvalidInput
from lilliput.evaluate.datasets import clustered

X = np.asarray(clustered(seed=4, n=2700, d=16, centres=40, queries=1).vectors)


def test_what_was_made_is_remembered(tmp_path: Path) -> None:
    """A second run reads instead of making; so does the same one."""
    path = tmp_path / "advice.jsonl"
    made = []

    def make() -> list[float]:
        made.append(1)
        return [0.1, 1 / 3]

    for _ in range(2):
        with Journal(path, "mark") as journal:
            assert [0.1, 1 / 3] == journal.remember("a", make) == journal.remember("a", make)

    assert [1] == made


def test_a_line_cut_off_is_made_again(tmp_path: Path) -> None:
    """Killed while writing: every length of file is read, and what is whole is kept."""
    path = tmp_path / "advice.jsonl"
    with Journal(path, "mark") as journal:
        journal.remember("a", lambda: 1)
        journal.remember("b", lambda: 2)
    whole = path.read_bytes()

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with Journal(path, "mark") as journal:
            assert (1, 2) == (journal.remember("a", lambda: 1), journal.remember("b", lambda: 2))
        assert whole == path.read_bytes()


@pytest.mark.parametrize(
    "text", [b"{}\n", b"no json\n", b'{"format": "other"}\n', b"[1]\n", b"\xff\xfe\n", b"null\n"]
)
def test_another_file_is_refused(text: bytes, tmp_path: Path) -> None:
    """It is left as it was."""
    path = tmp_path / "advice.jsonl"
    path.write_bytes(text)

    with pytest.raises(CorruptFile, match="no record of advice"):
        Journal(path, "mark")

    assert text == path.read_bytes()


def test_measurements_of_something_else_are_refused(tmp_path: Path) -> None:
    """Other vectors and other arguments, each says so; a folder and a missing folder are file errors."""
    path = tmp_path / "advice.jsonl"
    advise(X, budget="8B", resume=path, progress=False)

    for other in ({"budget": "9B"}, {"budget": "8B", "seed": 1}, {"budget": "8B", "metric": "l2"}):
        with pytest.raises(InvalidInput, match="other vectors, queries, arguments"):
            advise(X, resume=path, progress=False, **other)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="other vectors"):
        advise(X[1:], budget="8B", resume=path, progress=False)
    for nowhere in (tmp_path, tmp_path / "no" / "advice.jsonl"):
        with pytest.raises(FileError):
            advise(X, budget="8B", resume=nowhere, progress=False)


@pytest.mark.parametrize("after", [2, 20, 45])
@pytest.mark.parametrize("asked", [{"budget": "12B"}, {"floor": "recall@10=0.8"}], ids=["budget", "floor"])
def test_a_cancelled_run_goes_on_to_the_same_plan(
    after: int, asked: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured is not measured again, and the plan is that of a run in one piece."""
    path = tmp_path / "advice.jsonl"
    whole = advise(X, progress=False, **asked)  # type: ignore[arg-type]
    with pytest.raises(Cancelled):
        advise(X, resume=path, progress=lambda done, total: done < after, **asked)  # type: ignore[arg-type]
    known = {json.loads(line).get("key") for line in path.read_text().splitlines()[1:]}
    again = []
    measure = rungs.measure

    def counted(*given: Any, **more: Any) -> Any:
        again.append(given)
        return measure(*given, **more)

    monkeypatch.setattr(rungs, "measure", counted)

    plan = advise(X, resume=path, progress=False, **asked)  # type: ignore[arg-type]

    assert (whole.spec, whole.forecast) == (plan.spec, plan.forecast)
    assert [row.recall for row in whole.table] == [row.recall for row in plan.table]
    lines = [json.loads(line).get("key") for line in path.read_text().splitlines()[1:]]
    assert len(lines) == len(set(lines))
    assert len(known) >= after - 1
    measured = [line for line in lines if line.startswith(("rung", "look"))]
    assert len(again) == len(measured) - len(known)


def test_a_finished_run_is_read_back_without_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same plan to the last digit, times by the clock among them."""
    path = tmp_path / "advice.jsonl"
    first = advise(X, budget="40B", floor="recall@10=0.7", resume=path, progress=False)
    monkeypatch.setattr(rungs, "measure", None)

    again = advise(X, budget="40B", floor="recall@10=0.7", resume=path, progress=False)

    assert first.to_dict() == again.to_dict()


def test_fingerprints_differ_where_anything_does() -> None:
    """Values, shapes, dtypes, order and arguments."""
    base = np.arange(6, dtype=np.float32)
    marks = {
        fingerprint([base], {}),
        fingerprint([base.reshape(2, 3)], {}),
        fingerprint([base.astype(np.float64)], {}),
        fingerprint([base[::-1]], {}),
        fingerprint([base, None], {}),
        fingerprint([base], {"seed": 1}),
    }

    assert 6 == len(marks)
    assert fingerprint([base], {}) in marks
