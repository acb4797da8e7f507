"""Peers of the race of codecs, where they are installed: bytes, answers, and what they are asked."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from lilliput.bench.peers import CODEC_PEERS, codec_peers, codec_recipes
from lilliput.bench.peers.rounding import grid, on_grid
from lilliput.bench.problems import Problem
from lilliput.codecs.base import Metric

DIM, ROWS = 32, 800

# The least recall on the problem below. Recipes of codes with codes, and bits, lose most.
LEAST = {"uint8, faiss": 0.0, "int8, usearch": 0.3, "b1": 0.15, "LSHt": 0.15, "ubinary, faiss": 0.15}


def problem(metric: Metric) -> Problem:
    """Clustered vectors, of unit length under cosine."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((30, DIM))
    base, queries = (
        (centres[rng.integers(0, 30, n)] + 0.7 * rng.standard_normal((n, DIM))).astype(np.float32)
        for n in (ROWS, 30)
    )
    if metric == "cosine":
        base, queries = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (base, queries))
    return Problem("clustered", metric, base, queries)


def _installed(package: str) -> None:
    if codec_peers()[package] is None:
        pytest.skip(f"{package} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a peer warns of when it is imported is its own affair
        pytest.importorskip(CODEC_PEERS[package])


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("package", CODEC_PEERS)
@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_a_peer_encodes_and_answers(package: str, metric: Metric) -> None:
    """Every codec finds what its width promises, for a batch and for one query, and counts its bytes."""
    _installed(package)
    asked = problem(metric)
    truth = asked.truth()

    for recipe in codec_recipes(package, asked):
        entrant = recipe.make(asked, 1)
        found = entrant.search(asked.queries, 1)
        one = entrant.search(asked.queries[:1], 2)

        assert (np.dtype("int64"), (30, 10)) == (found.dtype, found.shape), recipe.label
        assert (1, 10) == one.shape, recipe.label
        least = next((v for name, v in LEAST.items() if name in recipe.name), 0.2)
        assert asked.recall(found, truth) >= (least if entrant.payload < DIM or least != 0.2 else 0.8), recipe
        assert DIM / 16 <= entrant.payload <= 2 * DIM, recipe.label
        assert entrant.shared >= 0, recipe.label
        assert entrant.bytes_per_vector(ROWS) >= entrant.payload + entrant.factors
        entrant.encode(asked.base[:100], 1)
        entrant.encode(asked.base[:100], 2)
        again = entrant.search(asked.queries, 1)
        np.testing.assert_array_equal(found, again)


def test_quick_recipes_are_among_all() -> None:
    """A quick look has no codec of its own."""
    for package, version in codec_peers().items():
        if version is not None:
            for metric in ("cosine", "l2"):
                asked = problem("cosine" if metric == "cosine" else "l2")
                every = {recipe.label for recipe in codec_recipes(package, asked)}
                quick = {recipe.label for recipe in codec_recipes(package, asked, quick=True)}
                assert quick <= every


@pytest.mark.parametrize(("name", "payload", "shared"), [("SQ8", 32, 8 * 32), ("PQ4x8np", 4, 256 * 32 * 4)])
def test_bytes_of_faiss_are_those_it_writes(name: str, payload: int, shared: int) -> None:
    """What it serialises beyond the codes are ranges or centroids, and a head of some hundred bytes."""
    _installed("faiss-cpu")
    asked = problem("cosine")
    (recipe,) = [recipe for recipe in codec_recipes("faiss-cpu", asked) if recipe.name == name]

    entrant = recipe.make(asked, 1)

    assert payload == entrant.payload
    assert shared <= entrant.shared <= shared + 400


def test_bytes_of_svs_are_those_it_writes(tmp_path: Path) -> None:
    """The rows of the files that its graph saves are as wide as we count them."""
    _installed("scalable-vs")
    import svs

    from lilliput.bench.peers.svs import FACTORS, LEVELS, _loader, _write

    path = _write(problem("l2").base, tmp_path)
    for name, (primary, residual) in LEVELS.items():
        parameters = svs.VamanaBuildParameters(graph_max_degree=8, window_size=10)
        index = svs.Vamana.build(parameters, _loader(name, path, DIM), svs.L2, num_threads=1)
        parts = [tmp_path / f"{name}-{part}" for part in ("config", "graph", "data")]
        for part in parts:
            part.mkdir()
        index.save(*map(str, parts))
        # Each file has a head of a kilobyte; the smallest holds the centre.
        sizes = sorted(file.stat().st_size - 1_024 for file in parts[2].glob("*.svs"))
        assert 4 * DIM == sizes[0]
        assert ROWS * (DIM * (primary + residual) // 8 + FACTORS) == sum(sizes[1:])


def test_a_grid_is_made_on_the_rows_and_clips_the_rest() -> None:
    """A query larger than every row goes to the end of the grid."""
    factor = grid(np.array([[1.0, -2.0]], dtype=np.float32), 127)

    assert [[64, -127, 127]] == on_grid(np.array([[1.0, -2.0, 5.0]], dtype=np.float32), factor).tolist()


def test_an_absent_peer_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose own searching needs a package that is not there."""
    from lilliput.bench.peers import faiss

    monkeypatch.setattr(faiss, "SEARCHES_WITH", ("no-such-package",))

    assert codec_peers()["faiss-cpu"] is None
