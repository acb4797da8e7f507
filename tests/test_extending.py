"""The guide that adds a quantiser, followed to the letter on a copy of the sources."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "extending.md"
BLOCK = re.compile(r"^```\w+ (file|insert|append|run)(?:=(\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ANCHOR = "#define LILLIPUT_FAMILIES(X) \\\n"


def blocks() -> list[tuple[str, str, str]]:
    """What the page asks for, in order: how, where, and the text."""
    return [(match[1], match[2], match[3]) for match in BLOCK.finditer(PAGE.read_text())]


def follow(tree: Path) -> str:
    """Do to a copy what the page says, and give its last program."""
    program = ""
    for how, where, text in blocks():
        if how == "run":
            program = text
            continue
        target = tree / where
        target.parent.mkdir(parents=True, exist_ok=True)
        before = target.read_text() if target.exists() else ""
        if how == "insert":
            assert ANCHOR in before, where
            text = before.replace(ANCHOR, ANCHOR + text)
        target.write_text(before + text if how == "append" else text)
    return program


def run(*command: object, cwd: Path) -> None:
    """Run a command, and show what it printed where it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)

    assert 0 == done.returncode, (done.stdout + done.stderr)[-4_000:]


def test_a_reader_adds_a_quantiser(tmp_path: Path) -> None:
    """One module, one kernel and one line in each registry: every index and the advisor then know it."""
    for tool in ("cmake", "ninja", "c++"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not here, and the module must be built again")
    tree, build = tmp_path / "tree", tmp_path / "build"
    for part in ("cpp", "cmake", "src"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("_core*.so", "__pycache__"))
    shutil.copy(ROOT / "CMakeLists.txt", tree)
    program = follow(tree)

    options = ["-DLILLIPUT_BASELINE=ON", f"-DPython_EXECUTABLE={sys.executable}"]
    run("cmake", "-S", tree, "-B", build, "-G", "Ninja", *options, cwd=tmp_path)
    run("ninja", "-C", build, cwd=tmp_path)
    module = f"_core{sysconfig.get_config_var('EXT_SUFFIX')}"
    shutil.copy(next(build.glob("_core*.so")), tree / "src" / "lilliput" / module)

    # Without `site`, so that an editable install of the project does not stand before the copy.
    paths = [str(tree / "src"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    run(sys.executable, "-S", "-c", f"import sys; sys.path += {paths!r}\n{program}", cwd=tmp_path)
