"""A sample of a stream that may be longer than memory.

Vitter, "Random sampling with a reservoir", ACM Transactions on Mathematical Software, 1985.
"""

import numpy as np

from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import Source
from lilliput.limits import LIMITS
from lilliput.progress import Track

# Fitting works on the sample and one changed copy; this keeps it small beside any stream worth streaming.
SAMPLE_BYTES = 128 * 2**20


def sample_size(dim: int) -> int:
    """Say how many rows are sampled at most: `Limits.sample_rows`, or as many as fit 128 MiB."""
    return max(1, min(LIMITS.sample_rows, SAMPLE_BYTES // (4 * dim)))


def reservoir(source: Source, size: int, rng: np.random.Generator, step: Track) -> FloatArray:
    """Draw rows of a stream, each with the same chance.

    The draw depends on the generator and the order of the rows, and not on how they come in blocks.

    Parameters
    ----------
    source:
        The stream, which is read once.
    size:
        Rows to draw. A shorter stream is taken whole, in its order.
    rng:
        The source of chance.
    step:
        Told how many rows were read.

    Returns
    -------
    ndarray
        Float32, shape (rows, dim), the caller's own.

    Examples
    --------
    >>> from lilliput.io.source import as_source
    >>> source = as_source(np.arange(8.0).reshape(4, 2))
    >>> reservoir(source, 9, np.random.default_rng(0), Track(False, 4, "sampling")).shape
    (4, 2)
    """
    most = size if source.rows is None else min(size, source.rows)
    sample = np.empty((most, source.dim), dtype=np.float32)
    read = 0
    for block in source.batches():
        filling = min(len(block), max(0, most - read))
        sample[read : read + filling] = block[:filling]
        rest = block[filling:]
        if len(rest):
            ordinals = np.arange(read + filling + 1, read + len(block) + 1)
            slots = (rng.random(len(rest)) * ordinals).astype(np.int64)
            kept = np.flatnonzero(slots < most)
            # Two rows of a block may draw one slot: only the later one stays, whatever order numpy writes in.
            last = np.unique(slots[kept][::-1], return_index=True)
            sample[last[0]] = rest[kept[::-1][last[1]]]
        read += len(block)
        step(read)
    return sample[: min(read, most)]
