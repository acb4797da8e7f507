"""Fitted scikit-learn transformers as stages: those that are a matrix and an offset become our own."""

import contextlib
import warnings
from typing import Any

import numpy as np

from lilliput.codecs.affine import Affine
from lilliput.codecs.base import DoubleArray, Transform
from lilliput.codecs.opaque import Opaque, name_of, transformed
from lilliput.codecs.registry import names
from lilliput.codecs.subspace import Subspace
from lilliput.errors import InvalidSpec, NotFitted, WrongType
from lilliput.io.arrays import block_rows
from lilliput.io.blocks import spans
from lilliput.spec import CodecSpec, Stage, parse_codec

Stages = tuple[CodecSpec, dict[int, Transform]]

PROBES = 12
SCALES = (0.1, 1.0, 10.0)
# How far, as a share of the largest number, float32 arithmetic may lead.
ROUNDING = 1e-5


def read_stages(given: Any, metric: str) -> Stages:
    """Read what a codec is made of.

    Parameters
    ----------
    given:
        Text, or a list of texts and fitted transformers.
    metric:
        What scores mean; under cosine a mean is no part of a projection.

    Returns
    -------
    spec:
        The stages.
    made:
        Those that are there already, by their number.

    Raises
    ------
    InvalidSpec
        For text that does not parse, and for a list of nothing.
    WrongType
        For what is neither text nor a transformer.
    NotFitted
        For a transformer that is not fitted.
    """
    if not isinstance(given, list | tuple):
        return parse_codec(given, names()), {}
    stages: list[Stage] = []
    made: dict[int, Transform] = {}
    for part in given:
        if isinstance(part, str):
            stages += parse_codec(part, names()).stages
            continue
        made[len(stages)] = transform = _for_metric(absorb(part), metric)
        stages.append(transform.stage)
    if not stages:
        raise InvalidSpec("The list of stages is empty; write a quantiser such as 'int8'.")
    return CodecSpec(tuple(stages)), made


def portable(given: Any) -> Any:
    """Give the same stages without foreign objects, for a pickle.

    Raises
    ------
    NotSavable
        When a transformer is no matrix and offset.
    """
    if not isinstance(given, list | tuple):
        return given
    parts = [part if isinstance(part, str) else absorb(part) for part in given]
    for part in parts:
        if isinstance(part, Transform):
            part.check_savable()
    return parts


def respelt(spec: CodecSpec, transforms: list[Transform]) -> Any:
    """Give what makes a codec of these fitted stages again: text, or a list that holds absorbed ones."""
    parts: list[Any] = [str(stage) for stage in spec.stages]
    for number, stage in enumerate(transforms):
        if type(stage) is Affine:
            parts[number] = stage
        elif type(stage) is Subspace:
            directions = stage.arrays["directions"]
            mean = stage.arrays.get("mean", np.zeros(directions.shape[1]))
            parts[number] = Affine.of(directions, mean, np.zeros(len(directions)))
    return str(spec) if all(isinstance(part, str) for part in parts) else parts


def absorb(transformer: Any) -> Affine | Opaque:
    """Turn a fitted transformer into a stage, by trying it on random vectors.

    Raises
    ------
    WrongType
        For what has no `transform`.
    NotFitted
        For a transformer that does not say how many features it was fitted on.
    InvalidInput
        When it cannot transform what vectors may hold.
    """
    if isinstance(transformer, Affine | Opaque):
        return transformer
    if isinstance(transformer, type) or not callable(getattr(transformer, "transform", None)):
        raise WrongType(
            f"{transformer!r} is no stage; a stage is text such as 'int8' or a fitted scikit-learn "
            "transformer."
        )
    dim = getattr(transformer, "n_features_in_", None)
    if dim is None:
        raise NotFitted(
            f"{name_of(transformer)} is not fitted yet; fit it on vectors before it becomes a stage."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fitted on a table with named columns, it misses the names
        return _tried(transformer, int(dim))


def _tried(transformer: Any, dim: int) -> Affine | Opaque:
    """Read matrix and offset off the unit vectors, and compare on random ones."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((PROBES, dim)) * np.resize(SCALES, PROBES)[:, None]
    half = (x[:6] + x[6:]) / 2
    y = transformed(transformer, np.concatenate([x, half, np.zeros((1, dim))])).astype(np.float64)
    y, halves, zero = y[:PROBES], y[PROBES:-1], y[-1]
    room = ROUNDING * np.maximum(np.abs(y).max(axis=1), np.abs(zero).max())[:, None]
    opaque = Opaque.of(transformer, y.shape[1])
    # Two points and the one between them tell most that are not affine, before all unit vectors are tried.
    if not (np.abs((y[:6] + y[6:]) / 2 - halves) <= room[:6] + room[6:]).all():
        return opaque
    matrix = np.empty((y.shape[1], dim))
    for start, stop in spans(dim, block_rows(dim)):
        matrix[:, start:stop] = (transformed(transformer, np.eye(stop - start, dim, start)) - zero).T
    if not (np.abs(x @ matrix.T + zero - y) <= room).all():
        return opaque
    origin = _origin(transformer, matrix, zero)
    return Affine.of(matrix, origin, matrix @ origin + zero)


def _origin(transformer: Any, matrix: DoubleArray, zero: DoubleArray) -> DoubleArray:
    """Give the vector that the map is about: what it sends nearest to nothing.

    A transformer's own inverse knows the one that it was fitted with; the pseudo-inverse knows it up to what
    the map does not see.
    """
    if not zero.any():
        return np.zeros(matrix.shape[1])
    with contextlib.suppress(Exception):  # whatever foreign code may raise: there is another way
        own: DoubleArray = np.asarray(
            transformer.inverse_transform(np.zeros((1, len(matrix)))), dtype=np.float64
        )[0]
        if np.abs(matrix @ own + zero).max() <= ROUNDING * np.abs(zero).max():
            return own
    found: DoubleArray = -np.linalg.pinv(matrix) @ zero
    return found


def _for_metric(stage: Affine | Opaque, metric: str) -> Transform:
    """Give the form that keeps scores, if there is one: orthonormal directions, under cosine about zero."""
    if isinstance(stage, Opaque):
        return Opaque.of(stage.transformer, stage.out_dim(0))
    matrix, origin, offset = (
        stage.arrays[name].astype(np.float64) for name in ("matrix", "origin", "offset")
    )
    about = float(np.abs(origin).max())
    straight = np.allclose(matrix @ matrix.T, np.eye(len(matrix)), atol=ROUNDING)
    if not straight or np.abs(offset).max() > ROUNDING * about or (about > 0 and metric == "cosine"):
        return Affine.of(matrix, origin, offset)
    made = Subspace(Stage("subspace", (len(matrix),)))
    made.arrays = {"directions": matrix.astype(np.float32, order="C")}
    if metric != "cosine":
        made.arrays["mean"] = origin.astype(np.float32)
    return made
