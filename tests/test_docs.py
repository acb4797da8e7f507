"""Every Python block of the README and the guides runs, in order, in a folder of its own.

Blocks with an encoder run where one is installed.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from encoders import installed, offline
from lilliput.codecs.registry import names

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ENCODER = re.compile(r"--encoder|Encoder\(")
COMMAND = re.compile(r"^\$ (lilliput .*)$", re.MULTILINE)


def blocks(page: Path) -> list[tuple[str, str]]:
    """The runnable blocks of a page, in order: their language and text."""
    found = [(match[1], match[2]) for match in BLOCK.finditer(page.read_text())]
    return [block for block in found if installed() or not ENCODER.search(block[1])]


def commands(text: str) -> list[str]:
    """The `lilliput` commands of a console block; the demo has a test of its own."""
    return [
        line for line in COMMAND.findall(text) if not line.startswith(("lilliput demo", "lilliput bench"))
    ]


@pytest.mark.parametrize("page", ["choosing-a-codec", "format"])
def test_every_stage_is_described(page: str) -> None:
    """Whatever a spec may name has its row: what it does, and what its bytes are."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    made_of_transformers = {"affine", "subspace", "opaque"}
    wanted = set(names()) - (made_of_transformers if page == "choosing-a-codec" else {"opaque"})

    cells = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))

    assert [] == [name for name in sorted(wanted) if not re.search(rf"`{name}[DM\d(`]", cells)]


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.stem)
def test_snippets_run(page: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A reader who pastes the blocks of a page one after the other sees no error."""
    program = "import subprocess, sys\n"
    for language, text in blocks(page):
        if language == "python":
            program += text + "\n"
        for line in commands(text) if language == "console" else []:
            arguments = shlex.split(line)[1:]
            program += f"subprocess.run([sys.executable, '-m', 'lilliput', *{arguments!r}], check=True)\n"
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    model = installed()
    if model is not None:
        environment |= offline(tmp_path_factory.mktemp("model"), model)

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env=environment
    )

    assert (0, "") == (done.returncode, done.stderr), done.stdout
