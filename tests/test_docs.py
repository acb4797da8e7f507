"""Every Python block of the README and the guides runs, in order, in a folder of its own."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ (lilliput .*)$", re.MULTILINE)


def blocks(page: Path) -> list[tuple[str, str]]:
    """The runnable blocks of a page, in order: their language and text."""
    return [(match[1], match[2]) for match in BLOCK.finditer(page.read_text())]


def commands(text: str) -> list[str]:
    """The `lilliput` commands of a console block; the demo has a test of its own."""
    return [
        line for line in COMMAND.findall(text) if not line.startswith(("lilliput demo", "lilliput bench"))
    ]


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.stem)
def test_snippets_run(page: Path, tmp_path: Path) -> None:
    """A reader who pastes the blocks of a page one after the other sees no error."""
    program = "import subprocess, sys\n"
    for language, text in blocks(page):
        if language == "python":
            program += text + "\n"
        for line in commands(text) if language == "console" else []:
            arguments = shlex.split(line)[1:]
            program += f"subprocess.run([sys.executable, '-m', 'lilliput', *{arguments!r}], check=True)\n"
    environment = {**os.environ, "PYTHONWARNINGS": "error"}

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env=environment
    )

    assert (0, "") == (done.returncode, done.stderr), done.stdout
