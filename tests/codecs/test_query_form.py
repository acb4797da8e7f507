"""Queries made in one native call are those that the stages make one after another."""

import numpy as np
import pytest

from lilliput import Codec
from lilliput.errors import InvalidInput

SPECS = ["pq9", "pq35x4", "opq7", "bin", "rabitq1", "rabitq4", "int8", "pca30,bin", "jl64,bin", "whiten,pq5"]
metrics = pytest.mark.parametrize("metric", ["ip", "l2", "cosine"])


def fitted(spec: str, metric: str) -> Codec:
    """A codec fitted on rows about a mean that is not zero."""
    x = np.random.default_rng(0).standard_normal((600, 70)) + 0.3
    return Codec(spec, metric=metric).fit(x, progress=False)


@metrics
@pytest.mark.parametrize("spec", SPECS)
def test_one_call_makes_what_the_stages_make(spec: str, metric: str) -> None:
    """Queries agree with numpy's to rounding, and each is the same alone as among others."""
    codec, pipeline = fitted(spec, metric), fitted(spec, metric)._fitted()
    q = np.random.default_rng(1).standard_normal((300, 70)).astype(np.float32)
    unit = q / np.linalg.norm(q, axis=1, keepdims=True)

    queries, bias = codec.query(q)

    staged, staged_bias = pipeline._through(unit if metric == "cosine" else q)
    np.testing.assert_allclose(queries, staged, rtol=1e-4, atol=1e-6 * np.abs(staged).max())
    np.testing.assert_allclose(bias, staged_bias, rtol=1e-5, atol=1e-6)
    alone, alone_bias = codec.query(q[7:8])
    np.testing.assert_array_equal(queries[7:8], alone)
    np.testing.assert_array_equal(bias[7:8], alone_bias)


@metrics
@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "queries has NaN in row 2"), (1e19, "Query 2 is longer than")]
)
def test_what_cannot_be_scored_is_named(metric: str, value: float, message: str) -> None:
    """One call tells that something is wrong; the message still says what, and where."""
    q = np.ones((4, 70), dtype=np.float32)
    q[2, 5] = value
    with pytest.raises(InvalidInput, match=message):
        fitted("pq9", metric).query(q)
