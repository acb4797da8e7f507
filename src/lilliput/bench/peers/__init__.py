"""Other libraries, one adapter each; whoever is installed races."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from lilliput.bench.contestants import Contestant
from lilliput.bench.entrants import Recipe
from lilliput.bench.hardware import installed_version
from lilliput.bench.problems import Problem

# The package on the index of packages, and the name that it is imported by; the adapter bears the latter.
PEERS = {"faiss-cpu": "faiss", "usearch": "usearch", "numkong": "numkong"}

# Those that have codecs of their own; some of them can search only a graph, or angles.
CODEC_PEERS = PEERS | {
    "scalable-vs": "svs",
    "turbovec": "turbovec",
    "rabitqlib": "rabitqlib",
    "sentence-transformers": "sentence_transformers",
}

Adapter = Callable[[Problem, int], list[Contestant]]


def adapters() -> dict[str, Adapter | None]:
    """Give the adapter of each peer by package; None for one that is not installed.

    Examples
    --------
    >>> sorted(adapters())
    ['faiss-cpu', 'numkong', 'usearch']
    """
    return {package: _adapter(name) if find_spec(name) else None for package, name in PEERS.items()}


def _adapter(name: str) -> Adapter:
    found: Adapter = import_module(f"lilliput.bench.peers.{name}").contestants
    return found


def codec_peers() -> dict[str, str | None]:
    """Give the version of each peer of the race of codecs by package; None for one that is not there.

    A version is that of every package whose code answers, as figures are kept by it.

    Examples
    --------
    >>> sorted(codec_peers())[:2]
    ['faiss-cpu', 'numkong']
    """
    return {package: _codec_version(package) for package in CODEC_PEERS}


def codec_recipes(package: str, problem: Problem, *, quick: bool = False) -> list[Recipe]:
    """List the codecs of an installed peer that can be raced on a problem.

    Parameters
    ----------
    package:
        A key of `CODEC_PEERS`.
    problem:
        What to encode and search.
    quick:
        Leave out the slowest and those that hardly differ from another.
    """
    found: list[Recipe] = _codec_adapter(package).recipes(problem, quick=quick)
    return found


def _codec_version(package: str) -> str | None:
    others = _codec_adapter(package).SEARCHES_WITH
    found = {name: installed_version(name) for name in (package, *others)}
    if not all(found.values()):
        return None
    return ", ".join([str(found.pop(package)), *(f"{name} {version}" for name, version in found.items())])


def _codec_adapter(package: str) -> ModuleType:
    return import_module(f"lilliput.bench.peers.{CODEC_PEERS[package]}")
