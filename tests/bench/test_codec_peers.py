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
LEAST = {
    "uint8, faiss": 0.0, "int8, usearch": 0.3, "b1": 0.15, "LSHt": 0.15, "ubinary, faiss": 0.15,
    "RaBitQ1": 0.1, "EDEN1": 0.1, "1-bit": 0.1,
}  # fmt: skip


def problem(metric: Metric, dim: int = DIM) -> Problem:
    """Clustered vectors, of unit length under cosine."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((30, dim))
    base, queries = (
        (centres[rng.integers(0, 30, n)] + 0.7 * rng.standard_normal((n, dim))).astype(np.float32)
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


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_what_faiss_learns_slowly_encodes_and_answers(
    metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotations, sums of words and shortened vectors, which are left out where their arrays cost too much."""
    _installed("faiss-cpu")
    import faiss as library

    from lilliput.bench.peers import faiss

    usual = library.cvar.distance_compute_blas_threshold
    asked = problem(metric)
    before = {recipe.name for recipe in faiss.recipes(asked)}
    monkeypatch.setattr(faiss, "FEWEST_ROWS", ROWS)
    monkeypatch.setattr(faiss, "OPQ_ROUNDS", 2)
    more = [recipe for recipe in faiss.recipes(asked) if recipe.name not in before]
    truth = asked.truth()

    starts = {
        "OPQ2_16,PQ2x8np",
        "OPQ4,PQ4x8np",
        "RQ2x4",
        "LSQ2x4",
        "RR32,RaBitQ5",
        "PCA16,SQ8",
        "PCAR16,EDEN2",
    }
    assert starts <= {recipe.name for recipe in more}
    for recipe in more:
        entrant = recipe.make(asked, 1)
        found = entrant.search(asked.queries, 1)

        # Of 800 rows one in eighty is right by chance.
        assert asked.recall(found, truth) > 0.025, recipe.label
        assert library.cvar.distance_compute_blas_threshold == usual, recipe.label
        bits = {"RR32,RaBitQ5": (20, 20), "PCAR16,EDEN2": (4, 8), "RQ2x4": (1, 0), "PCA16,SQ4": (8, 0)}
        assert (entrant.payload, entrant.factors) == bits.get(recipe.name, (entrant.payload, entrant.factors))
        assert entrant.shared >= 0, recipe.label


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_rabitqlib_encodes_and_answers(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    """About one centre and about more; its bytes are those it writes, but for the numbers of ordered rows."""
    _installed("rabitqlib")
    from lilliput.bench.peers import rabitqlib

    asked = problem(metric, 64)
    monkeypatch.setattr(rabitqlib, "SAMPLE", ROWS // 2)
    truth = asked.truth()
    recalls = {}

    for recipe in rabitqlib.recipes(asked):
        entrant = recipe.make(asked, 1)
        found = entrant.search(asked.queries, 1)
        bits, centres = int(recipe.name.split(", ")[1][0]), int(recipe.name.split(",")[0].removeprefix("IVF"))
        recalls[recipe.name] = asked.recall(found, truth)

        factors = (12 if bits == 1 else 20) + (4 if centres > 1 else 0)
        assert (8 * bits, factors) == (entrant.payload, entrant.factors), recipe.label
        # Centres, a rotation by signs and a head; rows about more centres are filled up to blocks.
        assert 4 * 64 * centres <= entrant.shared, recipe.label
        assert centres > 1 or entrant.shared <= 4 * 64 + 500, recipe.label
        entrant.encode(asked.base[:100], 2)
        np.testing.assert_array_equal(found, entrant.search(asked.queries, 2))

    assert {"IVF1, 9-bit", "IVF16, 1-bit"} <= set(recalls)
    assert recalls["IVF1, 9-bit"] > 0.95 > recalls["IVF1, 4-bit"] > 0.7 > recalls["IVF1, 1-bit"] > 0.15
    assert rabitqlib.recipes(problem(metric)) == []


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
