"""`opqM` and `opqMx4`: a learnt rotation, then the numbers of the nearest words of M parts.

Ge, He, Ke and Sun, "Optimized product quantization", TPAMI, 2014. The rotation begins at the principal
directions, dealt to the parts so that the products of their variances are level, and is then fitted to the
words and they to it, in turn.

What all vectors share counts too, and a rotation has as many numbers as hundreds of codes have bytes. So
its rows are kept as int8, each to be scaled to length one: stored vectors and queries go through the same
rounded map, and recall does not suffer. ``keep=D`` rotates into the D leading directions alone.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, Terms, check_kept
from lilliput.codecs.layout import Rows
from lilliput.codecs.options import number_between, take_options
from lilliput.codecs.pq import ITERATIONS, ROWS_PER_WORD, ProductQuantiser
from lilliput.codecs.words import some_rows
from lilliput.errors import InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import spans
from lilliput.spec import Stage

LEVELS = 127  # of a number of the rotation
MOST_KEPT = 65_536
TURN_ROWS = 16_384  # that the rotation is fitted on
TURN_ITERATIONS = 4  # of Lloyd's algorithm, between two rotations
MOST_TURNS = 8
# A singular value decomposition takes time as the cube of the dimensions; together they may do so much.
MOST_WORK = 2**30
FLAT = 1e-9  # of the largest variance: what varies less does not vary
# What the words say about a direction is taken against this share of what they say about a typical one.
INERTIA = 1e-3


class OptimisedProductQuantiser(ProductQuantiser):
    """Turn a vector so that its parts suffer words best, then keep the number of the nearest word of each.

    Under ip and l2 vectors are taken about their mean, which then joins what decoding gives.
    """

    gains_by = frozenset()  # it turns vectors itself, and `keep` shortens them

    def __init__(self, stage: Stage) -> None:
        plain, options = take_options(stage, "keep")
        super().__init__(plain)
        self.stage = stage
        self._keep = None if "keep" not in options else _whole(options["keep"], stage)
        self._turn: tuple[NDArray[np.int8], FloatArray] | None = None

    @classmethod
    def variants(cls, dim: int) -> Sequence[str]:
        """Spell 8, 4 and 16 dimensions a part, and with 16 words 4 and 2."""
        found = {f"opq{-(-dim // width)}": -(-dim // width) * 8 for width in (4, 8, 16) if width < dim}
        found |= {f"opq{-(-dim // width)}x4": -(-dim // width) * 4 for width in (2, 4) if width < dim}
        return tuple(sorted(found, key=lambda spelling: -found[spelling]))

    def cut_dim(self, dim: int) -> int:
        """Say how many directions are kept."""
        return dim if self._keep is None else self._keep

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse to keep more directions than there are dimensions, and what `pq` refuses."""
        check_kept(self.cut_dim(dim), dim, self.stage)
        super().check(dim, rows)

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the rotation beside what `pq` keeps; the mean is that of vectors before they are turned."""
        found = super().shapes(dim, metric)
        found["turn"] = ("int8", (self.layout(dim, metric).dim, dim))
        if metric != "cosine":
            found["mean"] = ("float32", (dim,))
        return found

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Find the rotation on some rows, then train the words of every part."""
        dim = sample.shape[1]
        sample = some_rows(sample, ROWS_PER_WORD[self._bits] * self._entries, rng)
        centre = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.arrays = {} if metric == "cosine" else {"mean": centre}
        directions, live = self._dealt(sample, centre)
        self._keep_turn(directions)
        rows = some_rows(sample, TURN_ROWS, rng) - centre
        for _ in range(min(MOST_TURNS, MOST_WORK // dim**3)):
            y = self.cut(rows)
            self._train(y, TURN_ITERATIONS, rng)
            directions[live] = _turned(self._words_for(y)[:, live], rows, directions[live])
            self._keep_turn(directions)
        sample = self.cut(sample if metric == "cosine" else sample - centre)
        self._train(sample, ITERATIONS, rng)
        if metric == "cosine":
            self.measure(sample)

    def _dealt(self, sample: FloatArray, centre: FloatArray) -> tuple[DoubleArray, NDArray[np.intp]]:
        """Give the principal directions (M * width, dim) part by part, and which of them vary."""
        dim = sample.shape[1]
        moment = np.zeros((dim, dim))
        for start, stop in spans(len(sample), TURN_ROWS):
            block = (sample[start:stop] - centre).astype(np.float64)
            moment += block.T @ block
        variances, vectors = np.linalg.eigh(moment)
        variances, vectors = variances[::-1], vectors[:, ::-1].T
        # An eigenvector's sign is a matter of the library's mood.
        largest = np.abs(vectors).argmax(axis=1)
        vectors = vectors * np.where(vectors[np.arange(dim), largest] < 0, -1.0, 1.0)[:, None]
        kept = self.cut_dim(dim)
        places = _deal(variances[:kept], self._parts, self._width(dim))
        directions = np.zeros((self._parts * self._width(dim), dim))
        directions[places] = vectors[:kept]
        varies = variances[:kept] > FLAT * variances[0]
        directions[places[~varies]] = 0  # they could be any
        return directions, np.sort(places[varies])

    def _keep_turn(self, directions: DoubleArray) -> None:
        most = np.abs(directions).max(axis=1, keepdims=True)
        rounded = np.rint(directions * (LEVELS / np.where(most > 0, most, 1)))
        self.arrays["turn"] = rounded.astype(np.int8)

    def _train(self, y: FloatArray, iterations: int, rng: np.random.Generator) -> None:
        _, self.arrays["step"], self.arrays["words"] = self.trained(y, iterations, rng, centred=False)

    def _words_for(self, y: FloatArray) -> FloatArray:
        rows = np.empty((len(y), -(-self._parts * self._bits // 8)), dtype=np.uint8)
        self.write_numbers(y, None, rows, 0)
        return self.values(rows)

    def turn(self) -> FloatArray:
        """Give the rotation (M * width, dim): what is stored, each row scaled to length one."""
        stored = self.arrays["turn"]
        if self._turn is None or self._turn[0] is not stored:
            squared = np.square(stored.astype(np.int64)).sum(axis=1)
            scale = (1 / np.sqrt(np.maximum(squared, 1))).astype(np.float32)
            self._turn = stored, stored * scale[:, None]
        return self._turn[1]

    def encode(self, y: FloatArray, into: Rows, *, first_row: int = 0, threads: int = 0) -> None:
        """Turn rows and write the numbers of the nearest words in place."""
        turned = _core.project(y, self.turn(), self.arrays.get("mean"), threads)
        self.write_numbers(turned, None, into.rows, threads)

    def terms(self, metric: Metric) -> Terms | None:
        """Say nothing: queries are turned by a matrix."""
        return None

    def cut(self, x: FloatArray) -> FloatArray:
        """Turn vectors that lie about the mean."""
        return _core.project(x, self.turn())

    def uncut(self, values: FloatArray, dim: int) -> FloatArray:
        """Turn vectors back."""
        return _core.project(values, np.ascontiguousarray(self.turn().T))


def _deal(variances: DoubleArray, parts: int, width: int) -> NDArray[np.intp]:
    """Give each direction its place among the parts: the next goes where variances multiply to least."""
    gains = np.log(np.maximum(variances, max(FLAT * variances[0], np.finfo(float).tiny)))
    gains -= gains[-1]
    open_parts = [(0.0, part, 0) for part in range(parts)]
    heapify(open_parts)
    places = np.empty(len(variances), dtype=np.intp)
    for number, gain in enumerate(gains):
        product, part, held = heappop(open_parts)
        places[number] = part * width + held
        if held + 1 < width:
            heappush(open_parts, (product + gain, part, held + 1))
    return places


def _turned(words: FloatArray, rows: FloatArray, before: DoubleArray) -> DoubleArray:
    """Give the orthonormal directions along which rows come nearest to their words.

    Schönemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika, 1966.
    """
    shared = words.astype(np.float64).T @ rows.astype(np.float64)
    if not shared.any():
        return before
    # Directions that words tell next to nothing about stay as they were.
    shared += before * (INERTIA * np.linalg.norm(shared) / np.sqrt(len(shared)))
    u, _, v = np.linalg.svd(shared, full_matrices=False)
    turned: DoubleArray = u @ v
    return turned


def _whole(text: str, stage: Stage) -> int:
    value = number_between(text, 1, MOST_KEPT, stage)
    if value != int(value):
        raise InvalidSpec(f"'{stage}' keeps {text} directions; write a whole number.")
    return int(value)
