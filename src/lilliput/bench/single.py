"""One query over codes that no cache holds: memory is the limit, so the measure is how near it is reached."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lilliput import _core
from lilliput.bench.contestants import RACED
from lilliput.bench.timing import race
from lilliput.codecs.layout import ByteArray

DIM = 1_024
BYTES = 512 * 2**20
KINDS = ("f32", "f16", "i8", "bits")
K = 10
LINE = 64
PATTERN_ROWS = 4_096


def run_single(
    kind: str, *, threads: int, seconds: float, tick: Callable[[], None], size: int = BYTES
) -> dict[str, Any]:
    """Scan random codes for one query, in turns with a plain read of the same bytes.

    Parameters
    ----------
    kind:
        A kind of codes.
    threads:
        For both.
    seconds:
        Wall time for both.
    tick:
        Called after each repetition; it may raise to end the race.
    size:
        Bytes of codes.

    Returns
    -------
    dict
        Bytes a second of both, and the share of the one in the other.
    """
    rows = random_rows(kind, DIM, size)
    alpha = np.ones(len(rows), dtype=np.float32) if kind == "i8" else None
    codes = _core.Codes(kind, DIM, rows, alpha, None)
    query = np.random.default_rng(1).standard_normal((1, DIM), dtype=np.float32)
    bias = np.zeros(1, dtype=np.float32)
    isa = next((isa for isa in RACED if isa in _core.isas()), _core.isas()[-1])
    flat = rows.reshape(-1)
    timings = race(
        {
            "read": lambda: _core.stream_read(flat, threads=threads, isa=isa),
            "search": lambda: _core.top_k(codes, query, bias, K, threads=threads, isa=isa),
        },
        seconds=seconds,
        tick=tick,
    )
    read, search = timings["read"], timings["search"]
    bytes_searched = rows.nbytes + (alpha.nbytes if alpha is not None else 0)
    found: dict[str, Any] = {
        "kind": kind,
        "dim": DIM,
        "rows": len(rows),
        "bytes": bytes_searched,
        "isa": isa,
        "rounds": search.rounds,
    }
    for name, read_time, search_time in (
        ("fast", read.fast(threads), search.fast(threads)),
        ("median", read.median(threads), search.median(threads)),
    ):
        found[f"read_bytes_per_second_{name}"] = rows.nbytes / read_time
        found[f"search_bytes_per_second_{name}"] = bytes_searched / search_time
        found[f"share_{name}"] = (bytes_searched / search_time) / (rows.nbytes / read_time)
    return found


def random_rows(kind: str, dim: int, size: int) -> ByteArray:
    """Make about `size` bytes of codes on a cache line, of finite numbers and without a second copy.

    Examples
    --------
    >>> random_rows("bits", 64, 4096).shape
    (512, 8)
    """
    width = _core.row_bytes(kind, dim)
    n = max(1, size // width)
    memory = np.empty(n * width + LINE, dtype=np.uint8)
    start = -memory.ctypes.data % LINE
    rows = memory[start : start + n * width].reshape(n, width)
    x = np.random.default_rng(0).standard_normal((min(n, PATTERN_ROWS), dim), dtype=np.float32)
    pattern = np.empty((len(x), width), dtype=np.uint8)
    _core.encode(kind, x, pattern, np.empty(len(x), dtype=np.float32) if kind == "i8" else None, None)
    for first in range(0, n, len(pattern)):
        rows[first : first + len(pattern)] = pattern[: n - first]
    return rows
