"""Fitted scikit-learn transformers as stages: absorbed where they are affine, kept in memory where not."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lilliput import _core
from lilliput.codecs.base import Metric
from lilliput.codecs.codec import Codec, codec
from lilliput.errors import InvalidInput, InvalidSpec, NotFitted, NotSavable, WrongType

pytest.importorskip("sklearn")
from scipy import sparse  # type: ignore
from sklearn import decomposition, pipeline, preprocessing, random_projection  # type: ignore
from sklearn.base import clone  # type: ignore

RNG = np.random.default_rng(0)
X = _core.normalize((RNG.standard_normal((400, 20)) @ RNG.standard_normal((20, 20)) + 1).astype(np.float32))
METRICS: list[Metric] = ["ip", "l2", "cosine"]

# A maker, and the stage that it becomes under ip and l2, and under cosine.
AFFINE: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: decomposition.PCA(8), "subspace8", "affine8"),
    (lambda: decomposition.PCA(), "subspace20", "affine20"),
    (lambda: decomposition.PCA(8, whiten=True), "affine8", "affine8"),
    (lambda: decomposition.TruncatedSVD(8, algorithm="arpack"), "subspace8", "subspace8"),
    (lambda: decomposition.KernelPCA(8, kernel="linear"), "subspace8", "affine8"),
    (lambda: preprocessing.StandardScaler(), "affine20", "affine20"),
    (lambda: preprocessing.StandardScaler(with_mean=False), "affine20", "affine20"),
    (lambda: preprocessing.MinMaxScaler(), "affine20", "affine20"),
    (lambda: preprocessing.FunctionTransformer(validate=True), "subspace20", "subspace20"),
    (lambda: random_projection.GaussianRandomProjection(6, random_state=0), "affine6", "affine6"),
    (
        lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(5)),
        "affine5",
        "affine5",
    ),
    (
        lambda: pipeline.make_union(decomposition.PCA(5), preprocessing.MinMaxScaler()),
        "affine25",
        "affine25",
    ),
]
OPAQUE: list[Callable[[], Any]] = [
    lambda: preprocessing.PowerTransformer(),
    lambda: preprocessing.QuantileTransformer(n_quantiles=50),
    lambda: preprocessing.MinMaxScaler(clip=True),
    lambda: decomposition.KernelPCA(8, kernel="rbf", fit_inverse_transform=True),
    lambda: preprocessing.FunctionTransformer(np.tanh, np.arctanh, validate=True, check_inverse=False),
]


def scores(made: Codec, x: Any, q: Any) -> Any:
    """Scores by the native scan."""
    return _core.tile(made.view(made.encode_rows(x)), *made.query(q))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("make", "plain", "angular"), AFFINE)
def test_an_affine_transformer_becomes_a_stage(
    make: Callable[[], Any], plain: str, angular: str, metric: Metric
) -> None:
    """Its numbers are the transformer's own, and the spec says what it became."""
    transformer = make().fit(X)
    made = Codec([transformer, "f32"], metric=metric)
    spec = f"{angular if metric == 'cosine' else plain},f32"

    assert spec == made.spec
    made.fit(X)

    assert spec == made.spec == str(made._fitted().spec)
    expected = transformer.transform(X.astype(np.float64))
    actual = made.encode_rows(X).rows.view(np.float32)
    if metric == "cosine":
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(actual, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("make", "plain", "angular"), AFFINE)
def test_scores_are_those_of_the_right_space(
    make: Callable[[], Any], plain: str, angular: str, metric: Metric
) -> None:
    """Of what decoding gives where directions are orthonormal, of what the transformer gives elsewhere."""
    transformer = make().fit(X)
    made = Codec([transformer, "f32"], metric=metric).fit(X)
    if made.spec.startswith("subspace"):
        rows, queries = made.decode(made.encode(X)), X[:9]
    else:
        rows, queries = transformer.transform(X), transformer.transform(X[:9])
    if metric == "cosine":
        rows, queries = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (rows, queries))

    if metric == "l2":
        expected = -((queries[:, None].astype(np.float64) - rows[None]) ** 2).sum(axis=2)
    else:
        expected = queries.astype(np.float64) @ rows.T
    np.testing.assert_allclose(scores(made, X, X[:9]), expected, atol=2e-5 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("metric", METRICS)
def test_decoding_undoes_what_can_be_undone(metric: Metric) -> None:
    """A PCA gives what its own inverse gives, mean and all; a scaler gives the vectors."""
    scaler = preprocessing.RobustScaler(with_centering=False).fit(X)
    made = Codec([scaler, "f32"], metric=metric).fit(X)
    np.testing.assert_allclose(made.decode(made.encode(X)), X, atol=1e-5)

    pca = decomposition.PCA(8, whiten=True).fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    made = Codec([pca, "f32"], metric=metric).fit(X)
    if metric == "cosine":
        # The length is lost, but the vector that it came from was a unit vector.
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        angles = (made.decode(made.encode(X)) * expected).sum(axis=1)
        assert np.median(angles) > 0.99
    else:
        np.testing.assert_allclose(made.decode(made.encode(X)), expected, atol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_an_absorbed_stage_is_like_any_other(metric: Metric, tmp_path: Path) -> None:
    """It mixes with texts, and saves, loads, pickles, copies, clones, and fits again, to the bit."""
    pca = decomposition.PCA(6).fit(X[:, :12])
    made = Codec(["mrl12", pca, "rotate,int8"], metric=metric, seed=3).fit(X)
    codes = made.encode(X)
    made.save(tmp_path / "codec")

    others = [
        Codec.load(tmp_path / "codec"),
        pickle.loads(pickle.dumps(made)),
        copy.copy(made),
        copy.deepcopy(made),
        clone(made).fit(X),
        clone(Codec.load(tmp_path / "codec")).fit(X),
        pickle.loads(pickle.dumps(clone(made))).fit(X),
    ]

    assert b"sklearn" not in pickle.dumps(made)
    assert "['mrl12', Affine(12 to 6), 'rotate', 'int8']" in repr(others[0])
    for other in others:
        assert made.spec == other.spec
        assert np.array_equal(codes, other.encode(X))
        assert np.array_equal(made.decode(codes), other.decode(codes))
        for expected, actual in zip(made.query(X[:5]), other.query(X[:5]), strict=True):
            assert np.array_equal(expected, actual)


def test_a_changed_metric_reads_the_transformer_again(tmp_path: Path) -> None:
    """Under cosine the mean of a PCA leads to another space, of a loaded codec too."""
    Codec([decomposition.PCA(6).fit(X), "f32"], metric="l2").fit(X).save(tmp_path / "codec")

    made = Codec.load(tmp_path / "codec")

    assert made.spec == "subspace6,f32"
    assert made.set_params(metric="cosine").spec == "affine6,f32"
    assert made.set_params(metric="ip").fit(X).spec == "subspace6,f32"


def test_the_list_is_the_parameter() -> None:
    """As it came; a clone holds the same, with the transformers still fitted."""
    given = ["mrl12", decomposition.PCA(6).fit(X[:, :12]), "int8"]
    made = codec(given).fit(X)

    twin = clone(made)

    assert made.get_params()["spec"] is given
    assert twin.get_params()["spec"] is given
    assert not twin.__sklearn_is_fitted__()
    assert "PCA(n_components=6)" in repr(made)
    assert Codec(["int8"]).fit(X).spec == "int8"


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("make", OPAQUE)
def test_what_is_not_affine_works_in_memory(make: Callable[[], Any], metric: Metric) -> None:
    """Rows are the transformer's own, zeros stay zeros under cosine, and decoding takes its inverse."""
    transformer = make().fit(X)
    made = Codec([transformer, "f32"], metric=metric).fit(X)
    expected = transformer.transform(X)
    actual = made.encode_rows(X).rows.view(np.float32)

    assert made.spec == f"opaque{expected.shape[1]},f32"
    decoded = made.decode(made.encode(X))
    if metric == "cosine":
        expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
        assert not scores(made, np.zeros((1, 20), np.float32), X[:3]).any()
        np.testing.assert_allclose(np.linalg.norm(decoded, axis=1), 1, rtol=1e-5)
    else:
        np.testing.assert_allclose(decoded, transformer.inverse_transform(expected), atol=1e-4)
    np.testing.assert_allclose(actual, expected, atol=1e-5 * np.abs(expected).max())


def test_what_is_not_affine_is_not_saved(tmp_path: Path) -> None:
    """Not to a file, not with codes, not in a pickle, fitted or not; and nothing is left behind."""
    made = Codec([preprocessing.PowerTransformer().fit(X), "int8"])
    with pytest.raises(NotSavable, match=r"PowerTransformer is no matrix.*memory"):
        pickle.dumps(made)
    made.fit(X)

    for save in (
        lambda: made.save(tmp_path / "codec"),
        lambda: made.encode(X, tmp_path / "codes"),
        lambda: pickle.dumps(made),
        lambda: made.state(),
    ):
        with pytest.raises(NotSavable, match=r"PowerTransformer is no matrix.*memory"):
            save()
    assert list(tmp_path.iterdir()) == []
    assert np.array_equal(made.encode(X), clone(made).fit(X).encode(X))


def test_codes_of_a_transformer_without_an_inverse_are_searched_only() -> None:
    """Decoding says so."""
    made = Codec([preprocessing.Normalizer().fit(X), "f32"], metric="ip").fit(X)

    assert scores(made, X, X[:5]).argmax(axis=1).tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(InvalidInput, match="Normalizer has no inverse_transform"):
        made.decode(made.encode(X))


class Shifting:
    """A transformer that gives another width for single rows, and infinity for large numbers."""

    n_features_in_ = 20

    def transform(self, x: Any) -> Any:
        """Cube."""
        with np.errstate(over="ignore"):
            y = x * x * x
        return y[:, :3] if len(x) == 1 else y


CASES: list[tuple[str, Callable[[], Any], type[Exception], str]] = [
    ("not fitted", lambda: [decomposition.PCA(3), "f32"], NotFitted, "PCA is not fitted yet"),
    ("a class", lambda: [decomposition.PCA, "f32"], WrongType, "PCA'> is no stage"),
    ("a number", lambda: [7, "f32"], WrongType, "7 is no stage"),
    ("nothing", list, InvalidSpec, "list of stages is empty"),
    ("a misspelling", lambda: ["pcb3", "f32"], InvalidSpec, "'pcb3'.*pca"),
    ("no quantiser", lambda: ["mrl4"], InvalidSpec, "ends without a quantiser"),
    ("last", lambda: ["int8", decomposition.PCA(3).fit(X)], InvalidSpec, "'int8' in .* makes bytes"),
    (
        "width",
        lambda: [decomposition.PCA(3).fit(X[:, :9]), "f32"],
        InvalidInput,
        "takes 9 dimensions and gets 20",
    ),
    (
        "width in memory",
        lambda: [preprocessing.PowerTransformer().fit(X[:, :9]), "f32"],
        InvalidInput,
        "takes 9 dimensions and gets 20",
    ),
    (
        "sparse",
        lambda: [preprocessing.FunctionTransformer(sparse.csr_matrix).fit(X), "f32"],
        InvalidInput,
        "gives csr_matrix .*dense array",
    ),
    (
        "raises",
        lambda: [preprocessing.FunctionTransformer(lambda x: 1 / 0).fit(X), "f32"],
        InvalidInput,
        "FunctionTransformer cannot transform .*division by zero",
    ),
]


@pytest.mark.parametrize(("given", "kind", "words"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_cannot_be_a_stage_is_refused(
    given: Callable[[], Any], kind: type[Exception], words: str
) -> None:
    """In one sentence that names the transformer."""
    with pytest.raises(kind, match=words) as caught:
        Codec(given()).fit(X)

    assert kind is type(caught.value)
    assert str(caught.value).endswith(".")


def test_rows_that_a_transformer_spoils_are_refused() -> None:
    """Another width than before, and numbers that are not finite, with the row."""
    made = Codec([Shifting(), "f32"], metric="ip").fit(X)
    large = X.copy()
    large[5, 3] = 1e18
    with pytest.raises(InvalidInput, match=r"Shifting turned rows of shape \(1, 20\) into \(1, 3\)"):
        made.encode(X[:1])
    with pytest.raises(InvalidInput, match="'opaque20' maps row 5 to numbers that are not finite"):
        made.encode(large)
    with pytest.raises(InvalidInput, match="'opaque20' maps query 5 to"):
        made.query(large)
