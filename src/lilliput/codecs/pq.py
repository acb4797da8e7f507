"""`pqM` and `pqMx4`: the number of the nearest of 256, or of 16, words for each of M parts of a vector.

Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI, 2011. Words are int8
with one step a part: their rounding is far below the distance of a vector to its words, and scores become
exact integer sums, whether they come from tables or from the numbers that the words stand for.

Words are nearer to the mean than the vectors that they stand for, some more than others. Their squared
lengths add up part by part, so that under cosine every product is divided by the length of what the row
stands for, at no byte a row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, Terms, squares
from lilliput.codecs.layout import Layout, Rows
from lilliput.codecs.words import (
    WordQuantiser,
    check_squares,
    norms_of,
    parts_and_bits,
    some_rows,
    squares_between,
    unpack,
)
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

ITERATIONS = 25
ROWS_PER_WORD = {8: 256, 4: 1024}
MOST_WIDTH = 1024
MEASURED_ROWS = 16_384
WIDTHS = (2, 3, 4, 6, 8, 12, 16)  # dimensions of a part that are worth trying


class ProductQuantiser(WordQuantiser):
    """Cut a vector into M parts and keep the number of the nearest word of each.

    Dimensions that M does not divide are filled up with zeros. Words come from Lloyd's algorithm on at most
    256 rows a word (1,024 for 16 words). Scores are those of the vectors that decoding gives.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._parts, self._bits = parts_and_bits(stage)

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell parts of 2 to 16 dimensions."""
        found = []
        for bits, suffix in ((8, ""), (4, "x4")):
            found += [
                (-(-dim // width) * bits, f"pq{-(-dim // width)}{suffix}") for width in WIDTHS if width < dim
            ]
        return tuple(spelling for _, spelling in sorted(dict.fromkeys(found), key=lambda each: -each[0]))

    @property
    def _entries(self) -> int:
        return 1 << self._bits

    def cut_dim(self, dim: int) -> int:
        """Say how many numbers are cut into parts."""
        return dim

    def _width(self, dim: int) -> int:
        return -(-self.cut_dim(dim) // self._parts)

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse more parts than dimensions, and parts too wide to sum in 32 bits."""
        if self._parts > self.cut_dim(dim):
            raise InvalidInput(
                f"{self.stage} cuts vectors into {self._parts} parts and they have {self.cut_dim(dim)} "
                f"dimensions; write {self.stage.name}{self.cut_dim(dim)} or fewer."
            )
        if self._width(dim) > MOST_WIDTH:
            raise InvalidInput(
                f"{self.stage} makes parts of {self._width(dim)} dimensions and {MOST_WIDTH} is the most; "
                f"write {self.stage.name}{-(-dim // MOST_WIDTH)} or more."
            )

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes: no row has a factor."""
        kind = "lut8" if self._bits == 8 else "lut4"
        return Layout(kind, self._parts * self._width(dim), -(-self._parts * self._bits // 8), False, False)

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name steps, words, and the mean or, under cosine, between which squared lengths rows lie."""
        width = self._width(dim)
        found: Shapes = {
            "step": ("float32", (self._parts,)),
            "words": ("int8", (self._parts, self._entries, width)),
        }
        if metric == "cosine":
            found["lengths"] = ("float32", (2,))
        else:
            found["mean"] = ("float32", (self._parts * width,))
        return found

    def restore(self, arrays: Mapping[str, NDArray[Any]], dim: int, metric: Metric) -> None:
        """Take arrays that were saved."""
        super().restore(arrays, dim, metric)
        if metric == "cosine":
            check_squares(self.arrays["lengths"], self.stage)

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Train the words of every part."""
        sample = some_rows(sample, ROWS_PER_WORD[self._bits] * self._entries, rng)
        # A length is that of the whole vector: where it counts, words hold the mean.
        centred = metric != "cosine"
        mean, step, words = self.trained(sample, ITERATIONS, rng, centred=centred)
        self.arrays = {"step": step, "words": words}
        if centred:
            self.arrays["mean"] = mean
        else:
            self.measure(sample)

    def measure(self, y: FloatArray) -> None:
        """Keep how long rows are."""
        y = y[:MEASURED_ROWS]
        rows = np.empty((len(y), -(-self._parts * self._bits // 8)), dtype=np.uint8)
        self.write_numbers(y, None, rows, 0)
        self.arrays["lengths"] = squares_between(squares(self.values(rows)))

    def trained(
        self, x: FloatArray, iterations: int, rng: np.random.Generator, *, centred: bool
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int8]]:
        """Give mean, steps and words after so many rounds of Lloyd's algorithm."""
        seed = int(rng.integers(2**63))
        return _core.train_words(x, self._parts, self._entries, iterations, seed, centred)[:3]

    def made_book(self, metric: Metric) -> _core.Codebook:
        """Give the words, and each one's part of the squared length of a row, unless the metric is ip."""
        words, step = self.arrays["words"], self.arrays["step"].astype(np.float64)
        if metric == "ip":
            return _core.Codebook(words)
        norms, unit = norms_of(np.square(words.astype(np.int64)).sum(axis=2) * np.square(step)[:, None])
        if metric == "cosine":
            least, most = map(float, self.arrays["lengths"])
            return _core.Codebook(words, norms, unit, (least, most))
        return _core.Codebook(words, -norms, unit)

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the numbers of the nearest words in place."""
        self.write_numbers(y, self.arrays.get("mean"), into.rows, threads)

    def write_numbers(
        self, y: FloatArray, mean: FloatArray | None, rows: NDArray[np.uint8], threads: int
    ) -> None:
        """Write the numbers of the words nearest to what lies about a mean, or about the origin."""
        words, step = self.arrays["words"], self.arrays["step"]
        if mean is None:
            mean = np.zeros(self._parts * words.shape[2], dtype=np.float32)
        _core.encode_words(_core.Codebook(words), mean, step, y, rows, threads)

    def values(self, rows: NDArray[np.uint8]) -> FloatArray:
        """Look up the numbers (n, M * width) that codes stand for, about the mean."""
        words = self.arrays["words"][np.arange(self._parts), unpack(rows, self._parts, self._bits)]
        x: FloatArray = words.astype(np.float32) * self.arrays["step"][:, None]
        return x.reshape(len(x), -1)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Look the words up."""
        decoded = self.uncut(self.values(rows.rows), dim)
        mean = self.arrays.get("mean")
        return decoded if mean is None else decoded + mean[:dim]

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Fold mean and steps into queries and biases."""
        step = np.repeat(self.arrays["step"], self.arrays["words"].shape[2])
        if metric == "cosine":
            return step * self.cut(u), np.zeros(len(u))
        mean = self.arrays["mean"][: u.shape[1]]
        if metric == "ip":
            return step * self.cut(u), u.astype(np.float64) @ mean
        r = u - mean
        return 2 * step * self.cut(r), -squares(r)

    def terms(self, metric: Metric) -> Terms | None:
        """Say what `query` computes."""
        step = np.repeat(self.arrays["step"], self.arrays["words"].shape[2])
        return Terms(step, self.arrays.get("mean"))

    def cut(self, x: FloatArray) -> FloatArray:
        """Give the numbers (n, M * width) whose runs are the parts."""
        width = self._parts * self.arrays["words"].shape[2]
        if width == x.shape[1]:
            return x
        filled = np.zeros((len(x), width), dtype=np.float32)
        filled[:, : x.shape[1]] = x
        return filled

    def uncut(self, values: FloatArray, dim: int) -> FloatArray:
        """Give the vectors (n, dim) whose parts are these."""
        return values[:, :dim]
