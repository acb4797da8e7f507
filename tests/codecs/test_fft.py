"""Fourier coefficients against numpy's transform."""

import numpy as np
import pytest

from lilliput.codecs.codec import Codec
from lilliput.codecs.fft import Fourier, waves
from lilliput.errors import CorruptFile
from lilliput.spec import Stage

RNG = np.random.default_rng(0)
DIMS = [1, 2, 3, 4, 5, 48, 49, 384]


@pytest.mark.parametrize("dim", DIMS)
def test_waves_are_an_orthonormal_basis(dim: int) -> None:
    """All of them, to the precision of float32."""
    basis = waves(dim, np.arange(dim)).astype(np.float64)

    np.testing.assert_allclose(basis @ basis.T, np.eye(dim), atol=3e-7)


@pytest.mark.parametrize("dim", DIMS)
def test_coefficients_are_those_of_the_fast_transform(dim: int) -> None:
    """Real parts by cosines, imaginary ones by minus the sines; all but the alone ones count twice."""
    x = RNG.standard_normal((6, dim)).astype(np.float32)
    found = np.fft.rfft(x, axis=1, norm="ortho")
    expected = np.empty((6, dim))
    expected[:, 0] = found[:, 0].real
    expected[:, 1::2] = found[:, 1:].real * 2**0.5
    expected[:, 2::2] = -found[:, 1 : (dim + 1) // 2].imag * 2**0.5
    if dim % 2 == 0:
        expected[:, -1] /= 2**0.5

    actual = x @ waves(dim, np.arange(dim)).T

    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_the_default_keeps_the_lowest_and_stores_nothing() -> None:
    """A slow wave comes back whole, a fast one not at all."""
    turn = 2 * np.pi * np.arange(32) / 32
    x = np.stack([np.cos(3 * turn) + np.sin(2 * turn), np.cos(9 * turn)])
    codec = Codec("fft8,f32", metric="ip").fit(x)

    decoded = codec.decode(codec.encode(x))

    assert codec.overhead_bytes == 0
    assert not codec._fitted().learns
    np.testing.assert_allclose(decoded, [x[0], np.zeros(32)], atol=1e-6)


def test_energy_keeps_what_the_sample_holds() -> None:
    """Fast waves, when they are what there is; no other choice leaves less behind."""
    x = RNG.standard_normal((500, 40)) * np.linspace(0.1, 3, 40) @ waves(40, np.arange(40))
    stage = Fourier(Stage("fft", (10,), (("keep", "energy"),)))
    stage.fit(x.astype(np.float32), "l2", RNG)

    energy = np.square(x @ waves(40, np.arange(40)).T).sum(axis=0)

    assert sorted(np.argsort(energy)[-10:].tolist()) == stage.arrays["kept"].tolist()
    assert set(range(34, 40)) <= set(stage.arrays["kept"].tolist())


def test_numbers_of_coefficients_from_a_file_are_checked() -> None:
    """Out of range, twice, or out of order."""
    metadata, arrays = Codec("fft3(keep=energy),f32").fit(np.eye(8)).state()
    for wrong in ([0, 1, 8], [0, 1, 1], [2, 1, 0]):
        with pytest.raises(CorruptFile, match="keeps no such coefficients"):
            Codec.from_state(metadata, {**arrays, "0.kept": np.array(wrong, np.uint32)})


def test_a_basis_beyond_memory_is_refused() -> None:
    """A file of a few bytes must not ask for gigabytes."""
    with pytest.raises(CorruptFile, match="write fft4096 or fewer"):
        Codec.from_state({"spec": "fft65000,f32", "metric": "ip", "seed": "0", "dim": "65536"}, {})
