"""A diagnosis finds what was planted, and nothing where nothing was."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.errors import Cancelled, InvalidInput
from lilliput.evaluate import Diagnosis, clustered, diagnose

Floats = NDArray[np.float32]


def gaussian(rows: int = 3_000, dim: int = 48, seed: int = 0) -> Floats:
    """Vectors without any fault."""
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)


def units(X: Floats) -> Floats:
    """The same at length 1."""
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def values(found: Diagnosis) -> dict[str, float]:
    """The figure of each finding."""
    return {finding.key: finding.value for finding in found.findings}


def test_vectors_without_fault_have_no_warning() -> None:
    """Unit vectors that point everywhere: no finding is a warning, and no row is counted wrongly."""
    found = diagnose(units(gaussian(dim=24)), progress=False)
    told = values(found)

    assert [] == [x.key for x in found.findings if x.concern == "warn"]
    assert (0, 0, 0, 0) == tuple(
        told[key] for key in ("zero_rows", "duplicates", "outlier_dimensions", "constant_dimensions")
    )
    assert 24 == pytest.approx(told["effective_rank"], rel=0.02)
    assert 0 == pytest.approx(told["mean_cosine"], abs=0.01)
    assert 1.0 == told["cosine_vs_ip"]
    assert 0 == pytest.approx(told["norm_spread"], abs=1e-6)


def test_planted_faults_are_counted() -> None:
    """Repeated rows, zero rows, a loud dimension and two dead ones."""
    X = gaussian()
    X[:, 7] *= 20
    X[:, [3, 40]] = 0.5, 0.0
    X[100:130] = X[99]
    X[200:205] = 0.0
    X[200:205, 3] = 0.0

    found = diagnose(X, metric="l2", progress=False)
    told = values(found)

    assert 30 + 4 == told["duplicates"]
    assert 5 == told["zero_rows"]
    assert (1, "7") == (told["outlier_dimensions"], found["outlier_dimensions"].text.split(": ")[1])
    assert 1 == told["constant_dimensions"]
    assert "warn" == found["outlier_dimensions"].concern == found["zero_rows"].concern
    assert 400 / (400 + 45 + 0.25) == pytest.approx(_share(found["outlier_dimensions"].text), abs=0.02)


def _share(text: str) -> float:
    return float(text.split(" with ")[1].split(" %")[0]) / 100


def test_near_duplicates_are_seen() -> None:
    """A tenth of the rows is another row, moved a little."""
    X = gaussian(2_000)
    X[:200] = X[1_000:1_200] + 0.01 * gaussian(200, seed=1)

    told = values(diagnose(X, metric="l2", progress=False))

    assert 0.2 == pytest.approx(told["near_duplicates"], abs=0.01)
    assert 0 == told["duplicates"]


def test_many_dimensions_make_hubs() -> None:
    """In 2 dimensions hardly any, in 200 many: the curse that hubs are."""
    flat = diagnose(gaussian(dim=2), metric="l2", progress=False)
    high = diagnose(gaussian(dim=200), metric="l2", progress=False)

    assert flat["hubness"].value < 0.5 < 3 < high["hubness"].value
    assert flat["antihubs"].value < 0.01 < 0.1 < high["antihubs"].value
    assert 3_000 == sum(high.histograms["neighbour_count"]["counts"])


def test_lengths_that_differ_set_the_measures_apart() -> None:
    """At one length all agree; with long rows the inner product gives other answers."""
    X = units(gaussian())
    long = X * np.random.default_rng(1).lognormal(0, 1, (len(X), 1)).astype(np.float32)

    found = diagnose(long, metric="ip", progress=False)

    assert found["cosine_vs_ip"].value < 0.3
    assert "warn" == found["cosine_vs_ip"].concern
    assert np.sqrt(np.e - 1) == pytest.approx(found["norm_spread"].value, rel=0.15)
    assert found["hubness"].value > diagnose(X, metric="ip", progress=False)["hubness"].value


def test_a_common_direction_is_seen() -> None:
    """Rows that all lean one way have a high mean cosine and a low isotropy; distances do not mind."""
    found = diagnose(gaussian() + 1.5, progress=False)
    told = values(found)
    even = values(diagnose(gaussian(), progress=False))

    assert 1.5**2 / (1 + 1.5**2) == pytest.approx(told["mean_cosine"], abs=0.02)
    assert told["isotropy"] < 0.3 < 0.8 < even["isotropy"]
    assert "warn" == found["mean_cosine"].concern
    assert "note" == diagnose(gaussian() + 1.5, metric="l2", progress=False)["mean_cosine"].concern


def test_queries_from_elsewhere_are_seen() -> None:
    """Queries of the same kind lie among the rows, those of another do not."""
    everything = clustered(seed=0, n=4_000, d=32, centres=50, queries=500)

    same = diagnose(everything.vectors, queries=everything.queries, metric="l2", progress=False)
    other = diagnose(everything.vectors, queries=everything.queries + 3, metric="l2", progress=False)

    assert 0.1 == pytest.approx(same["query_distance"].value, abs=0.08)
    assert same["query_gap"].value < 0.3
    assert 1.0 == pytest.approx(other["query_distance"].value, abs=0.02)
    assert ("warn", "warn") == (other["query_distance"].concern, other["query_gap"].concern)
    assert "query_gap" not in values(diagnose(everything.vectors, metric="l2", progress=False))


def test_forms_and_blocks_change_nothing(tmp_path: Path) -> None:
    """An array, a file and an iterator of batches give one diagnosis; the seed decides the sample."""
    X = gaussian(2_500, 16)
    np.save(tmp_path / "X.npy", X)
    expected = diagnose(X, sample=1_000, progress=False).to_dict()

    from_file = diagnose(tmp_path / "X.npy", sample=1_000, progress=False).to_dict()
    from_batches = diagnose((X[at : at + 77] for at in range(0, len(X), 77)), sample=1_000, progress=False)
    other_seed = diagnose(X, sample=1_000, seed=1, progress=False)

    assert (2_500, 16, 1_000) == (expected["rows"], expected["dim"], expected["sample"])
    assert expected == from_file
    assert expected["spectrum"] == from_batches.to_dict()["spectrum"]
    assert values(diagnose(X, sample=1_000, progress=False)) == pytest.approx(values(from_batches))
    assert expected["spectrum"] != other_seed.to_dict()["spectrum"]


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
@pytest.mark.parametrize(
    "X",
    [
        np.eye(2),
        np.zeros((5, 3)),
        np.ones((40, 4)),
        np.arange(30.0)[:, None],
        np.random.default_rng(0).standard_normal((12, 3_000)),
        np.full((30, 4), 1e18),
        np.random.default_rng(0).standard_normal((60, 4)) * 1e37,
        np.random.default_rng(0).standard_normal((60, 4)) * 1e-37,
        np.random.default_rng(0).integers(0, 2, (200, 8)).astype(np.uint8),
    ],
    ids=["two", "zeros", "ones", "line", "wide", "huge", "vast", "tiny", "bytes"],
)
def test_odd_sets_are_diagnosed(X: NDArray[np.generic], metric: str) -> None:
    """No set is too odd for a page, and every figure in it is a number."""
    found = diagnose(X, queries=X, metric=metric, progress=False)

    json.dumps(found.to_dict(), allow_nan=False)
    assert str(found)


def test_the_scale_changes_nothing() -> None:
    """Vectors near the ends of float32 have the dimensions and the hubs of the same vectors near 1."""
    X = gaussian(600, 6)
    expected = values(diagnose(X, queries=X[:50] + 1, metric="l2", progress=False))

    for scale in (2.0**120, 2.0**-110):
        told = values(diagnose(X * scale, queries=(X[:50] + 1) * scale, metric="l2", progress=False))

        assert expected == pytest.approx(told, rel=1e-4)


def test_memory_does_not_grow_with_the_rows() -> None:
    """A stream of 100 MB leaves a sample, fingerprints and a graph, and is never held whole."""
    rng = np.random.default_rng(0)
    stream = (rng.standard_normal((8_192, 64), dtype=np.float32) for _ in range(48))
    tracemalloc.start()
    try:
        found = diagnose(stream, sample=5_000, progress=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (48 * 8_192, 5_000) == (found.rows, found.sample)
    assert peak < 64 * 2**20 < found.rows * 64 * 4


def test_the_page_is_written_in_each_form(tmp_path: Path) -> None:
    """Markdown names every finding, JSON is the dict, and what needs care comes first in the text."""
    X = gaussian(500, 12)
    X[:, 2] *= 50
    found = diagnose(X, metric="l2", progress=False)
    for suffix in ("md", "json", "txt"):
        found.report(tmp_path / f"page.{suffix}")

    markdown = (tmp_path / "page.md").read_text()
    assert found.to_dict() == json.loads((tmp_path / "page.json").read_text())
    assert all(f"| {x.name} | {x.text} | {x.meaning} |" in markdown for x in found.findings)
    assert str(found) + "\n" == (tmp_path / "page.txt").read_text()
    assert str(found).index("outlier dimensions") < str(found).index("What is in order")
    with pytest.raises(InvalidInput, match=r"\.pdf"):
        found.report(tmp_path / "page.pdf")


def test_progress_is_told_and_can_stop() -> None:
    """First of rows, then of questions; False ends it."""
    heard: list[tuple[int, int]] = []
    diagnose(gaussian(300, 8), progress=lambda done, total: heard.append((done, total)))

    assert (300, 300) == heard[0]
    assert heard[-1][0] == heard[-1][1]
    for limit in (0, 3):
        with pytest.raises(Cancelled):
            diagnose(gaussian(300, 8), progress=lambda done, total, limit=limit: done <= limit)  # type: ignore[misc]


def test_bad_input_is_refused() -> None:
    """Each sentence says what came."""
    X = gaussian(20, 4)
    with pytest.raises(InvalidInput, match="'manhattan'"):
        diagnose(X, metric="manhattan")
    with pytest.raises(InvalidInput, match="sample=1"):
        diagnose(X, sample=1)
    with pytest.raises(InvalidInput, match="has 1 rows"):
        diagnose(X[:1])
    with pytest.raises(InvalidInput, match="queries has no rows"):
        diagnose(X, queries=X[:0])
    with pytest.raises(InvalidInput, match="dimensions"):
        diagnose(X, queries=X[:, :2])
    with pytest.raises(KeyError):
        diagnose(X, progress=False)["flavour"]
