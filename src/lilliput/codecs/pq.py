"""`pqM` and `pqMx4`: the number of the nearest of 256, or of 16, words for each of M parts of a vector.

Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI, 2011. Words are int8 with
one step a part: their rounding is far below the distance of a vector to its words, and scores become exact
integer sums, whether they come from tables or from the numbers that the words stand for.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, Shapes, squares, take_numbers
from lilliput.codecs.layout import Layout, Rows
from lilliput.errors import InvalidInput, InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

BITS = (8, 4)
ITERATIONS = 25
ROWS_PER_WORD = {8: 256, 4: 1024}
MOST_WIDTH = 1024
WIDTHS = (2, 3, 4, 6, 8, 12, 16)  # dimensions of a part that are worth trying
NORM_BITS = 30


class ProductQuantiser(Quantiser):
    """Cut a vector into M parts and keep the number of the nearest word of each.

    Dimensions that M does not divide are filled up with zeros. Words come from Lloyd's algorithm on at most
    256 rows a word (1,024 for 16 words). Under l2 scores are those of the vectors that decoding gives.
    """

    learns = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        if len(stage.numbers) == 1:
            (self._parts,) = take_numbers(stage, "the parts")
            self._bits = 8
        else:
            self._parts, self._bits = take_numbers(stage, "the parts", "4 or 8 bits a part")
        if self._bits not in BITS:
            raise InvalidSpec(
                f"'{stage}' asks for {self._bits} bits a part; a part has 4 bits (16 words) or 8 (256 words)."
            )
        self._book: tuple[NDArray[np.int8], Metric, _core.Codebook] | None = None
        self._wide: tuple[FloatArray, FloatArray, DoubleArray] | None = None

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

    def _width(self, dim: int) -> int:
        return -(-dim // self._parts)

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse more parts than dimensions, and parts too wide to sum in 32 bits."""
        if self._parts > dim:
            raise InvalidInput(
                f"{self.stage} cuts vectors into {self._parts} parts and they have {dim} dimensions; write "
                f"{self.stage.name}{dim} or fewer."
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
        """Name the mean of each dimension, the step of each part, and the words."""
        width = self._width(dim)
        return {
            "mean": ("float32", (self._parts * width,)),
            "step": ("float32", (self._parts,)),
            "words": ("int8", (self._parts, self._entries, width)),
        }

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Train the words of every part."""
        most = ROWS_PER_WORD[self._bits] * self._entries
        if len(sample) > most:
            sample = sample[np.sort(rng.choice(len(sample), most, replace=False))]
        seed = int(rng.integers(2**63))
        mean, step, words, _ = _core.train_words(sample, self._parts, self._entries, ITERATIONS, seed)
        self.arrays = {"mean": mean, "step": step, "words": words}

    def book(self, metric: Metric) -> _core.Codebook:
        """Give the words, and under l2 what each takes from a score: its part of the squared length."""
        words = self.arrays["words"]
        if self._book is None or self._book[0] is not words or self._book[1] != metric:
            self._book = words, metric, codebook(words, self.arrays["step"], metric)
        return self._book[2]

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write the numbers of the nearest words in place."""
        book = _core.Codebook(self.arrays["words"])
        _core.encode_words(book, self.arrays["mean"], self.arrays["step"], y, into.rows, threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Look the words up."""
        numbers = rows.rows
        if self._bits == 4:
            numbers = np.stack([numbers & 15, numbers >> 4], axis=2).reshape(len(numbers), -1)
        words = self.arrays["words"][np.arange(self._parts), numbers[:, : self._parts]]
        x = words.astype(np.float32) * self.arrays["step"][:, None]
        decoded: FloatArray = x.reshape(len(x), -1) + self.arrays["mean"]
        return decoded[:, :dim]

    def _spread(self) -> tuple[FloatArray, DoubleArray]:
        """Give the step of each dimension, and the mean in float64; made once."""
        steps, mean = self.arrays["step"], self.arrays["mean"]
        if self._wide is None or self._wide[0] is not steps:
            self._wide = steps, np.repeat(steps, len(mean) // self._parts), mean.astype(np.float64)
        return self._wide[1:]

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Fold mean and steps into queries and biases."""
        step, mean = self._spread()
        if u.shape[1] < len(mean):
            u = np.pad(u, ((0, 0), (0, len(mean) - u.shape[1])))
        if metric != "l2":
            return step * u, u.astype(np.float64) @ mean
        r = u - self.arrays["mean"]
        return 2 * step * r, -squares(r)


def codebook(words: NDArray[np.int8], step: FloatArray, metric: Metric) -> _core.Codebook:
    """Give words (parts, entries, width) to kernels, and under l2 what each takes from a score."""
    if metric != "l2":
        return _core.Codebook(words)
    parts = np.square(step.astype(np.float64))[:, None]
    lengths = np.square(words.astype(np.int64)).sum(axis=2) * parts
    longest = float(lengths.max(axis=1).sum())
    unit = np.float32(longest / 2**NORM_BITS) or np.float32(1)
    return _core.Codebook(words, np.rint(-lengths / unit).astype(np.int32), float(unit))
