"""What an index refuses, with which error and which sentence, and that nothing changed."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lilliput.errors import (
    Cancelled,
    FileError,
    InvalidInput,
    InvalidSpec,
    LilliputError,
    NotFitted,
    ReadOnly,
    UnknownId,
    WrongType,
)
from lilliput.index.index import Index
from lilliput.io.container import write_container

X = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
BAD_ROW = np.vstack([X[:7], [[0, np.nan, 0, 0]], X[:2]])


def holding(spec: str = "flat | int8 | f16") -> Index:
    """Give an index of 60 rows with even ids."""
    return Index(spec).fit(X).add(X, np.arange(0, 120, 2))


def refused(index: Index, use: Callable[[Index], Any], error: type[LilliputError], sentence: str) -> None:
    """Make sure that a use is refused and leaves every answer, the ids to come and the size as they were."""
    before = index.search(X, 60, exact=True), index.nbytes, index.calibration
    with pytest.raises(error, match=sentence):
        use(index)
    after = index.search(X, 60, exact=True), index.nbytes, index.calibration
    assert np.array_equal(before[0].ids, after[0].ids)
    assert np.array_equal(before[0].scores, after[0].scores)
    assert before[1:] == after[1:]
    index.add(X[:1])
    assert index.search(X[0], 2, exact=True).ids.tolist() == [0, 119]


def batches_then(error: Exception) -> Any:
    """Give two batches, then raise."""
    yield X[:5]
    yield X[5:]
    raise error


ADDS: list[tuple[Callable[[Index], Any], type[LilliputError], str]] = [
    (lambda i: i.add(X[:, :3]), InvalidInput, "X has 3 dimensions; 4 were wanted"),
    (lambda i: i.add(BAD_ROW), InvalidInput, "NaN in row 7"),
    (lambda i: i.add(iter([X, BAD_ROW])), InvalidInput, "NaN in row 67"),
    (lambda i: i.add(np.vstack([X, np.inf * X[:1]])), InvalidInput, "row 60"),
    (lambda i: i.add(np.vstack([X, 1e25 * X[:1]])), InvalidInput, "Row 60 is longer"),
    (lambda i: i.add(X[:3], [1, 3, 1]), InvalidInput, "The id 1 is given twice, at 0 and 2"),
    (lambda i: i.add(X[:3], [1, 3, 118]), InvalidInput, r"The id 118 \(place 2\) is stored already"),
    (lambda i: i.add(X[:3], [1, 3]), InvalidInput, "There are 2 ids for 3 vectors"),
    (lambda i: i.add(X[:3], [1, 3, 5, 7]), InvalidInput, "There are 4 ids for 3 vectors"),
    (lambda i: i.add(iter([X[:3], X[3:6]]), [1, 3, 5]), InvalidInput, "There are 3 ids for at least 6"),
    (lambda i: i.add(iter([X[:3]]), [1, 3, 5, 7]), InvalidInput, "There are 4 ids for 3 vectors"),
    (lambda i: i.add(X[:3], [1, 3, -5]), InvalidInput, "hold -5; ids are 0 or larger"),
    (lambda i: i.add(X[:3], [1.0, 3.0, 5.0]), WrongType, "ids are float64"),
    (lambda i: i.add(X[:3], ["a", "b", "c"]), WrongType, "whole numbers"),
    (lambda i: i.add(X[:3], [True, False, True]), WrongType, "ids are bool"),
    (lambda i: i.add(X[:1], [2**63]), InvalidInput, "the largest id is 9223372036854775807"),
    (lambda i: i.add(X[:1], [2**64]), WrongType, "from 0 to 9223372036854775807"),
    (lambda i: i.add(X[:2], [[1], [3]]), InvalidInput, "shape"),
    (lambda i: i.add(X[:3], [[1], [3, 5]]), InvalidInput, "unequal length"),
    (lambda i: i.add("nowhere.npy"), FileError, "nowhere.npy"),
    (lambda i: i.add(7), WrongType, "int"),
    (lambda i: i.add(X, threads=0), InvalidInput, "threads=0"),
    (lambda i: i.add(X, progress=lambda done, total: False), Cancelled, "nothing was changed"),
    (lambda i: i.fit(X), InvalidInput, "holds 60 vectors; fit a new one"),
    (lambda i: i.remove([0, 1]), UnknownId, "The id 1 is not stored here"),
    (lambda i: i.remove([1, 3, 0]), UnknownId, "The id 1 and 1 more is not stored"),
    (lambda i: i.remove([0, 2, 0]), InvalidInput, "The id 0 is given twice"),
    (lambda i: i.remove([-1]), InvalidInput, "hold -1"),
    (lambda i: i.remove(2), InvalidInput, "shape"),
    (lambda i: i.calibrate(X), InvalidInput, "give them to fit"),
    (lambda i: i.calibrate(ks=(0,)), InvalidInput, "k=0"),
]


@pytest.mark.parametrize("case", range(len(ADDS)))
def test_refused_changes_leave_everything(case: int) -> None:
    """A change that is refused is refused whole."""
    refused(holding(), *ADDS[case])


def test_foreign_errors_leave_everything_too() -> None:
    """An iterator that fails after two batches has added none of them."""
    index = holding()
    with pytest.raises(ZeroDivisionError):
        index.add(batches_then(ZeroDivisionError()))
    refused(index, lambda i: i.add(X[:1], [0]), InvalidInput, "stored already")


def test_interrupted_measuring_leaves_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while recall is measured, after the rows were encoded, undoes the addition and the removal."""
    index = holding()

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("lilliput.index.index.measure", interrupted)
        for change in (lambda: index.add(X), lambda: index.remove(np.arange(0, 100, 2))):
            with pytest.raises(KeyboardInterrupt):
                change()
    refused(index, lambda i: i.add(X[:1], [0]), InvalidInput, "stored already")


ASKS: list[tuple[Callable[[Index], Any], type[LilliputError], str]] = [
    (lambda i: i.search(X[:, :3]), InvalidInput, "Q has 3 dimensions; 4 were wanted"),
    (lambda i: i.search(X[0, :3]), InvalidInput, "Q has 3 dimensions; 4 were wanted"),
    (lambda i: i.search(BAD_ROW), InvalidInput, "NaN in row 7"),
    (lambda i: i.search(1e25 * X), InvalidInput, "Query 0 is longer"),
    (lambda i: i.search(X[None]), InvalidInput, "Q"),
    (lambda i: i.search(X, 0), InvalidInput, "k=0 was given; it must be from 1 to 16384"),
    (lambda i: i.search(X, -3), InvalidInput, "k=-3"),
    (lambda i: i.search(X, 16_385), InvalidInput, "k=16385"),
    (lambda i: i.search(X, 2.0), WrongType, "k is a float"),  # type: ignore[arg-type]
    (lambda i: i.search(X, recall=0), InvalidInput, "recall=0"),
    (lambda i: i.search(X, recall=1.5), InvalidInput, "recall=1.5"),
    (lambda i: i.search(X, recall=float("nan")), InvalidInput, "recall is not a number"),
    (lambda i: i.search(X, recall="high"), WrongType, "recall is 'high'"),  # type: ignore[arg-type]
    (lambda i: i.search(X, refine=0.5), InvalidInput, "refine=0.5"),
    (lambda i: i.search(X, ef=10), InvalidInput, "ef=10 was given"),
    (lambda i: i.search(X, nprobe=10), InvalidInput, "nprobe=10 was given"),
    (lambda i: i.search(X, threads=0), InvalidInput, "threads=0"),
    (lambda i: i.search(X, threads=1.5), WrongType, "threads is a float"),  # type: ignore[arg-type]
    (lambda i: i.search(X, filter=np.ones(59, bool)), InvalidInput, r"shape \(59,\).*\(60,\)"),
    (lambda i: i.search(X, filter=np.ones((60, 60), bool)), InvalidInput, r"\(60, 60\)"),
    (lambda i: i.search(X, filter=np.ones(60)), WrongType, "ids of the filter are float64"),
    (lambda i: i.search(X, filter=[-2]), InvalidInput, "hold -2"),
    (lambda i: i.search(X, filter="year > 2000"), WrongType, "ids of the filter"),
    (lambda i: i.search(X, filter=[[0], None]), InvalidInput, "2 filters for 60 queries"),
    (lambda i: i.search(X[:1], filter=[[[0], [1, 2]]]), InvalidInput, "unequal length"),
    (lambda i: i.range_search(X, float("nan")), InvalidInput, "radius is not a number"),
    (lambda i: i.range_search(X, float("inf")), InvalidInput, "radius=inf"),
    (lambda i: i.range_search(X, "near"), WrongType, "radius is 'near'"),  # type: ignore[arg-type]
    (lambda i: i.range_search(X, None), WrongType, "radius is None"),  # type: ignore[arg-type]
    (lambda i: i.range_search(X, 0.5, filter=[True]), InvalidInput, "boolean filter"),
    (lambda i: i.scores(X, [0, 1]), UnknownId, "The id 1 is not stored here; give ids that are"),
    (lambda i: i.scores(X, [0.0]), WrongType, "ids are float64"),
    (lambda i: i.scores(X, 0), InvalidInput, "shape"),
    (lambda i: i.scores(X, [[0]]), InvalidInput, "60 queries"),
    (lambda i: i.scores(X[:2], [[0], [2, 4]]), InvalidInput, "unequal length"),
    (lambda i: i.scores(X[:, :3], [0]), InvalidInput, "Q has 3 dimensions"),
]


@pytest.mark.parametrize("case", range(len(ASKS)))
def test_refused_questions(case: int) -> None:
    """A question that makes no sense gets a sentence."""
    refused(holding(), *ASKS[case])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Index("falt"), "did you mean flat"),
        (lambda: Index("flat | in8"), "did you mean int8"),
        (lambda: Index("flat32"), "flat"),
        (lambda: Index("flat(x=1)"), "write flat"),
        (lambda: Index("flat | f16 | f16 | f16"), "has 4 parts; an index has at most"),
        (lambda: Index("flat | mrl4"), "ends without a quantiser"),
        (lambda: Index("flat", metric="dot"), "The metric 'dot' is not known; it is one of"),
        (lambda: Index("flat", seed=-1), "seed"),
        (lambda: Index("flat | int8").add(X).search(X), "'flat | int8' is not fitted yet; call fit"),
        (lambda: Index("flat").fit(X[:0]), "X has no rows"),
        (lambda: Index("flat").fit(X, queries=X[:, :2]), "queries has 2 dimensions; 4 were wanted"),
        (lambda: Index("flat").fit(X).add(X).search(X, refine=2), "has no refine codec; leave it out"),
        (lambda: Index("flat | f16", metric="ip").fit(X).add(1e5 * X), "f16 ends at 65504"),
    ],
)
def test_refused_specs_and_states(make: Callable[[], Any], sentence: str) -> None:
    """What cannot be built, or is not ready."""
    with pytest.raises(InvalidInput, match=sentence):
        make()


@pytest.mark.parametrize(
    "use",
    [
        lambda i: i.search(X),
        lambda i: i.range_search(X, 0.0),
        lambda i: i.scores(X, [0]),
        lambda i: i.add(X),
        lambda i: i.remove([0]),
        lambda i: i.calibrate(),
        lambda i: i.save("never"),
        lambda i: i.nbytes,
        lambda i: i.dim,
    ],
)
def test_unfitted_and_closed_indexes(use: Callable[[Index], Any]) -> None:
    """Each says which of the two it is."""
    with pytest.raises(NotFitted, match="not fitted yet"):
        use(Index("flat"))
    closed = holding()
    with closed:
        pass
    with pytest.raises(NotFitted, match="is closed; open it again"):
        use(closed)
    assert 0 == len(closed)


def test_a_refit_that_fails_leaves_the_codecs(rng: np.random.Generator) -> None:
    """A second codec that cannot be fitted does not leave the first one changed."""
    index = Index("flat | f16 | pca4,f32").fit(X)
    with pytest.raises(InvalidInput, match="pca4 keeps 4 dimensions"):
        index.fit(rng.standard_normal((20, 3)))

    index.add(X)
    assert index.search(X, 1, exact=True).ids[:, 0].tolist() == list(range(60))


def test_mapped_indexes_are_read_only(tmp_path: Path) -> None:
    """Changing one says how to open it."""
    holding().save(tmp_path / "index")
    with Index.open(tmp_path / "index") as index:
        for change in (lambda: index.add(X), lambda: index.remove([0])):
            with pytest.raises(ReadOnly, match="open it with mmap=False"):
                change()
        assert 60 == len(index)


def test_folders_that_are_no_index(tmp_path: Path) -> None:
    """Nothing, a file, an empty folder, and a folder of something else."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    write_container(tmp_path / "file", {"a": np.ones(3)}, {}, format="lilliput-codec")
    for name in ("nothing", "empty", "other", "file"):
        with pytest.raises(FileError, match=name):
            Index.open(tmp_path / name)
    for name in ("other", "file"):
        with pytest.raises(FileError):
            holding().save(tmp_path / name)
    assert "mine" == (tmp_path / "other" / "notes.txt").read_text()
    with pytest.raises(FileError, match="missing"):
        holding().save(tmp_path / "missing" / "index")
    holding().save(tmp_path / "index")
    with pytest.raises(InvalidInput, match="'lazy' or 'full'"):
        Index.open(tmp_path / "index", verify="never")  # type: ignore[arg-type]


def test_ids_end_where_int64_ends() -> None:
    """The largest id can be used; after it, ids must be given."""
    index = Index("flat").fit(X).add(X[:2], [2**63 - 3, 5])
    index.add(X[2:3])
    refused_ids = pytest.raises(InvalidInput, match="end at 9223372036854775807; give ids")
    with refused_ids:
        index.add(X[:2])
    index.add(X[3:4]).add(X[4:5], [7])
    assert [5, 7, 2**63 - 3, 2**63 - 2, 2**63 - 1] == np.sort(index.search(X[0], 5).ids).tolist()
    with pytest.raises(InvalidInput, match="end at"):
        index.add(X[:1])


def test_indexes_are_not_pickled() -> None:
    """Pickle has no form for them; `save` does."""
    with pytest.raises(TypeError):
        pickle.dumps(holding())


def test_errors_are_also_python_s_own() -> None:
    """Each derives from the built-in that fits."""
    index = holding()
    for error, use in (
        (ValueError, lambda: index.search(X, 0)),
        (KeyError, lambda: index.remove([1])),
        (TypeError, lambda: index.search(X, "1")),  # type: ignore[arg-type]
        (OSError, lambda: Index.open("nowhere")),
        (ValueError, lambda: Index("flat").search(X)),
    ):
        with pytest.raises(error):
            use()
    with pytest.raises(InvalidSpec):
        Index("flat | nothing")
