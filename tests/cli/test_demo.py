"""The demo walks the whole path on the documentation of the running Python."""

import json

import pytest
from click.testing import CliRunner, Result

from lilliput.cli import demo
from lilliput.cli.app import app


@pytest.fixture(scope="module")
def walked() -> Result:
    """One short walk."""
    return CliRunner().invoke(app, ["demo", "--limit", "1500", "--json", "--quiet"])


def test_the_demo_keeps_its_budget_and_tells_everything(walked: Result) -> None:
    """A quarter of float32 at most; recall with its interval, three answers, seconds by step."""
    assert (0, "") == (walked.exit_code, walked.stderr)
    told = json.loads(walked.stdout)

    assert 1500 == told["passages"]
    assert 0.25 * 4 * told["dim"] >= told["bytes_per_vector"]
    assert 0.25 * told["float32_bytes"] * 1.001 >= told["index_bytes"]
    recall = told["plan"]["forecast"]["recall@10"]
    assert 0 < recall["low"] <= recall["mean"] <= recall["high"] <= 1
    assert list(demo.QUESTIONS) == [answer["question"] for answer in told["answers"]]
    assert [demo.HITS] * 3 == [len(answer["passages"]) for answer in told["answers"]]
    assert 6 == len(told["seconds"])


def test_people_see_the_plan_the_reason_and_the_answers(
    walked: Result, capsys: pytest.CaptureFixture[str]
) -> None:
    """The text shows what the JSON holds."""
    told = json.loads(walked.stdout)
    demo.show(told)
    text = capsys.readouterr().out

    assert told["plan"]["spec"] in text
    assert "recall@10" in text
    assert "Why: " in text
    assert all(question in text for question in demo.QUESTIONS)
    assert all(answer["passages"][0]["title"] in text for answer in told["answers"])
