"""Which stages there are: one line each."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from lilliput.codecs.affine import Affine
from lilliput.codecs.base import Quantiser, Transform
from lilliput.codecs.binary import Bits
from lilliput.codecs.clip import Clip
from lilliput.codecs.fft import Fourier
from lilliput.codecs.float8 import SmallFloats
from lilliput.codecs.floats import Brains, Floats, Halves
from lilliput.codecs.infs import InfiniteSelection
from lilliput.codecs.int4 import Nibbles
from lilliput.codecs.int8 import Bytes
from lilliput.codecs.jl import RandomProjection
from lilliput.codecs.leanvec import LeanVec
from lilliput.codecs.lvq import LocallyAdaptive
from lilliput.codecs.mrl import Prefix
from lilliput.codecs.opaque import Opaque
from lilliput.codecs.opq import OptimisedProductQuantiser
from lilliput.codecs.pca import PCA
from lilliput.codecs.power import PowerGrid
from lilliput.codecs.pq import ProductQuantiser
from lilliput.codecs.rabitq import RaBitQ
from lilliput.codecs.rotate import Rotation
from lilliput.codecs.rq import ResidualQuantiser
from lilliput.codecs.subspace import Subspace
from lilliput.codecs.whiten import Whiten
from lilliput.errors import InvalidInput, InvalidSpec
from lilliput.spec import CodecSpec, Stage

StageKind = Literal["transform", "quantiser"]
Factory = type[Transform] | type[Quantiser]

_NAME = re.compile(r"[a-z][a-z0-9]*")
_FACTORIES: dict[str, tuple[Factory, StageKind]] = {}


def register(name: str, factory: Factory, kind: StageKind) -> None:
    """Add a stage to the language.

    Parameters
    ----------
    name:
        Lower-case letters and digits. A name that ends in a digit takes no number.
    factory:
        The class. Made from the parsed stage, it raises `InvalidSpec` for numbers and options that it does
        not know; its `variants` are what the advisor tries.
    kind:
        Whether it makes a `Transform` or a `Quantiser`.

    Raises
    ------
    InvalidInput
        When the name is taken or cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} cannot name a stage; use a lower-case letter, then letters and digits.")
    if name in _FACTORIES:
        raise InvalidInput(f"A stage named {name!r} is registered already; choose another name.")
    _FACTORIES[name] = (factory, kind)


def names(kind: StageKind | None = None) -> list[str]:
    """List the registered stages, or those of one kind, sorted.

    Examples
    --------
    >>> "int8" in names("quantiser")
    True
    """
    return sorted(name for name, (_, found) in _FACTORIES.items() if kind in (None, found))


def variants(kind: StageKind, dim: int) -> dict[str, Sequence[str]]:
    """Spell what is worth trying of each registered stage, most bytes first; names without any are left out.

    Examples
    --------
    >>> variants("quantiser", 64)["int8"]
    ('int8', 'int8(scale=dim)', 'int8(scale=global)')
    """
    spelt = {name: factory.variants(dim) for name, (factory, found) in _FACTORIES.items() if kind == found}
    return {name: spellings for name, spellings in spelt.items() if spellings}


def stage_class(name: str) -> Factory:
    """Give the class behind a registered name."""
    return _FACTORIES[name][0]


def build(spec: CodecSpec, made: Mapping[int, Transform] | None = None) -> tuple[list[Transform], Quantiser]:
    """Make the stages of a spec, not yet fitted; `made` holds those that are there already, by number.

    Raises
    ------
    InvalidSpec
        Unless there are transforms, then one quantiser; and for what a stage does not know.
    """
    transforms: list[Transform] = []
    there = made or {}
    for number, stage in enumerate(spec.stages[:-1]):
        step = there.get(number) or _make(stage)
        if not isinstance(step, Transform):
            raise InvalidSpec(f"'{stage}' in '{spec}' makes bytes, so nothing comes after it; put it last.")
        transforms.append(step)
    last = _make(spec.stages[-1])
    if not isinstance(last, Quantiser):
        choice = ", ".join(names("quantiser"))
        raise InvalidSpec(f"'{spec}' ends without a quantiser; add one of {choice} after a comma.")
    return transforms, last


def _make(stage: Stage) -> Transform | Quantiser:
    return _FACTORIES[stage.name][0](stage)


register("affine", Affine, "transform")
register("clip", Clip, "transform")
register("fft", Fourier, "transform")
register("infs", InfiniteSelection, "transform")
register("jl", RandomProjection, "transform")
register("leanvec", LeanVec, "transform")
register("mrl", Prefix, "transform")
register("opaque", Opaque, "transform")
register("pca", PCA, "transform")
register("rotate", Rotation, "transform")
register("subspace", Subspace, "transform")
register("whiten", Whiten, "transform")
register("f32", Floats, "quantiser")
register("f16", Halves, "quantiser")
register("bf16", Brains, "quantiser")
register("f8", SmallFloats, "quantiser")
register("int8", Bytes, "quantiser")
register("int4", Nibbles, "quantiser")
register("bin", Bits, "quantiser")
register("pq", ProductQuantiser, "quantiser")
register("opq", OptimisedProductQuantiser, "quantiser")
register("rq", ResidualQuantiser, "quantiser")
register("rabitq", RaBitQ, "quantiser")
register("lvq", LocallyAdaptive, "quantiser")
register("pow", PowerGrid, "quantiser")
