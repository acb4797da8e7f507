"""`fftD`: D Fourier coefficients of a vector, read as if its numbers were a signal.

Bulgakov and Segal, "Dimensionality Reduction in Sentence Transformer Vector Databases with Fast Fourier
Transform", 2024: the lowest frequencies, without training. Here the coefficients are real (cosines and sines
apart), so that lengths and angles mean the same before and after.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import METRICS, Metric, Shapes, fewer
from lilliput.codecs.options import take_options
from lilliput.codecs.subspace import Subspace
from lilliput.errors import CorruptFile, InvalidInput, InvalidSpec
from lilliput.io.arrays import FloatArray, block_rows
from lilliput.io.blocks import spans
from lilliput.spec import Stage

# Numbers of all waves together; a file that asks for more is refused before they are made.
MAX_NUMBERS = 2**28
# Terms of the series of cosine and sine: at pi the first that is left out is below 1e-16.
TERMS = 16


class Fourier(Subspace):
    """Keep the D lowest coefficients, or with ``keep=energy`` those that are largest on the sample.

    The waves are worked out when they are needed and take no byte of a file. A product with D waves costs no
    more than with D directions of `pca`, and sums in the same order on every machine, which a library's fast
    transform does not.
    """

    nested = METRICS

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell what keeps parts of the coefficients."""
        return [f"fft{kept}" for kept in fewer(dim)]

    def __init__(self, stage: Stage) -> None:
        plain, options = take_options(stage, "keep")
        super().__init__(plain)
        self.stage = stage
        if options.get("keep", "energy") != "energy":
            raise InvalidSpec(
                f"'{stage}' keeps {options['keep']!r}; leave it out for the lowest, or keep=energy."
            )
        self.learns = bool(options)
        self._waves: FloatArray | None = None

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse more coefficients than there are, and waves too many to hold."""
        super().check(dim, rows)
        if self._kept * dim > MAX_NUMBERS:
            raise InvalidInput(
                f"{self.stage} of {dim} numbers has {self._kept * dim} numbers, and at most {MAX_NUMBERS}; "
                f"write {self.stage.name}{MAX_NUMBERS // dim} or fewer."
            )

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the numbers of the coefficients, where the sample chose them."""
        return {"kept": ("uint32", (self._kept,))} if self.learns else {}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Choose coefficients by the sum of their squares; the lower of two that are alike."""
        if not self.learns:
            return
        dim = sample.shape[1]
        every = waves(dim, np.arange(dim))
        energy = np.zeros(dim)
        for start, stop in spans(len(sample), block_rows(dim)):
            energy += np.square(_core.project(sample[start:stop], every), dtype=np.float64).sum(axis=0)
        largest = np.argsort(-energy, kind="stable")[: self._kept]
        self.arrays = {"kept": np.sort(largest).astype(np.uint32)}
        self._waves = None

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved.

        Raises
        ------
        CorruptFile
            When they are not those that this stage leaves.
        """
        super().restore(arrays, dim, metric)
        kept = self.arrays.get("kept")
        if kept is not None and not (kept[-1] < dim and (kept[1:] > kept[:-1]).all()):
            raise CorruptFile(
                f"The saved stage {self.stage} keeps no such coefficients; save the codec again."
            )

    def directions(self, dim: int) -> FloatArray:
        """Give the waves, orthonormal rows of `dim` numbers."""
        if self._waves is None:
            self._waves = waves(dim, self.arrays.get("kept", np.arange(self._kept)))
        return self._waves


def waves(dim: int, kept: NDArray[Any]) -> FloatArray:
    """Give rows of the real Fourier basis: the constant, then a cosine and a sine of each frequency.

    Worked out in float64 by additions and multiplications alone, so that every machine gives the same.

    Examples
    --------
    >>> waves(4, np.arange(4)).round(3) + 0.0
    array([[ 0.5  ,  0.5  ,  0.5  ,  0.5  ],
           [ 0.707,  0.   , -0.707,  0.   ],
           [ 0.   ,  0.707,  0.   , -0.707],
           [ 0.5  , -0.5  ,  0.5  , -0.5  ]], dtype=float32)
    """
    turn = np.arange(dim)
    angle = 2 * np.pi * np.where(2 * turn > dim, turn - dim, turn) / dim
    square = angle * angle
    cosine, sine = np.ones(dim), np.ones(dim)
    for term in range(TERMS, 0, -1):
        cosine = 1 - square / ((2 * term - 1) * 2 * term) * cosine
        sine = 1 - square / (2 * term * (2 * term + 1)) * sine
    table = np.stack([cosine, sine * angle])
    out = np.empty((len(kept), dim), dtype=np.float32)
    for row, number in zip(out, kept.tolist(), strict=True):
        frequency = (number + 1) // 2
        alone = 2 * frequency in (0, dim)
        wave = table[int(number == 2 * frequency and not alone)][turn * frequency % dim]
        row[:] = wave * np.sqrt((1 if alone else 2) / dim)
    return out
