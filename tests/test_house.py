"""The rules of the house that no linter knows: sizes, docstrings of tests, words that do not belong."""

import ast
import re
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sorted((ROOT / "src" / "lilliput").rglob("*.py"))
CPP = sorted(p for p in (ROOT / "cpp").rglob("*") if p.suffix in (".h", ".cpp"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MAX_LINES = 700
MAX_FUNCTION = 60


def lines(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text().splitlines())


def test_files_stay_small() -> None:
    """No file passes 700 lines; the median is 150 for Python and 200 for C++."""
    expected: list[str] = []

    actual = [f"{p.relative_to(ROOT)}: {lines(p)}" for p in PYTHON + CPP + TESTS if lines(p) > MAX_LINES]

    assert expected == actual
    assert statistics.median(map(lines, PYTHON)) <= 150
    assert statistics.median(map(lines, CPP)) <= 200


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function has, its docstring not counted."""
    end = node.end_lineno or node.lineno
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return end - node.lineno + 1
    return end - node.lineno - ((first.end_lineno or first.lineno) - first.lineno)


def test_functions_stay_small() -> None:
    """No Python function passes 60 lines."""
    expected: list[str] = []

    actual = []
    for path in PYTHON + TESTS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > MAX_FUNCTION:
                actual.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length(node)}")
    assert expected == actual


def test_every_test_says_what_it_shows() -> None:
    """Each test function has a docstring of one line."""
    expected: list[str] = []

    actual = []
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                text = ast.get_docstring(node)
                if not text or "\n" in text.strip():
                    actual.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert expected == actual


def test_the_library_neither_unpickles_nor_evaluates() -> None:
    """No file of the library can run code that it read."""
    forbidden = re.compile(
        r"\bpickle\.loads?\b|\bUnpickler\b|\beval\(|\bexec\(|allow_pickle=True|shell=True|yaml\.load|"
        r"marshal\.loads?|trust_remote_code"
    )
    expected: list[str] = []

    actual = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in PYTHON
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if forbidden.search(line)
    ]
    assert expected == actual


def test_no_machine_is_named() -> None:
    """No file holds an absolute path of the machine that it was written on."""
    machine = re.compile(r"(?<![\w.])/(work|root|farm|home/\w+)/")
    texts = [p for p in ROOT.glob("*") if p.suffix in (".md", ".toml", ".txt")]
    texts += [*PYTHON, *CPP, *TESTS, *(ROOT / "docs").rglob("*.md"), *(ROOT / ".ci").glob("*")]
    expected: list[str] = []

    actual = [
        str(p.relative_to(ROOT)) for p in texts if p != Path(__file__) and machine.search(p.read_text())
    ]

    assert expected == actual
