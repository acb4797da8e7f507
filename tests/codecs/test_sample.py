"""The reservoir: every row has the same chance, in blocks of any size."""

import numpy as np
import pytest

from lilliput.codecs.sample import SAMPLE_BYTES, reservoir, sample_size
from lilliput.io.arrays import FloatArray
from lilliput.io.source import as_source
from lilliput.limits import LIMITS
from lilliput.progress import Track


def drawn(rows: int, size: int, seed: int, batch: int | None = None) -> FloatArray:
    """Draw from the vectors (0), (1), … in one array, or in batches."""
    x = np.arange(rows, dtype=np.float32)[:, None]
    source = as_source(x if batch is None else iter([x[i : i + batch] for i in range(0, rows, batch)]))
    return reservoir(source, size, np.random.default_rng(seed), Track(False, rows, "sampling"))


@pytest.mark.parametrize("batch", [None, 1, 3, 100])
def test_a_short_stream_is_taken_whole_and_in_order(batch: int | None) -> None:
    """No more rows than asked for: nothing is left to chance."""
    expected = np.arange(20, dtype=np.float32)[:, None]

    assert np.array_equal(expected, drawn(20, 20, 0, batch))
    assert np.array_equal(expected, drawn(20, 99, 1, batch))


def test_rows_are_drawn_once_and_depend_on_the_seed() -> None:
    """No row twice; another seed, other rows."""
    one, other = drawn(1000, 50, 0), drawn(1000, 50, 1)

    assert len(np.unique(one)) == 50
    assert np.array_equal(one, drawn(1000, 50, 0))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("batch", [1, 7, 64, 999])
def test_blocks_do_not_change_the_draw(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the rows come."""
    expected = drawn(1000, 50, 3)
    monkeypatch.setattr("lilliput.io.blocks.block_rows", lambda dim: batch)

    assert np.array_equal(expected, drawn(1000, 50, 3))
    assert np.array_equal(expected, drawn(1000, 50, 3, batch=10))


def test_every_row_has_the_same_chance() -> None:
    """Over 2,000 draws of 10 from 40, each row comes up 500 times, give or take five standard deviations."""
    counts = np.zeros(40)
    for seed in range(2000):
        counts[drawn(40, 10, seed)[:, 0].astype(int)] += 1

    assert np.abs(counts - 500).max() < 5 * (2000 * 0.25 * 0.75) ** 0.5


def test_the_sample_is_bounded_in_rows_and_in_bytes() -> None:
    """Narrow vectors meet the one bound, wide ones the other."""
    assert sample_size(8) == LIMITS.sample_rows
    assert sample_size(1024) == SAMPLE_BYTES // 4096
    assert sample_size(LIMITS.max_dim) > 0
