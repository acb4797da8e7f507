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


@pytest.mark.parametrize("dim", WIDTHS)
def test_int8_is_off_by_half_a_step_at_most(dim: int) -> None:
    """A step is the row's largest number over 127."""
    x = vectors(dim)
    made = Codec("int8", metric="l2").fit(x)

    error = np.abs(made.decode(made.encode(x)) - x).max(axis=1)

    assert (error <= np.abs(x).max(axis=1) / 127 * 0.5001).all()


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


@pytest.mark.parametrize("spec", [*FLOATS, "int8"])
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
    [(spec, metric) for spec in (*FLOATS, "int8", "rotate,int8", "pca12,f16") for metric in METRICS]
    + [("bin", "ip"), ("bin", "l2")],
)
def test_encoding_what_was_decoded_changes_nothing(spec: str, metric: str) -> None:
    """A second trip gives the same vectors, up to rounding."""
    x = vectors(32)
    made = Codec(spec, metric=metric).fit(x)
    once = made.decode(made.encode(x))

    twice = made.decode(made.encode(once))

    scale = np.abs(once).max(axis=1, keepdims=True)
    assert (np.abs(twice - once) <= scale * (1 / 127 if "int8" in spec else 1e-3)).all()
