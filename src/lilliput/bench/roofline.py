"""What the machine can do at most: figures to divide by."""

from collections.abc import Callable

from lilliput import _core
from lilliput.bench.timing import Timing

# Rounds of some milliseconds: as short as the searches beside them.
ROUNDS = {"amx": 150_000, "avx512": 1_500_000}


def byte_rates(threads: int) -> dict[str, Callable[[], int]]:
    """Give a call for each instruction set that multiplies bytes; each says how many products it summed.

    Parameters
    ----------
    threads:
        As for the searches that are compared with it.

    Examples
    --------
    >>> all(call() > 0 for call in byte_rates(1).values())
    True
    """
    return {isa: _call(isa, ROUNDS[isa], threads) for isa in ROUNDS if isa in _core.isas()}


def products_per_second(isa: str, timing: Timing, threads: int) -> tuple[float, float]:
    """Give the rate of byte products when the machine is fast, and its median.

    Parameters
    ----------
    isa:
        One of those that `byte_rates` gave.
    timing:
        Of its call.
    threads:
        What the call was made with.
    """
    products = _core.multiply_bytes(1, threads, isa) * ROUNDS[isa]
    return products / timing.fast(threads), products / timing.median(threads)


def _call(isa: str, rounds: int, threads: int) -> Callable[[], int]:
    return lambda: _core.multiply_bytes(rounds, threads, isa)
