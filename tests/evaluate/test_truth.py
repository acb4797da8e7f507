"""Exact neighbours and exact scores against brute force in float64."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput.errors import Cancelled, InvalidInput
from lilliput.evaluate import exact_neighbours, exact_scores

Metric = Literal["ip", "l2", "cosine"]
METRICS: tuple[Metric, ...] = ("ip", "l2", "cosine")


def brute(X: NDArray[np.float32], Q: NDArray[np.float32], metric: Metric) -> NDArray[np.float64]:
    """All scores, in the public direction."""
    x, q = X.astype(np.float64), Q.astype(np.float64)
    if metric == "l2":
        return ((q[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)
    if metric == "cosine":
        x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-300)
        q = q / np.maximum(np.linalg.norm(q, axis=1, keepdims=True), 1e-300)
    return q @ x.T


def vectors(rows: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Normal float32 vectors."""
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_equal_brute_force(metric: Metric) -> None:
    """Ids are those of a sort of all float64 scores, and scores agree."""
    X, Q = vectors(3_000, 24), vectors(40, 24, seed=1)
    scores = brute(X, Q, metric)
    expected = np.argsort(scores if metric == "l2" else -scores, axis=1, kind="stable")[:, :12]

    actual = exact_neighbours(X, Q, 12, metric, progress=False)

    np.testing.assert_array_equal(expected, actual.ids)
    np.testing.assert_allclose(np.take_along_axis(scores, expected, axis=1), actual.scores, rtol=0, atol=2e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_blocks_change_nothing(metric: Metric) -> None:
    """Rows that come in batches give the answer of rows that come at once, ties included."""
    X = np.round(vectors(700, 3)).astype(np.float32)
    Q = np.round(vectors(9, 3, seed=1)).astype(np.float32)
    expected = exact_neighbours(X, Q, 30, metric, progress=False)

    actual = exact_neighbours((X[at : at + 37] for at in range(0, len(X), 37)), Q, 30, metric, progress=False)

    np.testing.assert_array_equal(expected.ids, actual.ids)
    np.testing.assert_array_equal(expected.scores, actual.scores)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 6), st.integers(1, 50), st.sampled_from(METRICS), st.integers(0, 99)
)
def test_ties_go_to_the_smaller_row(rows: int, dim: int, k: int, metric: Metric, seed: int) -> None:
    """On small whole numbers every product is exact, so ids equal a stable sort for any k."""
    rng = np.random.default_rng(seed)
    signs = np.array([-1, 1]) if metric == "cosine" else np.arange(-2, 3)  # equal lengths keep cosines exact
    X = rng.choice(signs, (rows, dim)).astype(np.float32)
    Q = rng.choice(signs, (3, dim)).astype(np.float32)
    scores = np.float32(brute(X, Q, metric))
    order = np.argsort(scores if metric == "l2" else -np.round(scores, 5), axis=1, kind="stable")
    expected = np.full((3, k), -1)
    expected[:, : min(rows, k)] = order[:, :k]

    actual = exact_neighbours(X, Q, k, metric, progress=False)

    np.testing.assert_array_equal(expected, actual.ids)
    np.testing.assert_array_equal(expected < 0, np.isnan(actual.scores))


def test_distances_are_never_negative() -> None:
    """A row's distance to itself is not below 0, far from the origin too."""
    X = vectors(200, 8) + np.float32(100)

    actual = exact_neighbours(X, X, 1, "l2", progress=False)

    assert actual.scores.min() >= 0


def test_zero_vectors_score_zero_under_cosine() -> None:
    """A zero row or query is no error and has cosine 0."""
    X = np.array([[0, 0], [3, 4]], dtype=np.float32)

    actual = exact_neighbours(X, np.array([[0, 0], [-1, 0]], dtype=np.float32), 2, "cosine", progress=False)

    np.testing.assert_array_equal([[0, 1], [0, 1]], actual.ids)
    np.testing.assert_allclose([[0, 0], [0, -0.6]], actual.scores, atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_rows_are_read_from_a_file(metric: Metric, tmp_path: Path) -> None:
    """A path gives what its array gives."""
    X, Q = vectors(90, 5), vectors(4, 5, seed=1)
    np.save(tmp_path / "x.npy", X)
    expected = exact_neighbours(X, Q, 7, metric, progress=False)

    actual = exact_neighbours(tmp_path / "x.npy", Q, 7, metric, progress=False)

    np.testing.assert_array_equal(expected.ids, actual.ids)


@pytest.mark.parametrize("metric", METRICS)
def test_exact_scores_equal_brute_force(metric: Metric) -> None:
    """Scores of given rows are the float64 scores rounded once; -1 gives NaN."""
    X, Q = vectors(300, 17), vectors(11, 17, seed=1)
    X[5] = 0
    ids = np.random.default_rng(2).integers(-1, 300, (11, 20))
    ids[0, :2] = 5, -1
    expected = np.take_along_axis(brute(X, Q, metric), ids, axis=1).astype(np.float32)
    expected[ids < 0] = np.nan

    actual = exact_scores(X, Q, ids, metric)

    np.testing.assert_allclose(expected, actual, rtol=3e-7, atol=1e-7)


def test_exact_scores_take_bytes() -> None:
    """Small integers do not wrap around."""
    X = np.array([[255, 0], [0, 255]], dtype=np.uint8)

    actual = exact_scores(X, X[:1], [[0, 1]], "l2")

    np.testing.assert_array_equal([[0, 2 * 255**2]], actual)


@pytest.mark.parametrize("k", [0, -3, 10**9])
def test_k_out_of_range_is_refused(k: int) -> None:
    """The sentence names the k that came."""
    with pytest.raises(InvalidInput, match=f"k={k} was given"):
        exact_neighbours(vectors(3, 2), vectors(1, 2), k, "ip")


def test_unknown_metric_is_refused() -> None:
    """The sentence names the metrics there are."""
    with pytest.raises(InvalidInput, match="'ip', 'l2' or 'cosine'"):
        exact_neighbours(vectors(3, 2), vectors(1, 2), 1, "dot")  # type: ignore[arg-type]


def test_queries_must_fit_the_rows() -> None:
    """Rows and queries of different dimensions are refused."""
    with pytest.raises(InvalidInput):
        exact_neighbours(vectors(3, 2), vectors(1, 3), 1, "ip")


@pytest.mark.parametrize("ids", [[[3]], [[-2]], [0], [[0], [1]]])
def test_ids_that_are_no_rows_are_refused(ids: list[object]) -> None:
    """Neither a row past the end nor a wrong shape is read."""
    with pytest.raises(InvalidInput, match="ids"):
        exact_scores(vectors(3, 2), vectors(1, 2), ids, "ip")


def test_a_callback_cancels() -> None:
    """A callable that returns False ends the search."""
    with pytest.raises(Cancelled):
        exact_neighbours(vectors(3, 2), vectors(1, 2), 1, "ip", progress=lambda done, total: False)
