"""`pow4`: half a byte a number, on levels that lie closer about the mean.

A number y about the mean of its dimension is companded to sign(y) |y|**p before it is rounded to even steps,
as in Bennett, "Spectra of quantized signals", Bell System Technical Journal, 1948. Seen from the other side
its level is one of sixteen, the same in every dimension but for a factor. So a level is an int8 word of one
number, and rows are scored as those of `pq` are, never decoded to floats.

Words of int8 hold no more than an even grid of eight bits does, so there is no `pow8`: with 256 levels the
exponent of least squared error for them is 1, which is ``int8(scale=dim)``.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, squares, take_numbers
from lilliput.codecs.layout import Layout, Rows
from lilliput.codecs.options import number_between, take_options
from lilliput.codecs.words import WordQuantiser, norms_of
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

BITS = 4
LEVELS = 2**BITS
LARGEST = 127
EXPONENTS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
# The largest level as a share of the largest number; the one of least squared error is taken for each
# dimension.
REACHES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
FIT_ROWS = 2_048


class PowerGrid(WordQuantiser):
    """Round each number to one of sixteen levels about the mean of its dimension.

    The exponent ``p`` is the same in every dimension: the one of least squared error on the sample, where it
    is not given. Under l2 scores are those of the vectors that decoding gives.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        plain, options = take_options(stage, "p")
        (bits,) = take_numbers(plain, "the bits of a dimension, which are 4")
        if bits != BITS:
            raise InvalidSpec(f"'{stage}' asks for {bits} bits a dimension; write {stage.name}{BITS}.")
        self._exponents: tuple[float, ...] = EXPONENTS
        if "p" in options:
            self._exponents = (number_between(options["p"], 0.1, 1, stage),)

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell the one form."""
        return (f"pow{BITS}",)

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes: no row has a factor."""
        return Layout("lut4", dim, -(-dim // 2), alpha=False, beta=False)

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the mean and the step of each dimension, and the words that all share."""
        return {"mean": ("float32", (dim,)), "step": ("float32", (dim,)), "words": ("int8", (LEVELS,))}

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Find the exponent and the reach of each dimension."""
        mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        if len(sample) > FIT_ROWS:
            sample = sample[np.sort(rng.choice(len(sample), FIT_ROWS, replace=False))]
        sizes = np.abs(sample - mean)
        found = [(*_best_step(sizes, words), words) for words in map(_words, self._exponents)]
        _, step, words = min(found, key=lambda each: each[0])
        self.arrays = {"mean": mean, "step": step, "words": words}

    def made_book(self, metric: Metric) -> _core.Codebook:
        """Give the words of every dimension."""
        words = self._spread()
        if metric != "l2":
            return _core.Codebook(words)
        step = self.arrays["step"].astype(np.float64)[:, None]
        norms, unit = norms_of(np.square(words[:, :, 0].astype(np.int64)) * np.square(step))
        return _core.Codebook(words, -norms, unit)

    def _spread(self) -> NDArray[np.int8]:
        words: NDArray[np.int8] = np.tile(self.arrays["words"], (len(self.arrays["step"]), 1))[:, :, None]
        return words

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the numbers of the nearest levels in place."""
        book = _core.Codebook(self._spread())
        _core.encode_words(book, self.arrays["mean"], self.arrays["step"], y, into.rows, threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Look the levels up."""
        numbers = np.stack([rows.rows & 15, rows.rows >> 4], axis=2).reshape(len(rows.rows), -1)[:, :dim]
        x: FloatArray = self.arrays["words"][numbers] * self.arrays["step"] + self.arrays["mean"]
        return x

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Fold means and steps into queries and biases."""
        mean, step = self.arrays["mean"], self.arrays["step"]
        if metric != "l2":
            return step * u, u.astype(np.float64) @ mean
        r = u - mean
        return 2 * step * r, -squares(r)


def _words(p: float) -> NDArray[np.int8]:
    """Give the levels whose companded values lie evenly, the largest 127."""
    odd = range(1, LEVELS, 2)
    upper = [round(LARGEST * (step / (LEVELS - 1)) ** (1 / p)) for step in odd]
    return np.array([-word for word in upper[::-1]] + upper, dtype=np.int8)


def _best_step(sizes: FloatArray, words: NDArray[np.int8]) -> tuple[float, FloatArray]:
    """Give the least squared error of numbers (n, dim) without their signs, and each dimension's step."""
    upper = words[LEVELS // 2 :].astype(np.float32)
    edges = (upper[1:] + upper[:-1]) / 2
    largest = sizes.max(axis=0)
    best, least = np.zeros_like(largest), np.full(len(largest), np.inf)
    for reach in REACHES:
        step = largest * np.float32(reach / LARGEST)
        scaled = sizes / np.where(step > 0, step, np.float32(1))
        lost = (scaled - upper[np.searchsorted(edges, scaled)]) * step
        error = np.square(lost, dtype=np.float64).sum(axis=0)
        best, least = np.where(error < least, step, best), np.minimum(error, least)
    return float(least.sum()), best
