"""Passages from made-up sources, where every rule can be seen, and from the Python that runs."""

import gc
import sys
from pathlib import Path

import pytest

from lilliput.errors import DatasetMissing, InvalidInput
from lilliput.evaluate import Passage, known_items, passages
from lilliput.evaluate.docstrings import collect, package_roots

MODULE = '''
"""Tools for
lines.

The rest
of the module.
"""

try:
    import nothing

    def fast(x):
        """Do it quickly, in C."""
except ImportError:
    def slow(x):
        """Do it slowly, in Python.

        The body of it."""

class Line:
    """A line of text on paper."""

    async def read(self):
        """Read the line out loud."""
        def inner():
            """Not for the reader's eyes."""

def bare():
    pass

def short():
    """Too short."""

def again():
    """A LINE of text on paper."""
'''


def write(root: Path, name: str, text: str) -> Path:
    """Write one source file."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def words(count: int) -> str:
    """As many different words."""
    return " ".join(f"word{'abcdefghijklmnopqrstuvwxyz'[at % 26]}" for at in range(count))


def test_documentation_is_found_where_readers_look(tmp_path: Path) -> None:
    """Modules, classes, methods and functions, in order; no nested functions, short texts or repeats."""
    write(tmp_path, "tools.py", MODULE)
    expected = [
        Passage("tools", "Tools for lines.", "The rest of the module."),
        Passage("tools.fast", "Do it quickly, in C.", ""),
        Passage("tools.slow", "Do it slowly, in Python.", "The body of it."),
        Passage("tools.Line", "A line of text on paper.", ""),
        Passage("tools.Line.read", "Read the line out loud.", ""),
    ]

    assert expected == collect([(tmp_path, tmp_path)], 100, 100)


def test_nothing_is_run(tmp_path: Path) -> None:
    """A source that would end the process is only read."""
    write(tmp_path, "danger.py", '"""A module that ends the process."""\nraise SystemExit(9)\n')

    (found,) = collect([(tmp_path, tmp_path)], 10, 10)

    assert "danger" == found.title
    assert "danger" not in sys.modules


def test_order_is_by_path_and_packages_are_capped(tmp_path: Path) -> None:
    """The first root comes whole, the others up to their cap, all of it up to the limit."""
    for name in ("b.py", "a/__init__.py", "a/z.py"):
        write(tmp_path / "lib", name, f'"""The documentation of file {name}."""')
    for package in ("one", "two"):
        for number in range(5):
            write(tmp_path / "site", f"{package}/m{number}.py", f'"""Documentation {package} {number}."""')
    site = tmp_path / "site"
    roots = [(tmp_path / "lib", tmp_path / "lib"), (site, site / "one"), (site, site / "two")]

    found = [passage.title for passage in collect(roots, 6, 2)]

    assert ["b", "a", "a.z", "one.m0", "one.m1", "two.m0"] == found


@pytest.mark.parametrize("folder", ["test", "tests", "site-packages", "not-a-name", "__pycache__ x"])
def test_folders_that_describe_no_library_are_skipped(folder: str, tmp_path: Path) -> None:
    """Only the module beside the folder is read."""
    write(tmp_path, f"{folder}/inside.py", '"""Documentation that is skipped."""')
    write(tmp_path, "beside.py", '"""Documentation that is read."""')

    assert ["beside"] == [passage.title for passage in collect([(tmp_path, tmp_path)], 10, 10)]


@pytest.mark.parametrize(
    "content",
    [
        b'"""No Python: """ def (',
        b'"""Nul \0 byte."""',
        b'"""\xff\xfe is no UTF-8."""',
        b'# coding: no-such-code\n"""Documentation in it."""',
        b'"""' + b"x" * 1_000_001 + b'"""',
        b'"""Deep"""\n' + b"(" * 5_000,
        b'"""Deep"""\nx = ' + b"-" * 60_000 + b"1",
    ],
)
def test_files_that_cannot_be_read_are_passed_over(content: bytes, tmp_path: Path) -> None:
    """A broken file costs its own passages and nothing else."""
    (tmp_path / "a.py").write_bytes(content)
    write(tmp_path, "b.py", '"""Documentation of the good one."""')

    assert ["b"] == [passage.title for passage in collect([(tmp_path, tmp_path)], 10, 10)]


def test_texts_can_always_be_encoded(tmp_path: Path) -> None:
    """Lone surrogates, which strings of source may hold, are replaced; long bodies are cut."""
    write(tmp_path, "a.py", f'"""Summary with \\ud800 in it.\n\n{"long " * 1_000}"""')

    (found,) = collect([(tmp_path, tmp_path)], 10, 10)

    assert "Summary with ? in it." == found.summary
    assert len(found.body) <= 2_000
    assert found.text.encode()


def test_warnings_and_the_collector_are_left_as_they_were(tmp_path: Path) -> None:
    """Invalid escapes in the source warn nobody, and the cycle collector runs again afterwards."""
    write(tmp_path, "a.py", '"""Documentation, with an escape: \\d."""')

    assert 1 == len(collect([(tmp_path, tmp_path)], 10, 10))
    assert gc.isenabled()


def test_a_python_without_sources_says_so(tmp_path: Path) -> None:
    """The message holds the place."""
    with pytest.raises(DatasetMissing, match=str(tmp_path)):
        collect([(tmp_path, tmp_path)], 10, 10)


def test_limits_below_one_are_refused() -> None:
    """Nothing can be collected."""
    with pytest.raises(InvalidInput, match="limit=0"):
        passages(0)


def test_the_running_python_has_passages() -> None:
    """The standard library comes first, in the same order each time, and no text comes twice."""
    found = passages(3_000, progress=False)

    assert found == passages(3_000, progress=False)
    assert 3_000 == len(found)
    assert 3_000 == len({(passage.summary + " " + passage.body).lower() for passage in found})
    assert found[0].title.split(".")[0] in sys.stdlib_module_names
    assert 2_000 >= max(len(passage.body) for passage in found)


def test_installed_packages_follow_in_order_of_name() -> None:
    """numpy is among them; neither this library nor metadata is."""
    names = [root.stem for _, root in package_roots()[1:]]

    assert sorted(names) == names
    assert "numpy" in names
    assert "lilliput" not in names


def test_known_items_are_found_in_their_own_passage() -> None:
    """The summary leaves its text and becomes the query; the others keep theirs."""
    items = [
        Passage("m.a", "Open a file for reading bytes.", words(12)),
        Passage("m.b", "Too short.", words(13)),
        Passage("m.c", "This one has hardly any body.", words(11)),
        Passage("m.d", "call(this) is a signature, no sentence.", words(14)),
        Passage("m.e", "Give back an int -> the answer.", words(15)),
        Passage("m.f", "Said by two passages alike.", words(16)),
        Passage("m.g", "said by two passages alike.", words(17)),
        Passage("m.h", "A body that two passages have.", words(18)),
        Passage("m.i", "Another with that same body.", words(18)),
        Passage("m.j", "A summary as long as a " + words(40), words(19)),
    ]

    found = known_items(items)

    assert ["Open a file for reading bytes."] == found.queries
    assert [{0: 1.0}] == found.qrels
    assert [f"m.a: {words(12)}", *(item.text for item in items[1:])] == found.texts


def test_known_items_depend_on_their_seed_alone() -> None:
    """As many as asked for, each judged once, the same for equal seeds."""
    items = [
        Passage(f"m.f{at}", f"The summary of number {at} is here.", words(12) + str(at)) for at in range(50)
    ]

    first, again, other = (known_items(items, 20, seed) for seed in (1, 1, 2))

    assert first == again
    assert first.queries != other.queries
    assert 20 == len(first.queries) == len({row for judged in first.qrels for row in judged})
    for query, judged in zip(first.queries, first.qrels, strict=True):
        (row,) = judged
        assert items[row].summary == query
        assert query not in first.texts[row]
