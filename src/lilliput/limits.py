"""The bounds that every door checks, in one object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Upper bounds on what is accepted and on what is allocated at once.

    Attributes
    ----------
    max_dim:
        Dimensions of a vector; int32 sums of int8 products stay exact up to 133,000.
    max_k:
        Results a query.
    max_header_bytes:
        Length of a file's header before it is parsed.
    sample_rows:
        Rows that `fit` looks at, drawn by reservoir.
    calibration_queries:
        Queries an index keeps to measure effort against recall.
    block_bytes:
        Bytes of float32 that a stream hands over at a time.
    """

    max_dim: int = 65_536
    max_k: int = 16_384
    max_header_bytes: int = 16 * 2**20
    sample_rows: int = 262_144
    calibration_queries: int = 1_000
    block_bytes: int = 8 * 2**20


LIMITS = Limits()
