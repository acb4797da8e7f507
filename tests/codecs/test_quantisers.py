"""Quantisers against their formulas."""

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.codecs.codec import Codec
from lilliput.errors import InvalidInput

RNG = np.random.default_rng(0)
# Unlike widths exercise the ends of rows of bits.
WIDTHS = [1, 7, 8, 9, 64, 100]
METRICS = ("ip", "l2", "cosine")
FORMATS = [("f8", ml_dtypes.float8_e4m3fn), ("f8(format=e5m2)", ml_dtypes.float8_e5m2)]
FLOATS = ["f32", "f16", "bf16", "f8", "f8(format=e5m2)"]


def vectors(dim: int, rows: int = 200) -> NDArray[np.float32]:
    """Rows of unlike length about a mean that is not zero."""
    return (RNG.standard_normal((rows, dim)) * RNG.uniform(0.1, 10, (rows, 1)) + 0.5).astype(np.float32)


@pytest.mark.parametrize("dim", WIDTHS)
def test_f32_is_exact(dim: int) -> None:
    """Every bit comes back."""
    x = vectors(dim)
    made = Codec("f32", metric="ip").fit(x)

    assert np.array_equal(x, made.decode(made.encode(x)))


@pytest.mark.parametrize("dim", WIDTHS)
def test_f16_rounds_to_nearest(dim: int) -> None:
    """As numpy rounds."""
    x = vectors(dim)
    made = Codec("f16", metric="ip").fit(x)

    assert np.array_equal(x.astype(np.float16), made.decode(made.encode(x)))


@pytest.mark.parametrize("dim", WIDTHS)
def test_bf16_rounds_to_nearest(dim: int) -> None:
    """As another library rounds."""
    x = vectors(dim)
    made = Codec("bf16", metric="ip").fit(x)

    assert np.array_equal(x.astype(ml_dtypes.bfloat16).astype(np.float32), made.decode(made.encode(x)))


@pytest.mark.parametrize(("spec", "dtype"), FORMATS)
@pytest.mark.parametrize("dim", WIDTHS)
def test_f8_rounds_what_was_scaled_to_the_format(dim: int, spec: str, dtype: type) -> None:
    """The largest number of a row becomes the largest of the format; another library rounds alike."""
    x = vectors(dim)
    largest = float(ml_dtypes.finfo(dtype).max)
    scale = np.abs(x).max(axis=1, keepdims=True) / np.float32(largest)
    made = Codec(spec, metric="ip").fit(x)

    decoded = made.decode(made.encode(x)) / scale

    expected = (x / scale).astype(dtype).astype(np.float32)
    off = np.abs(decoded - expected) > 1e-5 * np.abs(expected)
    assert off.mean() <= 1e-3  # where dividing rounds another way than multiplying by the inverse
    np.testing.assert_allclose(np.abs(decoded).max(axis=1), largest, rtol=1e-6)


def test_f8_codes_that_are_no_number_are_refused() -> None:
    """NaN and infinity are never written."""
    for spec, code in (("f8", 0x7F), ("f8(format=e5m2)", 0x7C)):
        made = Codec(spec, metric="ip").fit(vectors(4))
        codes = made.encode(vectors(4))
        codes[5, 2] = code

        with pytest.raises(InvalidInput, match="Row 5 of the codes"):
            made.decode(codes)


@pytest.mark.parametrize(("spec", "levels"), [("int8", 127), ("int4", 7)])
@pytest.mark.parametrize("dim", [*WIDTHS, 128, 129, 200, 256, 300])
def test_integers_are_off_by_half_a_step_at_most(dim: int, spec: str, levels: int) -> None:
    """A step is the row's largest number over the levels."""
    x = vectors(dim)
    made = Codec(spec, metric="l2").fit(x)

    error = np.abs(made.decode(made.encode(x)) - x).max(axis=1)

    assert (error <= np.abs(x).max(axis=1) / levels * 0.5001).all()


@pytest.mark.parametrize(("name", "levels"), [("int8", 127), ("int4", 7)])
@pytest.mark.parametrize("metric", ["ip", "l2"])
def test_a_scale_of_dimensions_is_about_their_means(name: str, levels: int, metric: str) -> None:
    """With all of the sample inside, a number is off by half the step of its dimension at most."""
    x = vectors(33) * np.linspace(0.01, 5, 33, dtype=np.float32)
    mean = x.mean(axis=0, dtype=np.float64)
    step = np.abs(x - mean).max(axis=0) / levels
    made = Codec(f"{name}(scale=dim,clip=1)", metric=metric).fit(x)

    error = np.abs(made.decode(made.encode(x)) - x)

    assert (error <= 0.5001 * step + 1e-6).all()
    assert (error.max(axis=0) >= 0.1 * step).all()


@pytest.mark.parametrize("spec", ["int8(scale=global,clip=0.75)", "int4(scale=global,clip=0.75)"])
def test_clip_is_the_share_inside_the_grid(spec: str) -> None:
    """What lies beyond becomes the end of the grid."""
    x = vectors(20, rows=1_000)
    made = Codec(spec, metric="ip").fit(x)

    decoded = made.decode(made.encode(x))

    end = np.sort(np.abs(x), axis=None)[int(0.75 * x.size) - 1]
    np.testing.assert_allclose(np.abs(decoded).max(), end, rtol=1e-6)
    np.testing.assert_allclose((np.abs(x) <= end).mean(), 0.75, atol=1e-3)
    assert (np.sign(decoded[np.abs(x) > end]) == np.sign(x[np.abs(x) > end])).all()


@pytest.mark.parametrize("scale", ["dim", "global"])
@pytest.mark.parametrize("name", ["int8", "int4"])
def test_steps_are_calibrated_to_the_least_error(name: str, scale: str) -> None:
    """No clip that is written out loses less of the sample than the one that is found."""
    x = RNG.standard_normal((2_000, 24)).astype(np.float32)

    def lost(spec: str) -> float:
        made = Codec(spec, metric="ip").fit(x)
        return float(np.square(made.decode(made.encode(x)) - x).sum())

    written = [lost(f"{name}(scale={scale},clip={clip})") for clip in (0.9, 0.98, 0.999, 1)]
    assert lost(f"{name}(scale={scale})") <= 1.0001 * min(written)
    assert (name == "int4") == (min(written) < written[-1])  # few levels gain by clipping


def test_a_dimension_that_never_varies_keeps_its_mean() -> None:
    """Its step is zero, and so is its code."""
    x = vectors(9)
    x[:, 4] = 2.5
    made = Codec("int4(scale=dim)", metric="l2").fit(x)

    assert (made.decode(made.encode(x))[:, 4] == 2.5).all()


@pytest.mark.parametrize("dim", WIDTHS)
def test_bin_is_a_step_up_or_down_from_the_mean(dim: int) -> None:
    """Mean and step are those of the vectors fitted on."""
    x = vectors(dim)
    mean = x.mean(axis=0, dtype=np.float64).astype(np.float32)
    step = np.abs(x - mean).mean(dtype=np.float64)
    made = Codec("bin", metric="l2").fit(x)

    codes = made.encode(x)

    assert np.array_equal(np.packbits(x > mean, axis=1, bitorder="little"), codes)
    np.testing.assert_allclose(
        made.decode(codes), mean + np.where(x > mean, step, -step), rtol=1e-5, atol=1e-6
    )


def test_under_l2_a_shared_scale_keeps_the_squared_length_about_the_mean() -> None:
    """The query is moved by the mean, so the offset leaves it out."""
    x = vectors(48)
    made = Codec("int4(scale=dim)", metric="l2").fit(x)
    rows = made.encode_rows(x)

    about = made.decode_rows(rows).astype(np.float64) - x.mean(axis=0, dtype=np.float64)

    assert rows.beta is not None
    np.testing.assert_allclose(rows.beta, -(about**2).sum(axis=1), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("spec", [*FLOATS, "int8", "int4", "int8(scale=global)"])
def test_l2_rows_keep_minus_the_squared_length_of_what_they_stand_for(spec: str) -> None:
    """The offset belongs to the decoded row, not to the original."""
    x = vectors(48)
    made = Codec(spec, metric="l2").fit(x)
    rows = made.encode_rows(x)

    decoded = made.decode_rows(rows).astype(np.float64)

    assert rows.beta is not None
    np.testing.assert_allclose(rows.beta, -(decoded**2).sum(axis=1), rtol=1e-5)


# Not bin under cosine: scaling what was decoded to unit length moves numbers across their means.
@pytest.mark.parametrize(
    ("spec", "metric"),
    [(spec, metric) for spec in (*FLOATS, "int8", "int4", "rotate,int8", "pca12,f16") for metric in METRICS]
    + [
        (spec, metric) for spec in ("bin", "int4(scale=dim)", "int8(scale=global)") for metric in ("ip", "l2")
    ],
)
def test_encoding_what_was_decoded_changes_nothing(spec: str, metric: str) -> None:
    """A second trip gives the same vectors, up to rounding."""
    x = vectors(32)
    made = Codec(spec, metric=metric).fit(x)
    once = made.decode(made.encode(x))

    twice = made.decode(made.encode(once))

    scale = np.abs(once).max(axis=1, keepdims=True)
    assert (np.abs(twice - once) <= scale * (1 / 127 if "int8" in spec else 1e-3)).all()
