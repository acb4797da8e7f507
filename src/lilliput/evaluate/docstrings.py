"""Passages that every machine with Python has: the documentation strings of its own library.

Sources are parsed, never imported, so that nothing runs and nothing outside the files read is loaded.
"""

import ast
import gc
import os
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lilliput.errors import DatasetMissing, InvalidInput
from lilliput.progress import ProgressOption, Track

LONGEST_SOURCE = 1_000_000
LONGEST_PASSAGE = 2_000
SHORTEST_PASSAGE = 20

# Tests describe themselves, not the library; our own words would make the set change with every release.
_SKIPPED = frozenset(
    {
        "site-packages",
        "dist-packages",
        "test",
        "tests",
        "testing",
        "idle_test",
        "turtledemo",
        "lib2to3",
        "lilliput",
    }
)
_BLANK_LINE = re.compile(r"\n\s*\n")
_Documented = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Passage:
    """One documentation string.

    Attributes
    ----------
    title:
        Module and qualified name, such as ``json.JSONEncoder.default``.
    summary:
        The first paragraph, on one line.
    body:
        The rest, on one line; may be empty.
    """

    title: str
    summary: str
    body: str

    @property
    def text(self) -> str:
        """Everything that is to be found: title, summary and body."""
        return f"{self.title}: {self.summary} {self.body}".rstrip()


def passages(
    limit: int = 20_000, *, per_package: int = 2_000, progress: ProgressOption = None
) -> list[Passage]:
    """Collect the documentation strings of the running Python.

    A demonstration needs real text that is there without a network. The order is fixed: the standard library
    by path, then each installed package by name; a text seen before is left out. Equal installations give
    equal lists.

    Parameters
    ----------
    limit:
        The most passages returned.
    per_package:
        The most taken from one installed package, so that a large one does not drown the others.
    progress:
        None, False or a callable told ``(passages so far, limit)``.

    Returns
    -------
    list of Passage

    Raises
    ------
    InvalidInput
        `limit` or `per_package` is below 1.
    DatasetMissing
        This Python has no source files.

    Examples
    --------
    >>> from lilliput.evaluate import passages
    >>> found = passages(5, progress=False)
    >>> len(found)
    5
    """
    if limit < 1 or per_package < 1:
        raise InvalidInput(
            f"limit={limit} and per_package={per_package} were given; both must be at least 1."
        )
    return collect(package_roots(), limit, per_package, progress)


def collect(
    roots: Sequence[tuple[Path, Path]], limit: int, per_package: int, progress: ProgressOption = False
) -> list[Passage]:
    """Collect the documentation strings under the given roots.

    Parameters
    ----------
    roots:
        Pairs of the folder that module names start from and the file or folder to read. The first is the
        standard library and is not capped by `per_package`.
    limit, per_package, progress:
        As for `passages`.

    Returns
    -------
    list of Passage

    Raises
    ------
    DatasetMissing
        No root holds a documentation string.
    """
    found: list[Passage] = []
    seen: set[str] = set()
    with Track(progress, limit, "reading documentation strings") as step, _calm_parsing():
        for number, (base, root) in enumerate(roots):
            room = limit if number == 0 else min(limit, len(found) + per_package)
            for path in _sources(root):
                if len(found) >= room:
                    break
                for passage in _passages_of(path, _module_name(path, base)):
                    key = f"{passage.summary} {passage.body}".lower()
                    if key not in seen and len(found) < room:
                        seen.add(key)
                        found.append(passage)
                step(len(found))
    if not found:
        looked = ", ".join(str(root) for _, root in roots) or "sys.path"
        raise DatasetMissing(f"No Python source with documentation strings was found under {looked}.")
    return found


def package_roots() -> list[tuple[Path, Path]]:
    """List what `passages` reads: the standard library, then each installed package in order of name.

    Returns
    -------
    list of (Path, Path)
        The folder that module names start from, and the file or folder to read.
    """
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    roots = [(stdlib, stdlib)]
    installed: dict[str, tuple[Path, Path]] = {}
    for entry in sys.path:
        base = Path(entry)
        if base.name not in ("site-packages", "dist-packages") or not base.is_dir():
            continue
        for child in base.iterdir():
            name = child.stem if child.suffix == ".py" else child.name
            if name.isidentifier() and not name.startswith("_") and name not in _SKIPPED:
                installed.setdefault(name, (base, child))
    return roots + [installed[name] for name in sorted(installed)]


@contextmanager
def _calm_parsing() -> Iterator[None]:
    """Ignore warnings about other people's strings, and pause the cycle collector.

    Trees hold no cycles, yet their many nodes set the collector off again and again: a third of the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if collecting:
            gc.enable()


def _sources(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name.isidentifier() and name not in _SKIPPED)
        for name in sorted(files):
            if name.endswith(".py"):
                yield Path(folder, name)


def _module_name(path: Path, base: Path) -> str:
    parts = list(path.relative_to(base).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _passages_of(path: Path, module: str) -> Iterator[Passage]:
    try:
        if path.stat().st_size > LONGEST_SOURCE:
            return
        source = path.read_bytes()
        if b'"""' not in source and b"'''" not in source:
            return
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return  # a file that this Python cannot read holds no documentation for its user
    yield from _documented(tree, module)


def _documented(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, title: str
) -> Iterator[Passage]:
    text = ast.get_docstring(node, clean=False)
    if text is not None:
        passage = _split(title, text)
        if len(passage.summary) + len(passage.body) >= SHORTEST_PASSAGE:
            yield passage
    if isinstance(node, ast.Module | ast.ClassDef):
        for child in _definitions(node.body):
            yield from _documented(child, f"{title}.{child.name}")


def _definitions(
    body: Sequence[ast.stmt],
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement in body:
        if isinstance(statement, _Documented):
            yield statement
        elif isinstance(statement, ast.If | ast.With):
            yield from _definitions(statement.body)
            yield from _definitions(getattr(statement, "orelse", []))
        elif isinstance(statement, ast.Try):
            yield from _definitions(statement.body)
            for handler in statement.handlers:
                yield from _definitions(handler.body)
            yield from _definitions(statement.orelse)


def _split(title: str, text: str) -> Passage:
    # Lone surrogates cannot be encoded, hashed or printed.
    summary, *rest = _BLANK_LINE.split(text.encode("utf-8", "replace").decode().strip(), maxsplit=1)
    body = " ".join(rest)
    return Passage(title, " ".join(summary.split()), " ".join(body.split())[:LONGEST_PASSAGE])
