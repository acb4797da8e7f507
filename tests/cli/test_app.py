"""The command line as a whole: help, exit codes, warnings, Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lilliput.cli.app import VERBS, app, explain
from lilliput.errors import Cancelled, FileError, LilliputWarning, OverBudget


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb_has_an_example(verb: str) -> None:
    """`--help` ends well and shows a command to paste."""
    result = CliRunner().invoke(app, [verb, "--help"])

    assert result.exit_code == 0
    assert f"  lilliput {verb}" in result.output.split("Example", 1)[1]


def test_help_lists_the_verbs_in_order() -> None:
    """`lilliput --help` names each verb with what it does."""
    result = CliRunner().invoke(app, ["--help"])
    after = result.output.split("Verbs:", 1)[1].split("Examples:")[0]

    assert list(VERBS) == [line.split()[0] for line in after.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["fly"], "No such command 'fly'"),
        (["build"], "Missing argument 'VECTORS'"),
        (["search", "a", "b", "-k", "ten"], "'ten' is not a valid integer"),
        (["build", "X.npy", "--wings"], "No such option"),
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(arguments: list[str], part: str) -> None:
    """Click's own complaints come without its usage block."""
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 2
    assert part in result.stderr
    assert result.stderr.count("\n") == 1
    assert "--help` for the arguments and an example." in result.stderr


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OverBudget("Nothing fits in 1 B.", 4.0), ("Nothing fits in 1 B.", 2)),
        (FileError("x.npy does not exist."), ("x.npy does not exist.", 2)),
        (click.Abort(), ("Interrupted; nothing was changed.", 130)),
        (Cancelled("encoding was cancelled"), ("Interrupted; nothing was changed.", 130)),
    ],
)
def test_errors_become_a_sentence_and_a_code(error: Exception, expected: tuple[str, int]) -> None:
    """The sentence is the error's own `str`."""
    actual = explain(error)

    assert expected == actual


def test_warnings_are_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `LilliputWarning` reaches the user without a file name and a line of code."""

    @click.command("warn")
    def warn() -> None:
        warnings.warn("The recall asked for is out of reach.", LilliputWarning, stacklevel=1)

    monkeypatch.setattr(type(app), "get_command", lambda self, ctx, name: warn)

    result = CliRunner().invoke(app, ["warn"])

    assert (0, "Note: The recall asked for is out of reach.\n") == (result.exit_code, result.stderr)


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not the user's error is not dressed up as one."""

    @click.command("bug")
    def bug() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(app), "get_command", lambda self, ctx, name: bug)

    result = CliRunner().invoke(app, ["bug"])

    assert isinstance(result.exception, ZeroDivisionError)


def test_threads_reach_the_native_module_and_go_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--threads` holds for one command."""
    from lilliput.cli import options

    seen: list[str | None] = []

    @click.command("look")
    @options.threads
    def look() -> None:
        seen.append(os.environ.get("LILLIPUT_NUM_THREADS"))

    monkeypatch.setattr(type(app), "get_command", lambda self, ctx, name: look)
    monkeypatch.delenv("LILLIPUT_NUM_THREADS", raising=False)

    CliRunner().invoke(app, ["look", "--threads", "3"])
    seen.append(os.environ.get("LILLIPUT_NUM_THREADS"))

    assert ["3", None] == seen


def test_ctrl_c_is_one_sentence() -> None:
    """SIGINT in the middle of a verb: one sentence, code 130, no traceback."""
    script = (
        "import signal, time, lilliput.cli.app as a, click\n"
        # A test run in the background ignores SIGINT, and its children would too.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "@click.command()\n"
        "def slow():\n    print('started', flush=True)\n    time.sleep(60)\n"
        "a.Verbs.get_command = lambda *_: slow\n"
        "a.main()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, "slow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=20)

    assert (130, "Interrupted; nothing was changed.") == (child.returncode, stderr.strip())


def test_the_entry_point_runs(desk: Path) -> None:
    """`python -m lilliput` in a process of its own: JSON on stdout, nothing on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "lilliput", "info", "index", "--json"],
        cwd=desk,
        capture_output=True,
        text=True,
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("{")
