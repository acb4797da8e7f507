"""A codec has scikit-learn's manners: parameters, fitting, cloning, copying, pickling."""

import copy
import pickle

import numpy as np
import pytest

from lilliput.codecs.codec import Codec, codec
from lilliput.errors import InvalidInput, InvalidSpec, NotFitted

X = np.random.default_rng(0).standard_normal((300, 24)).astype(np.float32) + 0.5
SPECS = [
    "f32",
    "f16",
    "bf16",
    "f8",
    "f8(format=e5m2)",
    "int8",
    "bin",
    "mrl8,int8",
    "pca8,f16",
    "rotate,bin",
    "rotate,pca8,rotate,bin",
]
METRICS = ["ip", "l2", "cosine"]


def test_the_constructor_stores_parameters_unchanged_and_checks_nothing() -> None:
    """Nonsense is kept as it came; the clone that scikit-learn makes of it is equal."""
    params = {"spec": "  no such, thing", "metric": "furlongs", "seed": "tomato"}

    made = Codec(**params)  # type: ignore[arg-type]
    clone = type(made)(**made.get_params(deep=False))

    for name, value in params.items():
        assert made.get_params()[name] is value
        assert clone.get_params()[name] is value


def test_codec_checks_at_once() -> None:
    """The function refuses what the class would refuse at fit."""
    with pytest.raises(InvalidSpec, match="int8"):
        codec("int9")
    with pytest.raises(InvalidInput, match="ip, l2, cosine"):
        codec("int8", metric="euclid")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spec", SPECS)
def test_fit_encode_decode(spec: str, metric: str) -> None:
    """Codes have the promised shape and size, and decode to the shape of the vectors."""
    made = Codec(spec, metric=metric)

    assert made is made.fit(X, np.zeros(300), queries=X[:3])
    codes = made.encode(X)

    assert np.uint8 == codes.dtype
    assert (300, made.code_size) == codes.shape
    assert np.array_equal(codes, made.transform(X))
    assert np.array_equal(codes, Codec(spec, metric=metric).fit_transform(X))
    decoded = made.decode(codes)
    assert np.float32 == decoded.dtype
    assert X.shape == decoded.shape
    assert np.array_equal(decoded, made.inverse_transform(codes))
    if metric == "cosine":
        np.testing.assert_allclose(np.linalg.norm(decoded, axis=1), 1, rtol=1e-5)


SIZES = [
    ("f32", "ip", 96, 0),
    ("f32", "l2", 100, 0),
    ("f16", "l2", 52, 0),
    ("bf16", "ip", 48, 0),
    ("f8", "cosine", 28, 0),
    ("f8(format=e5m2)", "l2", 32, 0),
    ("int8", "cosine", 28, 0),
    ("int8", "l2", 32, 0),
    ("int8(scale=dim)", "cosine", 24, 2 * 4 * 24),
    ("int8(scale=dim)", "l2", 28, 2 * 4 * 24),
    ("int8(scale=global)", "ip", 24, 4),
    ("int4", "ip", 16, 0),
    ("int4(scale=dim)", "cosine", 12, 2 * 4 * 24),
    ("mrl9,int4(scale=global)", "l2", 9, 4),
    ("bin", "l2", 3, 4 * 24 + 4),
    ("mrl9,bin", "ip", 2, 4 * 9 + 4),
    ("rabitq1", "cosine", 3 + 4, 8 * 24 + 4 + 2 * 24 * 24),
    ("rabitq3", "l2", 9 + 8, 8 * 24 + 4 + 2 * 24 * 24 + 8),
    ("rabitq8", "ip", 24 + 4, 8 * 24 + 4 + 2 * 24 * 24 + 8),
    ("mrl9,rabitq5", "ip", 10 + 4, 8 * 9 + 4 + 2 * 9 * 9 + 8),
    ("lvq1", "cosine", 3 + 8, 4 * 24),
    ("lvq3", "l2", 9 + 12, 4 * 24),
    ("lvq4", "ip", 12 + 8, 4 * 24),
    ("lvq4x4", "l2", 24 + 12, 4 * 24),
    ("pow4", "l2", 12, 2 * 4 * 24 + 16),
    ("pca6,f32", "cosine", 24, 2 * 6 * 24),
    ("pca6,f32", "l2", 28, 2 * 6 * 24 + 4 * 24),
    ("leanvec6,f32", "cosine", 24, 2 * 6 * 24),
    ("leanvec6,f32", "l2", 28, 2 * 5 * 24 + 4 * 24 + 4),
    ("infs6,f32", "l2", 28, 4 * 6),
    ("pq6x4", "cosine", 3, 4 * 6 + 16 * 24 + 4 * 2),
    ("pq6x4", "l2", 3, 4 * 6 + 16 * 24 + 4 * 24),
    ("opq6x4", "ip", 3, 24 * 24 + 4 * 6 + 16 * 24 + 4 * 24),
    ("rq6x4", "ip", 3, 6 * 16 * 24 + 4 + 4 * 24),
    ("rq6x4", "l2", 4, 6 * 16 * 24 + 4 + 4 * 24 + 4 * 2),
    ("rotate,f32", "ip", 96, 4 * 24),
]


@pytest.mark.parametrize(("spec", "metric", "size", "overhead"), SIZES)
def test_sizes_count_every_byte(spec: str, metric: str, size: int, overhead: int) -> None:
    """Bytes of a row hold its factors; shared arrays are the overhead."""
    made = Codec(spec, metric=metric).fit(X)

    assert size == made.code_size
    assert overhead == made.overhead_bytes


def test_the_spec_is_canonical_and_the_parameter_is_as_it_came() -> None:
    """Spaces go from the one and stay in the other."""
    made = Codec(" pca8 , int8 ", metric="ip")

    assert made.spec == "pca8,int8"
    assert made.get_params()["spec"] == " pca8 , int8 "
    assert repr(made) == "Codec(' pca8 , int8 ', metric='ip', seed=0)"


def test_fitting_tells_how_many_features_came_in() -> None:
    """The attribute that scikit-learn looks for is absent before and right after."""
    made = Codec("int8")
    assert not hasattr(made, "n_features_in_")
    assert not made.__sklearn_is_fitted__()

    made.fit(X)

    assert made.n_features_in_ == made.dim == 24
    assert made.__sklearn_is_fitted__()


def test_changed_parameters_ask_for_a_new_fit() -> None:
    """After set_params nothing is left of what was fitted with other parameters."""
    made = Codec("pca8,int8").fit(X)

    assert made is made.set_params(spec="pca4,int8", seed=7)

    assert {"spec": "pca4,int8", "metric": "cosine", "seed": 7} == made.get_params()
    assert not hasattr(made, "n_features_in_")
    with pytest.raises(NotFitted):
        made.encode(X)
    assert made is made.set_params()
    with pytest.raises(InvalidInput, match=r"'depth'.*spec, metric, seed"):
        made.set_params(depth=3)


def test_a_failed_fit_leaves_the_old_one() -> None:
    """Vectors that cannot be used change nothing."""
    made = Codec("pca8,bin").fit(X)
    codes = made.encode(X)

    with pytest.raises(InvalidInput, match="row 5"):
        made.fit(np.where(np.arange(300)[:, None] == 5, np.nan, X))

    assert np.array_equal(codes, made.encode(X))


@pytest.mark.parametrize("spec", SPECS)
def test_copies_and_pickles_give_the_same_codes(spec: str) -> None:
    """What comes back encodes to the bit and holds its parameters."""
    made = Codec(spec, metric="l2", seed=5).fit(X)
    codes = made.encode(X)

    for other in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert np.array_equal(codes, other.encode(X))
        assert made.get_params() == other.get_params()
        assert other.n_features_in_ == 24


def test_pickling_before_fit() -> None:
    """A codec that was never fitted comes back so."""
    other = pickle.loads(pickle.dumps(Codec("int8", seed=2)))

    assert {"spec": "int8", "metric": "cosine", "seed": 2} == other.get_params()
    assert not other.__sklearn_is_fitted__()


def test_a_pickle_holds_arrays_and_text_alone() -> None:
    """The state is plain, so that it says everything and runs nothing."""
    state = Codec("rotate,pca8,bin").fit(X).__getstate__()

    metadata, arrays = state["fitted"]
    assert all(isinstance(text, str) for text in metadata.values())
    assert all(type(array) is np.ndarray for array in arrays.values())
    assert {"params", "fitted"} == set(state)


@pytest.mark.parametrize("spec", SPECS)
def test_the_seed_decides(spec: str) -> None:
    """The same seed gives the same codes; rotations differ with another."""
    codes = Codec(spec, seed=1).fit_transform(X)

    assert np.array_equal(codes, Codec(spec, seed=1).fit_transform(X))
    other = Codec(spec, seed=2).fit_transform(X)
    assert np.array_equal(codes, other) == ("rotate" not in spec)


def test_nothing_to_encode() -> None:
    """No rows in, no rows out, of the right width."""
    made = Codec("pca8,int8", metric="l2").fit(X)

    codes = made.encode(np.empty((0, 24), np.float32))

    assert (0, made.code_size) == codes.shape
    assert made.decode(codes).shape == (0, 24)
    assert made.query(np.empty((0, 24), np.float32))[0].shape == (0, 8)
