"""What an index weighs, and what long work tells whoever listens."""

from pathlib import Path

import numpy as np
import pytest

from lilliput.codecs.codec import Codec
from lilliput.errors import Cancelled
from lilliput.index.index import Index
from lilliput.index.state import Store
from lilliput.limits import LIMITS

SPECS = ["flat", "flat | f16", "flat | int8", "flat | bin", "flat | int8 | f16", "flat | pca8,int8 | f32"]
HEADERS = 4_096  # of a file: its header, paddings and checksums of few pages


@pytest.mark.parametrize("metric", ["ip", "l2"])
@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("with_ids", [False, True])
def test_bytes_are_those_of_the_arrays(
    rng: np.random.Generator, tmp_path: Path, spec: str, metric: str, with_ids: bool
) -> None:
    """Codes, factors, ids and what is shared; the files of these are hardly larger."""
    X = rng.standard_normal((3_000, 24))
    index = Index(spec, metric=metric).fit(X, queries=X[:5])
    index.add(X, rng.permutation(9_000)[:3_000] if with_ids else None)
    codecs = [Codec(part.strip(), metric=metric).fit(X) for part in index.spec.split("|")[1:]]
    expected = sum(3_000 * codec.code_size + codec.overhead_bytes for codec in codecs)
    index.save(tmp_path / "index")
    files = [file for file in (tmp_path / "index").iterdir() if not file.name.startswith("watch")]
    on_disk = sum(file.stat().st_size for file in files)

    ids_and_map = 3_000 * 8 * 3 if with_ids else 0
    assert expected + ids_and_map == index.nbytes
    assert expected + ids_and_map / 3 <= on_disk <= expected + ids_and_map / 3 + HEADERS * len(files)
    assert index.nbytes / 3_000 == index.bytes_per_vector
    for mmap in (True, False):
        assert index.nbytes == Index.open(tmp_path / "index", mmap=mmap).nbytes


def test_the_first_addition_takes_no_room_to_spare(rng: np.random.Generator) -> None:
    """An index that is built at once has room for its rows alone; one that grows, for half as many more."""
    codec = Codec("int8").fit(np.eye(8))
    store = Store(codec, codec.allocate(0))

    first = store.with_room(0, 1_000)
    second = first.with_room(1_000, 1_001)

    assert 1_000 == first.room
    assert 1_500 == second.room
    assert second.with_room(1_001, 1_500) is second
    assert 9_000 == second.with_room(1_500, 9_000).room


def test_rows_behind_those_in_use_cost_nothing_visible(rng: np.random.Generator) -> None:
    """`nbytes` counts rows, not room."""
    X = rng.standard_normal((1_100, 16))
    at_once = Index("flat | int8").fit(X).add(X)
    by_steps = Index("flat | int8").fit(X).add(X[:1_000]).add(X[1_000:])

    assert at_once.nbytes == by_steps.nbytes
    assert np.array_equal(at_once.search(X, 5).ids, by_steps.search(X, 5).ids)


def test_progress_counts_rows(rng: np.random.Generator) -> None:
    """The callable hears of every block, up to all of them, and the total where it is known."""
    dim = 64
    block = LIMITS.block_bytes // (4 * dim)
    X = rng.standard_normal((2 * block + 10, dim)).astype(np.float32)
    index = Index("flat | int8")
    told: list[tuple[int, int]] = []

    def listen(done: int, total: int) -> bool:
        told.append((done, total))
        return True

    index.fit(X, queries=X[:5], progress=listen)
    assert told[-1] == (len(X), len(X))
    told.clear()
    index.add(X, progress=listen)
    assert [(block, len(X)), (2 * block, len(X)), (len(X), len(X))] == told
    told.clear()
    index.add(iter([X[:7], X[7:9]]), progress=listen)
    assert [(9, 0)] == told
    assert len(X) + 9 == len(index)


@pytest.mark.parametrize("stop_at", [0, 1])
def test_progress_cancels(rng: np.random.Generator, stop_at: int) -> None:
    """Returning False at any block leaves the index as it was; returning None goes on."""
    dim = 64
    block = LIMITS.block_bytes // (4 * dim)
    X = rng.standard_normal((2 * block, dim)).astype(np.float32)
    index = Index("flat | int8").fit(X[:100], queries=X[:5]).add(X[:100])
    calls = []

    def stop(done: int, total: int) -> bool | None:
        calls.append(done)
        return False if len(calls) > stop_at else None

    with pytest.raises(Cancelled, match=f"adding was cancelled after {block * (stop_at + 1)} of {2 * block}"):
        index.add(X, progress=stop)

    assert 100 == len(index)
    assert index.search(X[3], 1, exact=True).ids.tolist() == [3]
    index.add(X[:1])
    assert [3, 100] == np.sort(np.r_[index.search(X[3], 1).ids, index.search(X[0], 2).ids.max()]).tolist()
    with pytest.raises(Cancelled, match="sampling"):
        Index("flat").fit(X, progress=lambda done, total: False)


def test_open_closes_with_the_block(rng: np.random.Generator, tmp_path: Path) -> None:
    """`with Index.open(...)` gives the index and lets go of it; hits outlive it."""
    X = rng.standard_normal((50, 8))
    Index("flat | f16", seed=3, metric="l2").fit(X).add(X).save(tmp_path / "index")

    with Index.open(tmp_path / "index") as index:
        hits = index.search(X, 1)
        assert (index.spec, index.metric, index.dim, len(index)) == ("flat | f16", "l2", 8, 50)
        assert "seed=3" in repr(index)

    assert np.arange(50).tolist() == hits.ids[:, 0].tolist()
    assert 0 == len(index)


def test_an_open_index_outlives_its_replacement(rng: np.random.Generator, tmp_path: Path) -> None:
    """A mapped index answers as before while another takes its folder."""
    X = rng.standard_normal((500, 16))
    Index("flat | int8").fit(X).add(X).save(tmp_path / "index")
    mapped = Index.open(tmp_path / "index")
    Index("flat | int8").fit(X).add(X[::-1]).save(tmp_path / "index")

    assert np.arange(500).tolist() == mapped.search(X, 1).ids[:, 0].tolist()
    mapped.save(tmp_path / "index")
    assert [499] == Index.open(tmp_path / "index").search(X[499], 1).ids.tolist()


@pytest.mark.parametrize("measured", [True, False])
def test_damage_is_not_saved_as_if_it_were_whole(
    rng: np.random.Generator, tmp_path: Path, measured: bool
) -> None:
    """A mapped index with a flipped bit that nobody has met yet can neither be saved nor measured anew."""
    X = rng.standard_normal((2_000, 32))
    Index("flat | f32").fit(X, queries=X[:30]).add(X).save(tmp_path / "index")
    rows = tmp_path / "index" / "search-rows.safetensors"
    raw = bytearray(rows.read_bytes())
    raw[150_000] ^= 4
    rows.write_bytes(raw)
    index = Index.open(tmp_path / "index")

    with pytest.raises(OSError, match="do not match their checksum"):
        index.calibrate(X[:5]) if measured else index.save(tmp_path / "copy")

    assert not (tmp_path / "copy").exists()
