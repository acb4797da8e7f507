"""Properties of every codec on vectors that hypothesis makes up."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput import _core
from lilliput.codecs import registry
from lilliput.codecs.base import Transform
from lilliput.codecs.codec import Codec
from rounding import slack

FloatArray = NDArray[np.float32]
QUANTISERS = ["f32", "f16", "bf16", "f8", "f8(format=e5m2)", "int8", "bin"]
QUANTISERS += ["rabitq1", "rabitq3", "rabitq8", "lvq1", "lvq4", "lvq5", "lvq8"]
QUANTISERS += ["int4", "int8(scale=dim)", "int8(scale=global)", "int4(scale=dim)"]
ABOUT_A_MEAN = ("bin", "scale=dim", "rabitq", "lvq")  # no code of theirs is zero
METRICS = st.sampled_from(["ip", "l2", "cosine"])


@st.composite
def vectors(draw: st.DrawFn, dim: int) -> FloatArray:
    """Rows of any length, some of them zeros, some alike, about any mean."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = draw(st.integers(1, 40))
    x = rng.standard_normal((rows, dim)) * draw(st.sampled_from([1e-3, 1.0, 300.0]))
    x += draw(st.sampled_from([0.0, 0.5])) * rng.standard_normal(dim)
    x[rng.random(rows) < draw(st.sampled_from([0.0, 0.3]))] = 0
    return x[rng.integers(0, rows, rows)].astype(np.float32)


def role(name: str) -> str:
    """What a registered transform is for."""
    found = registry.stage_class(name)
    assert issubclass(found, Transform)
    return found.role


# Every transform that is registered and made from its spelling; those of other roles take no number.
TRANSFORMS = sorted(registry.variants("transform", 64))
MOVING = [name for name in TRANSFORMS if not getattr(registry.stage_class(name), "keeps_scores", True)]


@st.composite
def specs(draw: st.DrawFn, dim: int, rows: int) -> str:
    """Up to two transforms and a quantiser that fit the vectors."""
    stages = []
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(TRANSFORMS))
        if role(name) == "shorten":
            dim = draw(st.integers(1, min(dim, rows) if name in ("pca", "leanvec") else dim))
            name += str(dim)
        stages.append(name)
    return ",".join([*stages, draw(st.sampled_from(QUANTISERS))])


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, FloatArray]:
    """Vectors and a spec for them."""
    x = draw(vectors(draw(st.integers(1, 70))))
    return draw(specs(x.shape[1], len(x))), x


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from(["ip", "l2"]), st.integers(0, 2**32))
def test_scores_are_the_metric_of_what_was_decoded(
    case: tuple[str, FloatArray], metric: str, seed: int
) -> None:
    """Whatever the stages: dot products, or minus squared distances, up to the rounding of the query."""
    spec, x = case
    assume(not any(name in spec for name in MOVING))
    # These know lengths of rows that decoded rows lack.
    assume(metric == "ip" or not any(name in spec for name in ("rabitq", "leanvec")))
    codec = Codec(spec, metric=metric, seed=seed).fit(x)
    q = (x + np.random.default_rng(seed).standard_normal(x.shape) * np.abs(x).max()).astype(np.float32)
    decoded = codec.decode(codec.encode(x)).astype(np.float64)

    queries, bias = codec.query(q)
    scores = _core.tile(codec.view(codec.encode_rows(x)), queries, bias)

    expected = q @ decoded.T if metric == "ip" else -((q[:, None] - decoded[None]) ** 2).sum(axis=2)
    scale = (np.linalg.norm(q, axis=1).max() + np.linalg.norm(x, axis=1).max()) ** 2
    assert (np.abs(scores - expected) <= slack(codec, x, queries) + 2e-6 * scale).all()


@settings(max_examples=100, deadline=None)
@given(cases(), METRICS, st.integers(1, 50))
def test_codes_do_not_depend_on_how_rows_come(case: tuple[str, FloatArray], metric: str, batch: int) -> None:
    """One call, batches of any size and one row at a time give the same bytes."""
    spec, x = case
    codec = Codec(spec, metric=metric).fit(x)
    codes = codec.encode(x)

    assert np.array_equal(codes, codec.encode(iter([x[i : i + batch] for i in range(0, len(x), batch)])))
    assert np.array_equal(codes, np.concatenate([codec.encode(row[None]) for row in x]))


@settings(max_examples=100, deadline=None)
@given(cases(), METRICS)
def test_unpacking_undoes_packing(case: tuple[str, FloatArray], metric: str) -> None:
    """Codes come apart into what the scan reads, and together again."""
    spec, x = case
    codec = Codec(spec, metric=metric).fit(x)
    codes = codec.encode(x)

    assert np.array_equal(codes, codec.pack(codec.unpack(codes)))
    assert np.array_equal(codec.decode(codes), codec.decode_rows(codec.encode_rows(x)))


@settings(max_examples=100, deadline=None)
@given(cases())
def test_decoded_vectors_are_unit_or_zero_under_cosine(case: tuple[str, FloatArray]) -> None:
    """A row of zeros stays zeros with every codec that can tell it."""
    spec, x = case
    codec = Codec(spec, metric="cosine").fit(x)

    decoded = codec.decode(codec.encode(x))

    lengths = np.linalg.norm(decoded, axis=1)
    assert np.isclose(lengths, 1, atol=1e-4).astype(int).sum() + (lengths == 0).sum() == len(x)
    if not any(name in spec for name in ABOUT_A_MEAN):
        assert not lengths[~x.any(axis=1)].any()


@settings(max_examples=60, deadline=None)
@given(cases(), METRICS)
def test_a_codec_comes_back_from_its_state(case: tuple[str, FloatArray], metric: str) -> None:
    """To the bit."""
    spec, x = case
    codec = Codec(spec, metric=metric, seed=len(x)).fit(x)

    assert np.array_equal(codec.encode(x), Codec.from_state(*codec.state()).encode(x))
