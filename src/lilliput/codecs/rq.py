"""`rqM` and `rqMx4`: a vector as the sum of M words, each one of 256, or of 16, of what those before it left.

Chen, Guan and Wang, "Approximate nearest neighbor search by residual vector quantization", Sensors, 2010.
Of all sums of the first words the nearest few are kept while the next word is sought, as Babenko and
Lempitsky do in "Additive quantization for extreme vector compression", CVPR 2014; and words are fitted
again to the rows that chose them.

Words are as wide as the vector, so that vectors share M times what they share with `pqM`: 48 levels of 16
words for 384 dimensions are 295 kB. One more byte a row tells the length of the sum, unless the metric is
ip.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, squares
from lilliput.codecs.layout import Layout, Rows
from lilliput.codecs.words import (
    Numbers,
    WordQuantiser,
    check_squares,
    norms_of,
    pack,
    parts_and_bits,
    some_rows,
    squares_between,
    unpack,
)
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

TRAIN_ROWS = {8: 32_768, 4: 16_384}
ITERATIONS = 8  # of Lloyd's algorithm, a level
REFITS = 2
BEAM = 8
MOST_WIDTH = 4_096
MOST_SPELT = 256
MOST_PRODUCTS = 2**17  # of a query's numbers with a word's, which are summed in 32 bits
LEVELS = 127
LENGTHS = 256


class ResidualQuantiser(WordQuantiser):
    """Write a vector as a sum of words.

    Under ip and l2 vectors are taken about their mean.
    """

    gains_by = frozenset()  # words as wide as vectors learn for long what a transform would tell them

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._levels, self._bits = parts_and_bits(stage)

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell as many half bytes as quarters and eighths of the dimensions, where those are few."""
        return tuple(f"rq{-(-dim // width)}x4" for width in (4, 8) if width < dim <= MOST_SPELT)

    @property
    def _entries(self) -> int:
        return 1 << self._bits

    @property
    def _length_parts(self) -> int:
        return 8 // self._bits

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse vectors and sums too wide for 32 bits."""
        if dim > MOST_WIDTH or (self._levels + self._length_parts) * dim > MOST_PRODUCTS:
            most = min(MOST_PRODUCTS // dim - self._length_parts, 4 * dim)
            raise InvalidInput(
                f"{self.stage} sums {self._levels} words of {dim} dimensions; words have at most {MOST_WIDTH}"
                + (f", and of so many {most} are summed: write {self.stage.name}{most}." if most > 0 else ".")
            )

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        parts = self._levels + (0 if metric == "ip" else self._length_parts)
        return Layout("lut8" if self._bits == 8 else "lut4", dim, -(-parts * self._bits // 8), False, False)

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name words and step, the mean unless the metric is cosine, two squared lengths unless it is ip."""
        found: Shapes = {"words": ("int8", (self._levels, self._entries, dim)), "step": ("float32", (1,))}
        if metric != "ip":
            found["lengths"] = ("float32", (2,))
        if metric != "cosine":
            found["mean"] = ("float32", (dim,))
        return found

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved."""
        super().restore(arrays, dim, metric)
        if metric != "ip":
            check_squares(self.arrays["lengths"], self.stage)

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Train level by level on what is left, then fit the words of all levels together."""
        sample = some_rows(sample, TRAIN_ROWS[self._bits], rng)
        self.arrays = {}
        if metric != "cosine":
            self.arrays["mean"] = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
            sample = sample - self.arrays["mean"]
        words = self._greedy(sample, rng)
        for _ in range(REFITS):
            self._keep(words)
            _refit(words, self._sums(sample, 0)[0], sample)
        self._keep(words)
        if metric != "ip":
            self.arrays["lengths"] = squares_between(self._sums(sample, 0)[1])

    def _greedy(self, x: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Give the words (M, entries, dim) of levels that are trained one after another."""
        left, rows = x.copy(), np.empty((len(x), 1), dtype=np.uint8)
        words = np.empty((self._levels, self._entries, x.shape[1]), dtype=np.float32)
        for level in words:
            seed = int(rng.integers(2**63))
            mean, step, found, _ = _core.train_words(left, 1, self._entries, ITERATIONS, seed)
            _core.encode_words(_core.Codebook(found), mean, step, left, rows)
            level[:] = found[0] * step + mean
            left -= level[rows[:, 0]]
        return words

    def _keep(self, words: FloatArray) -> None:
        step = np.float32(np.abs(words).max() / LEVELS)
        rounded = np.rint(words / (step or np.float32(1))).astype(np.int8)
        self.arrays |= {"words": rounded, "step": np.array([step])}

    def _sums(self, x: FloatArray, threads: int) -> tuple[Numbers, DoubleArray]:
        """Give the numbers of the words of rows, and the squared lengths of their sums in steps."""
        book = _core.Codebook(self.arrays["words"], summed=True)
        return _core.encode_sums(book, float(self.arrays["step"][0]), x, BEAM, threads)

    def _scale(self) -> tuple[float, float]:
        """Give the squared length in steps that number 0 stands for, and what the next one adds."""
        least, most = map(float, self.arrays["lengths"])
        return least, (most - least) / (LENGTHS - 1) or 1.0

    def made_book(self, metric: Metric) -> _core.Codebook:
        """Give the words, and unless the metric is ip those of lengths, which add nothing to a sum."""
        words = self.arrays["words"]
        if metric == "ip":
            return _core.Codebook(words, summed=True)
        levels, entries, dim = words.shape
        more = np.zeros((self._length_parts, entries, dim), dtype=np.int8)
        least, unit = self._scale()
        squared = np.zeros((levels + len(more), entries))
        squared[levels:] = unit * np.arange(entries) * float(entries) ** np.arange(len(more))[:, None]
        squared[levels] += least
        words = np.concatenate([words, more])
        if metric == "cosine":
            norms, scale = norms_of(squared)  # in steps, which a quotient of steps does not need
            return _core.Codebook(words, norms, scale, (least, least + unit * (LENGTHS - 1)), summed=True)
        norms, scale = norms_of(squared * float(self.arrays["step"][0]) ** 2)
        return _core.Codebook(words, -norms, scale, summed=True)

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the numbers of words, and of lengths, in place."""
        mean = self.arrays.get("mean")
        numbers, squared = self._sums(y if mean is None else y - mean, threads)
        if "lengths" in self.arrays:
            least, unit = self._scale()
            nearest = np.clip(np.rint((squared - least) / unit), 0, LENGTHS - 1).astype(np.uint8)
            digits = [nearest] if self._bits == 8 else [nearest & 15, nearest >> 4]
            numbers = np.concatenate([numbers, np.stack(digits, axis=1)], axis=1)
        pack(numbers, self._bits, into.rows)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Add the words up."""
        total = np.zeros((len(rows.rows), dim), dtype=np.int32)
        for words, numbers in zip(
            self.arrays["words"], unpack(rows.rows, self._levels, self._bits).T, strict=True
        ):
            total += words[numbers]
        x: FloatArray = total.astype(np.float32) * self.arrays["step"]
        mean = self.arrays.get("mean")
        return x if mean is None else x + mean

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Fold mean and step into queries and biases."""
        if metric == "cosine":
            return u, np.zeros(len(u))
        step, mean = self.arrays["step"], self.arrays["mean"]
        if metric == "ip":
            return step * u, u.astype(np.float64) @ mean
        r = u - mean
        return 2 * step * r, -squares(r)


def _refit(words: FloatArray, numbers: Numbers, x: FloatArray) -> None:
    """Move each word by the mean of what is left of the rows that chose it, level by level."""
    left = x.copy()
    for level, chosen in zip(words, numbers.T, strict=True):
        left -= level[chosen]
    for level, chosen in zip(words, numbers.T, strict=True):
        order = np.argsort(chosen, kind="stable")
        present, first, count = np.unique(chosen[order], return_index=True, return_counts=True)
        move = np.zeros_like(level)
        move[present] = np.add.reduceat(left[order], first, axis=0) / count[:, None].astype(np.float32)
        level += move
        left -= move[chosen]
