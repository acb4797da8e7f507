"""What cannot be used is refused in one sentence: what came, what was wanted, what to do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lilliput.codecs.codec import Codec
from lilliput.errors import InvalidInput, InvalidSpec, LilliputError, NotFitted, WrongType

X = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)


def fitted(spec: str = "int8", metric: str = "cosine") -> Codec:
    """A codec for vectors of six numbers."""
    return Codec(spec, metric=metric).fit(X)


def with_value(value: float, row: int = 11) -> Any:
    """The vectors, with one number changed."""
    changed = X.copy()
    changed[row, 2] = value
    return changed


SPECS = [
    ("int9", "'int9' .*int8"),
    ("pcb3,int8", "'pcb3'.*pca"),
    ("", "missing"),
    ("mrl4", "ends without a quantiser; add one of .*bin, .*int8"),
    ("rotate", "ends without a quantiser"),
    ("int8,f16", "'int8' in 'int8,f16' makes bytes.*last"),
    ("f16,mrl4", "'f16' in 'f16,mrl4' makes bytes.*last"),
    ("pca,int8", "'pca' has 0 numbers; write pcaN, N being the dimensions to keep"),
    ("pca3x2,int8", "2 numbers; write pcaN"),
    ("pca0,int8", "keeps nothing"),
    ("mrl0,int8", "keeps nothing"),
    ("bin3", "'bin3' has 1 numbers; write bin with no number"),
    ("rotate2,int8", "write rotate with no number"),
    ("f8(format=e3m4)", "asks for the format 'e3m4'; write format=e4m3 or format=e5m2"),
    ("f8(fast=1)", "option 'fast' and f8 has format"),
    ("int8(fast=1)", "option 'fast' and int8 has scale, clip"),
    ("int4(scale=rows)", "asks for scale=rows; write row or dim or global"),
    ("int8(clip=0.9)", "clips, and a row's step .*add scale=dim or scale=global"),
    ("int8(scale=dim,clip=1.5)", "gives '1.5' where a number from 0.5 to 1"),
    ("bin(fast=1)", "option 'fast' and bin has none"),
    ("pca4(keep=0.9),int8", "says twice how many"),
    ("pca(keep=1.5),int8", "'1.5' where a number from 0 to 1"),
    ("pca(keep=0),int8", "keeps nothing"),
    ("pca(loss=much),int8", "'much' where a number"),
    ("pca(dim=7),int8", "write dim=auto, or pca7"),
    ("mrl(keep=0.9,loss=0.1),int8", "2 options and can have one"),
    ("infs3(mix=2),int8", "option 'mix' and infs has"),
    ("leanvec3(method=svd),int8", "method=svd; it is one of id, es, fw"),
    ("leanvec,int8", "'leanvec' has 0 numbers"),
]


@pytest.mark.parametrize(("spec", "words"), SPECS)
def test_a_bad_spec_is_refused_at_fit(spec: str, words: str) -> None:
    """The message names the stage, and what to write."""
    with pytest.raises(InvalidSpec, match=words):
        Codec(spec).fit(X)


CASES: list[tuple[str, Callable[[], Any], type[LilliputError], str]] = [
    ("encode first", lambda: Codec("int8").encode(X), NotFitted, "Codec.'int8'.*fit"),
    ("decode first", lambda: Codec("int8").decode(X), NotFitted, "fit"),
    ("query first", lambda: Codec("int8").query(X), NotFitted, "fit"),
    ("size first", lambda: Codec("int8").code_size, NotFitted, "fit"),
    ("save first", lambda: Codec("int8").save("c.safetensors"), NotFitted, "fit"),
    ("metric", lambda: Codec("int8", metric="L2").fit(X), InvalidInput, "'L2'.*ip, l2, cosine"),
    ("metric type", lambda: Codec("int8", metric=2).fit(X), InvalidInput, "2.*ip, l2, cosine"),  # type: ignore[arg-type]
    ("spec type", lambda: Codec(8).fit(X), WrongType, "int"),  # type: ignore[arg-type]
    ("seed type", lambda: Codec("bin", seed=0.5).fit(X), WrongType, "seed is a float"),  # type: ignore[arg-type]
    ("seed sign", lambda: Codec("bin", seed=-1).fit(X), InvalidInput, "seed is -1.*from 0"),
    ("no rows", lambda: Codec("bin").fit(X[:0]), InvalidInput, "X has no rows"),
    ("no rows, nothing learnt", lambda: Codec("int8").fit(X[:0]), InvalidInput, "X has no rows"),
    ("one vector", lambda: Codec("int8").fit(X[0]), InvalidInput, "2-D"),
    ("dtype", lambda: Codec("int8").fit(X.astype(np.int64)), InvalidInput, "int64"),
    ("fit NaN", lambda: Codec("bin").fit(with_value(np.nan)), InvalidInput, "NaN in row 11"),
    ("queries", lambda: Codec("bin").fit(X, queries=X[:, :5]), InvalidInput, "queries has 5.*6"),
    ("encode NaN", lambda: fitted().encode(with_value(np.nan)), InvalidInput, "NaN in row 11"),
    ("encode inf", lambda: fitted().encode(with_value(-np.inf)), InvalidInput, "infinity in row 11"),
    ("encode dim", lambda: fitted().encode(X[:, :5]), InvalidInput, "5 dimensions; 6"),
    ("encode type", lambda: fitted().encode(7), WrongType, "int"),
    ("encode threads", lambda: fitted().encode(X, threads=0), InvalidInput, "threads is 0.*from 1"),
    ("decode threads", lambda: fitted().decode(fitted().encode(X), threads="all"), WrongType, "str"),  # type: ignore[arg-type]
    ("half", lambda: fitted("f16", "ip").encode(with_value(7e4)), InvalidInput, "Row 11 .*7.*65504.*f32"),
    ("half below", lambda: fitted("f16", "ip").encode(with_value(-7e4)), InvalidInput, "Row 11"),
    ("too long", lambda: fitted("int8", "l2").encode(with_value(1e19)), InvalidInput, "Row 11 .*scale"),
    ("too long, fit", lambda: Codec("bin").fit(with_value(1e19)), InvalidInput, "Row 11 .*scale"),
    ("too long, query", lambda: fitted().query(with_value(1e19)), InvalidInput, "Query 11 .*scale"),
    ("query dim", lambda: fitted().query(X[:, 1:]), InvalidInput, "queries has 5"),
    ("query NaN", lambda: fitted().query(with_value(np.nan)), InvalidInput, "queries has NaN in row 11"),
    ("mrl", lambda: Codec("mrl7,bin").fit(X), InvalidInput, "mrl7 keeps 7 .* have 6; write mrl6"),
    ("pca", lambda: Codec("pca7,bin").fit(X), InvalidInput, "pca7 keeps 7 .* have 6; write pca6"),
    ("infs", lambda: Codec("infs7,bin").fit(X), InvalidInput, "infs7 keeps 7 .* have 6; write infs6"),
    ("leanvec", lambda: Codec("leanvec7,bin").fit(X), InvalidInput, "leanvec7 keeps 7 .* have 6"),
    ("leanvec rows", lambda: Codec("leanvec5,bin").fit(X[:3]), InvalidInput, "5 directions .* 3 rows"),
    ("no queries", lambda: Codec("leanvec5(method=es),bin").fit(X), InvalidInput, "there are none.*leanvec5"),
    (
        "other queries",
        lambda: Codec("leanvec5,bin").fit(X, queries=X[:, :4]),
        InvalidInput,
        "queries has 4 dimensions; 6 were wanted",
    ),
    (
        "auto of one row",
        lambda: Codec("pca(dim=auto),bin").fit(X[:1]),
        InvalidInput,
        "no intrinsic dimension",
    ),
    (
        "auto of like rows",
        lambda: Codec("mrl(dim=auto),bin").fit(X * 0),
        InvalidInput,
        "no intrinsic dimension",
    ),
    ("pca after mrl", lambda: Codec("mrl3,pca4,bin").fit(X), InvalidInput, "pca4 keeps 4 .* have 3"),
    ("pca rows", lambda: Codec("pca5,bin").fit(X[:3]), InvalidInput, "5 directions .* 3 rows.*pca3"),
    ("codes width", lambda: fitted().decode(np.zeros((3, 9), np.uint8)), InvalidInput, r"\(n, 10\)"),
    ("codes rank", lambda: fitted().decode(np.zeros(10, np.uint8)), InvalidInput, r"\(10,\).*\(n, 10\)"),
    ("codes dtype", lambda: fitted().decode(np.zeros((3, 10), np.int8)), InvalidInput, "int8.*uint8"),
    ("unpack", lambda: fitted().unpack(np.zeros((3, 9), np.uint8)), InvalidInput, r"\(n, 10\)"),
    ("foreign codes", lambda: fitted().decode(np.full((3, 10), 255, np.uint8)), InvalidInput, "Row 0 of"),
]


@pytest.mark.parametrize(("call", "kind", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_bad_input_is_refused(call: Callable[[], Any], kind: type[LilliputError], words: str) -> None:
    """The error is of its kind and says where and what."""
    with pytest.raises(kind, match=words) as caught:
        call()

    assert kind is type(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_the_row_is_counted_over_blocks() -> None:
    """A bad number far down a stream is reported by its place in the whole."""
    rows = 3 * 2**21 // 6
    many = np.ones((rows, 6), np.float32)
    many[rows - 5, 1] = 1e6

    with pytest.raises(InvalidInput, match=f"Row {rows - 5} "):
        fitted("f16", "ip").encode(many)


def test_values_at_the_ends_are_taken() -> None:
    """The largest half, and vectors just short of too long, pass."""
    half = fitted("f16", "l2")
    assert half.decode(half.encode(with_value(65504)))[11, 2] == 65504

    made = fitted("int8", "l2")
    assert np.isfinite(made.decode(made.encode(with_value(4e18)))).all()
