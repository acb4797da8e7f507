"""The machine's own rates, and one query over memory."""

import numpy as np
import pytest

from lilliput import _core
from lilliput.bench.roofline import byte_rates, products_per_second
from lilliput.bench.single import KINDS, LINE, random_rows, run_single
from lilliput.bench.timing import Timing


@pytest.mark.parametrize("isa", _core.isas())
@pytest.mark.parametrize("size", [0, 1, 7, 8, 63, 64, 65, 300, 2**20 + 5])
def test_a_stream_read_reads_every_byte(isa: str, size: int) -> None:
    """The exclusive or of all words is numpy's, on one thread and on two."""
    data = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    padded = np.zeros(-(-size // 8) * 8, dtype=np.uint8)
    padded[:size] = data
    expected = int(np.bitwise_xor.reduce(padded.view(np.uint64)))

    assert expected == _core.stream_read(data, threads=1, isa=isa)
    assert expected == _core.stream_read(data, threads=2, isa=isa)


@pytest.mark.parametrize("isa", _core.isas())
def test_products_are_counted_a_round_and_a_thread(isa: str) -> None:
    """Twice the rounds or the threads is twice the products; none where the set has no such instruction."""
    once = _core.multiply_bytes(10, 1, isa)

    assert (once > 0) == (isa in byte_rates(1))
    assert 2 * once == _core.multiply_bytes(20, 1, isa) == _core.multiply_bytes(10, 2, isa)


def test_a_rate_is_products_over_time() -> None:
    """A call of half the time is twice the rate."""
    timing = Timing(rounds=1, wall_fast=1.0, wall_median=1.0, cpu_fast=0.001, cpu_median=0.002)
    for isa, call in byte_rates(1).items():
        fast, median = products_per_second(isa, timing, 1)

        assert call() == pytest.approx(0.001 * fast)
        assert fast == pytest.approx(2 * median)


@pytest.mark.parametrize("kind", KINDS)
def test_one_query_over_codes_is_measured(kind: str) -> None:
    """Both rates are there, and the bytes are those of rows and factors."""
    found = run_single(kind, threads=1, seconds=0, tick=lambda: None, size=2**20)

    width = _core.row_bytes(kind, found["dim"]) + (4 if kind == "i8" else 0)
    assert found["rows"] * width == found["bytes"]
    assert found["share_fast"] == pytest.approx(
        found["search_bytes_per_second_fast"] / found["read_bytes_per_second_fast"]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_random_rows_are_finite_codes_on_a_cache_line(kind: str) -> None:
    """A scan of them scores every row."""
    rows = random_rows(kind, 100, 2**20)
    query, bias = np.ones((1, 100), dtype=np.float32), np.zeros(1, dtype=np.float32)
    alpha = np.ones(len(rows), dtype=np.float32) if kind == "i8" else None

    scores = _core.block(_core.Codes(kind, 100, rows, alpha), query, bias)

    assert rows.ctypes.data % LINE == 0
    assert 0 <= 2**20 - rows.nbytes < rows.shape[1]
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) > 10
