"""What quantisers that keep numbers of words share: their spelling, their rows, lengths of rows."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, take_numbers
from lilliput.errors import CorruptFile, InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

BITS = (8, 4)
NORM_BITS = 30  # what the norms of a row's words add up to at most
# Squared lengths of other rows may lie a little beyond those of sampled ones; what is far shorter counts as
# this share of the longest.
LESS, MORE = 0.9, 1.1
SHORTEST = 1 / 64

Numbers = NDArray[np.uint8]


class WordQuantiser(Quantiser):
    """A quantiser whose rows are numbers of words; its codebook is made once for the words there are."""

    learns = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._book: tuple[NDArray[np.int8], Metric, _core.Codebook] | None = None

    def book(self, metric: Metric) -> _core.Codebook:
        """Give what `made_book` made."""
        words = self.arrays["words"]
        if self._book is None or self._book[0] is not words or self._book[1] != metric:
            self._book = words, metric, self.made_book(metric)
        return self._book[2]

    @abstractmethod
    def made_book(self, metric: Metric) -> _core.Codebook:
        """Make the codebook of a metric."""


def parts_and_bits(stage: Stage) -> tuple[int, int]:
    """Read how many words a row has and how many bits the number of one takes.

    Raises
    ------
    InvalidSpec
        For other bits than 4 and 8, and for another count of numbers.
    """
    if len(stage.numbers) == 1:
        return take_numbers(stage, "the parts")[0], BITS[0]
    parts, bits = take_numbers(stage, "the parts", "4 or 8 bits a part")
    if bits not in BITS:
        raise InvalidSpec(
            f"'{stage}' asks for {bits} bits a part; a part has 4 bits (16 words) or 8 (256 words)."
        )
    return parts, bits


def pack(numbers: Numbers, bits: int, rows: Numbers) -> None:
    """Write numbers (n, parts) as rows: a byte each, or half a byte with even parts low."""
    if bits == 8:
        rows[:] = numbers
        return
    rows[:] = numbers[:, ::2]
    rows[:, : numbers.shape[1] // 2] |= numbers[:, 1::2] << 4


def unpack(rows: Numbers, parts: int, bits: int) -> Numbers:
    """Read the numbers (n, parts) of rows."""
    if bits == 4:
        rows = np.stack([rows & 15, rows >> 4], axis=2).reshape(len(rows), -1)
    return rows[:, :parts]


def some_rows(sample: FloatArray, most: int, rng: np.random.Generator) -> FloatArray:
    """Draw so many rows where there are more, in their order."""
    if len(sample) <= most:
        return sample
    return sample[np.sort(rng.choice(len(sample), most, replace=False))]


def squares_between(squares: DoubleArray) -> FloatArray:
    """Give the squared lengths (2,) between which rows like these lie."""
    most = MORE * float(squares.max()) or 1.0
    return np.array([max(LESS * float(squares.min()), SHORTEST * most), most], dtype=np.float32)


def check_squares(squares: FloatArray, stage: Stage) -> None:
    """Refuse what cannot be the ends of a range of squared lengths.

    Raises
    ------
    CorruptFile
        With both.
    """
    least, most = map(float, squares)
    if not 0 < least <= most < np.inf:
        raise CorruptFile(
            f"The saved stage {stage} has rows of squared lengths from {least:g} to {most:g} and positive "
            "ones, the smaller first, were wanted; save the codec again."
        )


def norms_of(squared: DoubleArray) -> tuple[NDArray[np.int32], float]:
    """Round what words (parts, entries) add to squared lengths to integers, and give their unit."""
    unit = np.float32(squared.max(axis=1).sum() / 2**NORM_BITS) or np.float32(1)
    return np.rint(squared / unit).astype(np.int32), float(unit)
