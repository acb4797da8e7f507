"""Costs are those of fitted codecs, to the byte, before anything is fitted."""

import numpy as np
import pytest

from lilliput.advisor.candidates import Candidate, codec_cost
from lilliput.advisor.grid import Grid
from lilliput.codecs.base import METRICS, Metric
from lilliput.codecs.codec import Codec
from lilliput.index.index import Index


def test_more_rows_share_the_directions() -> None:
    """Arrays that all vectors share weigh less on each of many."""
    candidate = Candidate(("pca64,int8",))

    few, many = (candidate.bytes_per_vector(384, "cosine", n) for n in (1_000, 1_000_000))

    assert 68 + 64 * 384 * 2 / 1_000 == pytest.approx(few)
    assert 68 + 64 * 384 * 2 / 1_000_000 == pytest.approx(many)


@pytest.mark.parametrize("metric", METRICS)
def test_cost_is_that_of_fitted_codecs_and_indexes(metric: Metric) -> None:
    """Whatever is registered: bytes are known before, and are those that come out."""
    X = np.random.default_rng(0).standard_normal((300, 24)).astype(np.float32)
    for candidate in Grid(24, metric, 300, fit_rows=300, judged=True).singles():
        codec = Codec(candidate.codecs[0], metric=metric).fit(X)
        assert (codec.code_size, codec.overhead_bytes) == codec_cost(candidate.codecs[0], 24, metric)

    pair = Candidate(("pca12,rotate,bin", "int8"), 4)
    index = Index(pair.spec, metric=metric).fit(X).add(X)

    assert index.bytes_per_vector == pytest.approx(pair.bytes_per_vector(24, metric, 300))


def test_names_tell_candidates_apart() -> None:
    """Spec and refinement make the name, quantisers the family, all names the form."""
    single, pair = Candidate(("pca64,rotate,int8",)), Candidate(("mrl8,bin", "f16"), 4)

    assert "flat | pca64,rotate,int8" == single.name == single.spec
    assert "flat | mrl8,bin | f16 (refine=4)" == pair.name
    assert ("int8", "bin | f16") == (single.family, pair.family)
    assert "flat | pca,rotate,int8" == single.form
    assert (3, 3) == (single.length, pair.length)
