"""Other libraries, one adapter each; whoever is installed races."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from lilliput.bench.contestants import Contestant
from lilliput.bench.problems import Problem

# The package on the index of packages, and the name that it is imported by; the adapter bears the latter.
PEERS = {"faiss-cpu": "faiss", "usearch": "usearch", "numkong": "numkong"}

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
