"""What can be measured: an index by its spelling, and what it costs before anything is fitted."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lilliput.codecs.base import Metric, Shapes, Step
from lilliput.codecs.registry import build, names
from lilliput.index.structure import STRUCTURES
from lilliput.spec import parse_codec

PLAIN = next(iter(STRUCTURES))  # the structure that goes without saying


@dataclass(frozen=True)
class Candidate:
    """Something to measure.

    Attributes
    ----------
    codecs:
        The search codec, and the refine codec where there is one.
    refine:
        How many results of the search codec are ranked again, as a multiple of k; None where none are.
    structure:
        What the codes are arranged in.
    """

    codecs: tuple[str, ...]
    refine: int | None = None
    structure: str = PLAIN

    @property
    def spec(self) -> str:
        """The index that it stands for."""
        return " | ".join((self.structure, *self.codecs))

    @property
    def name(self) -> str:
        """The index with its refinement: what tells candidates apart."""
        return self.spec if self.refine is None else f"{self.spec} (refine={self.refine})"

    @property
    def family(self) -> str:
        """What reasons are given for: the names of its quantisers."""
        quantisers = [_stages(codec)[-1] for codec in self.codecs]
        return " | ".join(([] if self.structure == PLAIN else [self.structure]) + quantisers)

    @property
    def form(self) -> str:
        """The names of all its stages: what differs by its numbers alone has the same form."""
        return " | ".join((self.structure, *(",".join(_stages(codec)) for codec in self.codecs)))

    @property
    def length(self) -> int:
        """How many stages it has."""
        return sum(len(_stages(codec)) for codec in self.codecs)

    def bytes_per_vector(self, dim: int, metric: Metric, rows: int) -> float:
        """Give what a vector takes, with its part of what all `rows` of them share."""
        costs = [codec_cost(codec, dim, metric) for codec in self.codecs]
        return sum(size + shared / rows for size, shared in costs)


@lru_cache(maxsize=16_384)
def codec_cost(text: str, dim: int, metric: Metric) -> tuple[int, int]:
    """Give the bytes of a row and the bytes that all rows share, without fitting anything.

    Raises
    ------
    InvalidSpec, InvalidInput
        When the stages make no codec, or none for so many dimensions.

    Examples
    --------
    >>> codec_cost("pca64,int8", 384, "cosine")
    (68, 49152)
    """
    transforms, quantiser = build(parse_codec(text, names()))
    shared = 0
    for transform in transforms:
        shared += _shared(transform, dim, metric)
        dim = transform.out_dim(dim)
    shared += _shared(quantiser, dim, metric)
    return quantiser.layout(dim, metric).code_size, shared


def _shared(step: Step, dim: int, metric: Metric) -> int:
    step.check(dim, None)
    shapes: Shapes = step.shapes(dim, metric)
    return sum(np.dtype(dtype).itemsize * math.prod(shape) for dtype, shape in shapes.values())


@lru_cache(maxsize=16_384)
def _stages(codec: str) -> tuple[str, ...]:
    """Give the names of a codec's stages, with their options and without their numbers."""
    stages = parse_codec(codec, names()).stages
    return tuple(str(type(stage)(stage.name, (), stage.options)) for stage in stages)
