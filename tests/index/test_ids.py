"""Which row an id lies in, while ids come, go and come again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.errors import InvalidInput, UnknownId
from lilliput.index.ids import IdMap, as_ids, refuse_repeats, refuse_unknown
from lilliput.index.index import Index


@given(st.lists(st.lists(st.integers(0, 60), max_size=20, unique=True), max_size=8))
def test_the_last_row_of_an_id_is_found(groups: list[list[int]]) -> None:
    """Whatever runs the map merges, it answers as a dictionary does; older maps answer as before."""
    known, rows, first = IdMap(), dict[int, int](), 0
    history = []
    for group in groups:
        history.append((known, dict(rows)))
        known = known.with_ids(np.array(group, dtype=np.int64), first)
        rows |= {number: first + place for place, number in enumerate(group)}
        first += len(group)

    for one, expected in [*history, (known, rows)]:
        found = one.find(np.arange(-1, 65))
        assert [expected.get(number, -1) for number in range(-1, 65)] == found.tolist()


def test_runs_stay_few() -> None:
    """Lookups stay logarithmic: a thousand additions leave a dozen runs at most."""
    rng = np.random.default_rng(0)
    known = IdMap()
    for batch in range(1_000):
        known = known.with_ids(rng.permutation(20) + 20 * batch, 20 * batch)

    assert len(known.runs) <= 12
    assert known.nbytes == 2 * 8 * 20_000


def test_ids_in_order_need_no_map() -> None:
    """Rows that come with rising ids cost their eight bytes and no more."""
    known = IdMap()
    for batch in range(100):
        known = known.with_ids(np.arange(5) + 7 * batch, 5 * batch)

    assert 0 == known.nbytes


def test_an_id_may_come_again(rng: np.random.Generator) -> None:
    """Removed and added with another vector, beside more of them, it has the new vector's score."""
    X = rng.standard_normal((300, 8)).astype(np.float32)
    index = Index("flat", metric="ip").fit(X).add(X[:100], rng.permutation(100) + 1_000)
    latest = {}
    for round_ in range(12):
        ids = rng.permutation(100)[:5] + 1_000
        rows = rng.permutation(300)[:5]
        index.remove(ids).add(X[rows], ids)
        latest |= dict(zip(ids.tolist(), rows.tolist(), strict=True))
        index.add(X[:20], 10_000 + 20 * round_ + rng.permutation(20))

        wanted = list(latest)
        expected = X[0] @ X[[latest[number] for number in wanted]].T
        assert np.allclose(expected, index.scores(X[0], wanted), rtol=1e-5, atol=1e-5)
        assert index.search(X[0], 400, filter=wanted).counts == len(wanted)


def test_ids_go_on_from_the_largest_ever_used(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Also when it was removed, and after a save."""
    index = Index("flat").fit(np.eye(3)).add(np.eye(3)).add(np.eye(3), [50, 7, 9]).remove([50])
    folder = tmp_path_factory.mktemp("ids") / "index"
    index.save(folder)
    for one in (index, Index.open(folder, mmap=False)):
        one.add(np.eye(3)[:2])
        assert [0, 1, 2, 7, 9, 51, 52] == np.sort(one.search(np.ones(3), 10).ids)[3:].tolist()


def test_room_of_removed_rows_is_given_back(rng: np.random.Generator) -> None:
    """A quarter may be dead weight; beyond that it goes, and filters and order go on as before."""
    X = rng.standard_normal((400, 8))
    index = Index("flat | int8").fit(X).add(X)
    full = index.nbytes
    index.remove(np.arange(0, 100))
    assert index.nbytes >= full
    index.remove([100])
    assert index.nbytes < 0.85 * full + 300 * 8 + 1_000
    mask = np.zeros(299, bool)
    mask[[0, 298]] = True

    assert [101, 399] == np.sort(index.search(X[0], 5, filter=mask).ids[:2]).tolist()
    assert [399] == index.search(X[0], 1, filter=[5, 100, 399]).ids.tolist()


def test_as_ids_takes_whole_numbers() -> None:
    """Any integer dtype, empty lists too."""
    for dtype in ("i1", "u1", "i4", "u4", "i8", "u8", ">i4"):
        assert [3, 1] == as_ids(np.array([3, 1], dtype)).tolist()
    assert np.int64 == as_ids([]).dtype
    assert np.int64 == as_ids(np.array([], np.float32)).dtype


def test_refusals_name_what_they_refuse() -> None:
    """The id, its places, and how many more there are."""
    refuse_repeats(np.array([3, 1, 2]))
    refuse_unknown(np.array([3]), np.array([0]))
    with pytest.raises(InvalidInput, match="The id 3 is given twice, at 0 and 2"):
        refuse_repeats(np.array([3, 1, 3]))
    with pytest.raises(UnknownId, match=r"^The id 8 and 1 more is not stored here; give ids that are\.$"):
        refuse_unknown(np.array([3, 8, 9]), np.array([0, -1, -1]))
