"""Imports point down only, and `import lilliput` stays light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lilliput

PACKAGE = Path(lilliput.__file__).parent

# Lowest first. Names on one line do not import one another.
LAYERS = [
    ["errors"],
    ["limits"],
    ["names"],
    ["spec"],
    ["progress"],
    ["_core"],
    ["io"],
    ["codecs"],
    ["evaluate"],
    ["index"],
    ["search"],
    ["advisor"],
    ["collection"],
    ["tables", "learn"],
    ["bench", "scale", "serve"],
    ["cli"],
    ["__main__"],
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

# Stands beside the house: tests compare with it, the library never calls it.
ASIDE = {"reference", "__init__"}


def modules() -> Iterator[tuple[Path, str]]:
    """Every source file with the layer that it belongs to."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Layers of our own that a file imports, with the line; "" for the front door itself."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "lilliput":
            names = [f"lilliput.{a.name}" if a.name in RANK else "lilliput" for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["relative"] if node.level else [node.module or ""]
        else:
            continue
        for name in names:
            head, _, rest = name.partition(".")
            if head in ("lilliput", "relative"):
                yield node.lineno, rest.split(".")[0] if head == "lilliput" else "relative"


def test_every_module_has_a_layer() -> None:
    """A new package must say where it stands."""
    expected: set[str] = set()

    actual = {layer for _, layer in modules()} - set(RANK) - ASIDE

    assert expected == actual


def test_imports_point_down() -> None:
    """No file imports its own front door, a sibling layer or a layer above it."""
    expected: list[str] = []

    actual = []
    for path, layer in modules():
        if layer == "__init__":
            continue
        for line, target in imported(path):
            allowed = target == layer or (target in RANK and layer in RANK and RANK[target] < RANK[layer])
            front_door = target == "" and layer in ("cli", "bench")
            if not allowed and not front_door:
                actual.append(f"{path.relative_to(PACKAGE)}:{line} imports {target or 'lilliput itself'}")
    assert expected == actual


def in_a_new_process(code: str) -> list[str]:
    """The top-level names of the modules that some code loads."""
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def strangers(loaded: list[str]) -> set[str]:
    """Of loaded modules, the packages that are neither ours, numpy's nor the standard library's."""
    known = {
        "numpy",
        "lilliput",
        "cython_runtime",
        *sys.stdlib_module_names,
    }  # numpy.random is made by Cython
    return {
        name for name in (full.split(".")[0] for full in loaded) if not name.startswith("_cython")
    } - known


def test_import_loads_numpy_the_standard_library_and_the_core() -> None:
    """`import lilliput` needs no third party but numpy."""
    loaded = in_a_new_process("import lilliput")

    assert set() == strangers(loaded)
    assert "lilliput._core" in loaded


def test_public_names_load_no_third_party() -> None:
    """Touching every public name still loads neither rich nor click nor torch."""
    loaded = in_a_new_process("import lilliput\nfor name in lilliput.__all__: getattr(lilliput, name)")

    assert set() == strangers(loaded)


def test_the_command_line_does_not_load_the_library_for_its_help() -> None:
    """`lilliput --help` loads no codec and no index, so that it answers at once."""
    loaded = in_a_new_process(
        "import contextlib, io\nfrom lilliput.cli.app import app\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): app(['--help'])"
    )

    assert not {"lilliput.index", "lilliput.codecs", "lilliput.advisor"} & set(loaded)
