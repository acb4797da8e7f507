"""`f8`: a byte a number that is a float of its own, with a scale for each row.

Micikevicius et al., "FP8 formats for deep learning", 2022. Beside `int8`, small numbers of a row keep their
relative precision and large ones lose some.
"""

from collections.abc import Sequence

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Quantiser, negated_distance, take_numbers
from lilliput.codecs.layout import Layout, Rows
from lilliput.codecs.options import take_options
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

FORMATS = ("e4m3", "e5m2")
NAN = 0x7F  # of e4m3, which has no infinities
EVERY = np.arange(256, dtype=np.uint16)


class SmallFloats(Quantiser):
    """Scale each row so that its largest number is the format's, and round: to E4M3, or E5M2 where asked."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        plain, options = take_options(stage, "format")
        take_numbers(plain)
        self._kind = options.get("format", FORMATS[0])
        if self._kind not in FORMATS:
            raise InvalidSpec(
                f"'{stage}' asks for the format {self._kind!r}; write format={' or format='.join(FORMATS)}."
            )

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell both formats."""
        return "f8", "f8(format=e5m2)"

    def layout(self, dim: int, metric: Metric) -> Layout:
        """Say how many bytes a row takes."""
        return Layout(self._kind, dim, dim, alpha=True, beta=metric == "l2")

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Write codes and scales in place."""
        _core.encode(self._kind, y, into.rows, into.alpha, into.beta, threads)

    def encode_raw(self, x: FloatArray, into: Rows, *, unit: bool, threads: int = 0) -> float:
        """Write codes and scales in place, and give the greatest squared length."""
        return _core.encode_raw(self._kind, x, into.rows, into.alpha, into.beta, unit, threads=threads)

    def decode(self, rows: Rows, dim: int) -> FloatArray:
        """Look codes up and multiply them by their scale."""
        x: FloatArray = _values(self._kind)[rows.rows]
        if rows.alpha is not None:
            x *= rows.alpha[:, None]
        return x

    def query(self, u: FloatArray, metric: Metric) -> tuple[FloatArray, DoubleArray]:
        """Leave queries as they are; under l2 make the score minus the squared distance."""
        return negated_distance(u) if metric == "l2" else (u, np.zeros(len(u)))


def _values(kind: str) -> FloatArray:
    """Give what each of the 256 codes stands for, by way of halves."""
    if kind == "e5m2":
        return (EVERY << 8).view(np.float16).astype(np.float32)
    halves = (EVERY & 0x80) << 8 | (EVERY & 0x7F) << 7
    values = halves.view(np.float16).astype(np.float32) * np.float32(256)
    return np.where((EVERY & 0x7F) == NAN, np.float32(np.nan), values)
