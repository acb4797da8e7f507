"""What a scan computes from codes and prepared queries is the metric of what the codes stand for."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.codec import Codec
from rounding import slack

RNG = np.random.default_rng(0)
SCALES = np.linspace(2, 0.2, 48)
X = (RNG.standard_normal((300, 48)) * SCALES + 0.4).astype(np.float32)
Q = (RNG.standard_normal((20, 48)) * SCALES + 0.4).astype(np.float32)
SPECS = [
    "f32",
    "f16",
    "bf16",
    "f8",
    "f8(format=e5m2)",
    "int8",
    "int8(scale=dim)",
    "int8(scale=global)",
    "int4",
    "int4(scale=dim)",
    "bin",
    "mrl20,f32",
    "pca20,f16",
    "pca20,f8",
    "pca20,int8",
    "rotate,int8",
    "rotate,bin",
    "mrl40,pca20,rotate,bin",
    "jl20,f32",
    "jl20,int8",
    "fft20,f16",
    "fft20(keep=energy),int8",
    "lvq1",
    "lvq3",
    "lvq4",
    "lvq8",
    "pca20,lvq2x3",
    "infs20,int8",
]
ABOUT_A_MEAN = ("bin", "scale=dim", "lvq")  # no code of theirs is zero
ESTIMATES = ["rabitq1", "rabitq3", "rabitq8", "pca20,rabitq2"]  # of lengths other than the decoded rows'
# The length of a rounded row is off by half a step in every dimension at most, and far less as a rule.
LENGTHS = {"i8": 5e-3, "i4": 1e-1, "bf16": 2e-3, "e4m3": 2e-2, "e5m2": 4e-2}


def scanned(codec: Codec, x: NDArray[np.float32], q: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores by the native scan."""
    queries, bias = codec.query(q)
    return _core.tile(codec.view(codec.encode_rows(x)), queries, bias).astype(np.float64)


def rounding(codec: Codec) -> NDArray[np.float64]:
    """How far rounding the query may move each score."""
    return slack(codec, X, codec.query(Q)[0])


@pytest.mark.parametrize("spec", SPECS + ESTIMATES)
def test_ip_scores_are_dot_products_with_decoded_rows(spec: str) -> None:
    """Up to the rounding of the query."""
    codec = Codec(spec, metric="ip").fit(X)
    expected = Q.astype(np.float64) @ codec.decode(codec.encode(X)).T

    error = np.abs(scanned(codec, X, Q) - expected)

    assert (error <= rounding(codec) + 1e-5 * np.abs(expected).max()).all()


@pytest.mark.parametrize("spec", SPECS)
def test_l2_scores_are_negated_squared_distances_to_decoded_rows(spec: str) -> None:
    """Up to the rounding of the query."""
    codec = Codec(spec, metric="l2").fit(X)
    decoded = codec.decode(codec.encode(X)).astype(np.float64)
    expected = -((Q[:, None] - decoded[None]) ** 2).sum(axis=2)

    error = np.abs(scanned(codec, X, Q) - expected)

    assert (error <= rounding(codec) + 1e-5 * np.abs(expected).max()).all()


@pytest.mark.parametrize("spec", [spec for spec in SPECS if "bin" not in spec])
def test_cosine_scores_are_cosines_of_decoded_rows(spec: str) -> None:
    """Up to the rounding of the query and, by the bytes, of a row's length."""
    codec = Codec(spec, metric="cosine").fit(X)
    unit = Q / np.linalg.norm(Q, axis=1, keepdims=True)
    expected = unit.astype(np.float64) @ codec.decode(codec.encode(X)).T

    error = np.abs(scanned(codec, X, Q) - expected)

    assert (error <= rounding(codec) + LENGTHS.get(codec.layout.kind, 5e-4)).all()


def test_bin_under_cosine_ranks_as_l2_between_unit_vectors() -> None:
    """The part of a row along the mean hardly varies, so it counts as its average."""
    codec = Codec("bin", metric="cosine").fit(X)
    unit = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float64)
    mean = unit.mean(axis=0)
    step = np.abs(unit - mean).mean()
    q = (Q / np.linalg.norm(Q, axis=1, keepdims=True)).astype(np.float64)
    expected = (q @ mean)[:, None] + (q - mean) @ (step * np.where(unit > mean, 1, -1)).T

    error = np.abs(scanned(codec, X, Q) - expected)

    assert (error <= rounding(codec) + 1e-5).all()


@pytest.mark.parametrize("spec", [spec for spec in SPECS if not any(name in spec for name in ABOUT_A_MEAN)])
def test_a_stored_zero_scores_zero_under_cosine(spec: str) -> None:
    """It decodes to zeros too."""
    codec = Codec(spec, metric="cosine").fit(X)
    zeros = np.zeros((2, 48), np.float32)

    assert not scanned(codec, zeros, Q).any()
    assert not codec.decode(codec.encode(zeros)).any()


@pytest.mark.parametrize("spec", SPECS + ESTIMATES)
def test_a_query_of_zeros_scores_zero_under_cosine(spec: str) -> None:
    """It has no angle to anything, whatever the codec."""
    codec = Codec(spec, metric="cosine").fit(X)

    assert not scanned(codec, X, np.zeros((2, 48), np.float32)).any()


@pytest.mark.parametrize("spec", ["mrl20,int8", "pca20,int8", "bin", "rotate,bin", "rabitq2"])
def test_lengths_do_not_matter_under_cosine(spec: str) -> None:
    """Rows scaled by powers of two give the same codes."""
    codec = Codec(spec, metric="cosine").fit(X)

    assert np.array_equal(codec.encode(X), codec.encode(X * np.float32(64)))


def test_what_a_projection_cuts_off_does_not_count_under_cosine() -> None:
    """A row is found by its own prefix as surely as by itself, however much of it lies past the prefix."""
    codec = Codec("mrl20,f32", metric="cosine").fit(X)
    prefix = X.copy()
    prefix[:, 20:] = 0

    np.testing.assert_allclose(np.diag(scanned(codec, X, prefix)), 1, atol=1e-5)
