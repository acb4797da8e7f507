"""Shorteners that find out themselves how many dimensions to keep."""

from abc import abstractmethod
from dataclasses import replace

import numpy as np

from lilliput import _core
from lilliput.codecs.base import METRICS, DoubleArray, Metric, Shortener
from lilliput.codecs.intrinsic import two_nn
from lilliput.codecs.nearness import Nearness, some
from lilliput.codecs.options import number_between, take_options
from lilliput.errors import InvalidInput, InvalidSpec
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage

ALL = 10**9  # dimensions to keep, until fitting says how many: more than a spelling can ask for
SHARE_ROWS = 16_384


class Sized(Shortener):
    """A shortener whose first numbers are the most useful, so that any number of them may be kept.

    ``nameD`` keeps D. In its place ``keep=0.99`` keeps the fewest that hold this share of the variance (under
    cosine of the squared length); ``loss=0.01`` the fewest with which recall@10 among the sample, every row
    searched for among the others in float32, stays above 1 - loss; ``dim=auto`` twice the intrinsic dimension
    and one, the most that a sheet of that dimension needs to be laid out without crossing itself. What was
    found becomes the number of the fitted stage.

    Notes
    -----
    Whitney, "Differentiable manifolds", Annals of Mathematics 1936; the intrinsic dimension is estimated as
    by Facco and others (`two_nn`).
    """

    nested = METRICS

    def __init__(self, stage: Stage) -> None:
        plain, options = take_options(stage, "keep", "loss", "dim")
        if options and stage.numbers:
            raise InvalidSpec(f"'{stage}' says twice how many dimensions to keep; leave one out.")
        super().__init__(replace(plain, numbers=(ALL,)) if options else plain)
        self.stage = stage
        self._rule, self._aim = _rule(stage, options)
        if self._rule:
            self.learns = True

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse to keep more dimensions than there are."""
        if self._kept != ALL:
            super().check(dim, rows)

    def out_dim(self, dim: int) -> int:
        """Say how many numbers are kept; all while that is open."""
        return min(self._kept, dim) if self._kept == ALL else self._kept

    def settled(self) -> Stage:
        """Spell the stage with the number that was found."""
        return Stage(self.stage.name, (self._kept,)) if self._rule and self._kept != ALL else self.stage

    def fit(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> None:
        """Learn the order of the numbers, then how many to keep."""
        if self._rule:
            self._kept = ALL
        self.learn(sample, metric)
        if self._rule:
            self._kept = self._found(sample, metric, rng)
            self.cut(self._kept)

    @abstractmethod
    def learn(self, sample: FloatArray, metric: Metric) -> None:
        """Fill `arrays`, for as many numbers as are kept so far."""

    @abstractmethod
    def cut(self, kept: int) -> None:
        """Leave in `arrays` what the first numbers need."""

    def _found(self, sample: FloatArray, metric: Metric, rng: np.random.Generator) -> int:
        if self._rule == "keep":
            return _by_share(self.forward(some(sample, SHARE_ROWS, rng)), self._aim, metric)
        near = Nearness.within(sample, metric if self._rule == "loss" else "l2", rng)
        if self._rule == "loss":
            u, _ = self.query(near.queries, metric)
            return _by_recall(near, self.forward(near.rows), u, 1 - self._aim, metric)
        return min(_by_intrinsic(near, self.stage), int(self.forward(sample[:1]).shape[1]))


def _rule(stage: Stage, options: dict[str, str]) -> tuple[str, float]:
    if not options:
        return "", 0.0
    ((name, text),) = options.items()
    if name == "dim":
        if text != "auto":
            raise InvalidSpec(f"'{stage}' gives dim={text}; write dim=auto, or {stage.name}{text}.")
        return name, 0.0
    value = number_between(text, 0, 1, stage)
    if name == "keep" and value == 0:
        raise InvalidSpec(f"'{stage}' keeps nothing; write a share above 0.")
    return name, value


def _by_share(y: FloatArray, share: float, metric: Metric) -> int:
    """Count the first numbers that hold a share of the variance; one where there is none."""
    apart = y.astype(np.float64) if metric == "cosine" else y - y.mean(axis=0, dtype=np.float64)
    held = np.einsum("ij,ij->j", apart, apart).cumsum()
    return min(int(np.searchsorted(held, share * held[-1] * (1 - 1e-12))) + 1, len(held))


def _by_recall(near: Nearness, y: FloatArray, u: FloatArray, least: float, metric: Metric) -> int:
    """Count the first numbers that find enough, by bisection: more of them find more."""

    def enough(kept: int) -> bool:
        rows = np.ascontiguousarray(y[:, :kept])
        rows = _core.normalize(rows) if metric == "cosine" else rows
        return float(near.recall(rows, u[:, :kept]).mean()) >= least

    low, high = 1, y.shape[1]
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _by_intrinsic(near: Nearness, stage: Stage) -> int:
    distances: DoubleArray = near.distances(2)
    value = two_nn(distances[:, 0], distances[:, 1]) if distances.shape[1] == 2 else np.nan
    if not np.isfinite(value):
        raise InvalidInput(
            f"'{stage}' finds no intrinsic dimension in the sample, which has too few different rows; write "
            f"{stage.name} with a number."
        )
    return 2 * round(value) + 1
