"""
The native side of Lilliput: kernels, scans, checksums. Private; every score is larger-is-better.
"""

from typing import Annotated

import numpy
from numpy.typing import NDArray


def isas() -> list[str]:
    """Instruction sets that this machine can run, weakest first."""

def default_isa() -> str:
    """LILLIPUT_ISA, or the strongest."""

def default_threads() -> int:
    """LILLIPUT_NUM_THREADS, or the CPUs this process may run on."""

def crc32c(data: object, start: int = 0) -> int:
    """Checksum the bytes of a buffer by CRC32C, continuing from `start`."""

def crc32c_pages(data: object, page: int = 65536) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,))]:
    """
    Checksum each page of a buffer by CRC32C; the last page is what is left.
    """

class PageGuard:
    """Verifies the pages of mapped bytes at first touch."""

    def __init__(self, data: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], expected: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], page: int = 65536, name: str = '', origin: int = 0) -> None: ...

    def touch(self, offset: int, n: int) -> bool:
        """Verify the pages under these bytes; False when one is bad."""

    def verify_all(self) -> bool:
        """Verify every page that nobody has touched yet; False when one is bad."""

    @property
    def bad_page(self) -> int | None:
        """The first bad page met, or None."""

    @property
    def pages(self) -> int:
        """How many pages there are."""

    @property
    def complaint(self) -> str:
        """One sentence on the bad page; empty without one."""

def project(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], matrix: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], offset: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """(x - offset) @ matrix.T, the same bits on every machine."""

def normalize(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """Rows over their norms; zero rows stay zero."""

def unit_rows(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], threads: int = 0, isa: str = '') -> tuple[Annotated[NDArray[numpy.float32], dict(shape=(None, None))], float]:
    """Rows over their norms, and the greatest squared length that one had."""

def squared_norms(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None,))]:
    """|x|^2 of each row."""

def longest(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], isa: str = '') -> float:
    """The greatest squared length of a row; 0 of no rows."""

def settle(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bits: int, directions: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], alpha: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """
    Integers v near x / alpha, odd below 8 bits, whose errors avoid directions (k, dim); alpha becomes |x|^2 / dot(x, v).
    """

def lines(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bits: int, threads: int = 0, isa: str = '') -> tuple[Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None,))], Annotated[NDArray[numpy.float32], dict(shape=(None,))], Annotated[NDArray[numpy.float32], dict(shape=(None,))]]:
    """
    Odd integers v near each row, and alpha, shift and beta: x is near shift + alpha * v.
    """

def rotate(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], signs: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], inverse: bool = False, threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """
    Rows turned by rounds of sign flips (a set byte flips) and Walsh-Hadamard transforms.
    """

def fold(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], order: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], signs: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], out_dim: int, threads: int = 0) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """
    Sums of groups of coordinates (a set byte flips one) over the root of the group's size.
    """

def unfold(y: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], order: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], signs: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], threads: int = 0) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """The transpose of fold."""

def clamp(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], limit: float, threads: int = 0) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """Numbers held within plus and minus a limit."""

def first_bad_row(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> int:
    """The first row with a NaN or an Inf, or -1."""

class QueryForm:
    """
    How queries become what a scan takes. `unit`: scaled to unit length first. The query is then less its length times the mean where `centred`, or, where `squared`, less the mean and doubled; times step; turned by signs. The bias is its product with the mean, or minus its squared distance to it and minus the constant.
    """

    def __init__(self, dim: int, longest: float, unit: bool, squared: bool, step: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, mean: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, centred: bool = False, signs: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, constant: float = 0.0) -> None: ...

    def __call__(self, x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None) -> tuple[Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None,))]] | None:
        """
        Queries (m, out_dim) and biases (m,), to which `bias` is added; None where a query is not finite or its squared length reaches `longest`.
        """

def stream_read(data: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], threads: int = 0, isa: str = '') -> int:
    """Read every byte; the exclusive or of its 8-byte words. To be timed."""

def multiply_bytes(rounds: int, threads: int = 0, isa: str = '') -> int:
    """
    Multiply bytes in registers on each thread; how many products were summed, 0 without such an instruction. To be timed.
    """

class Codes:
    """A view of rows of codes with their factors; keeps the arrays alive."""

    def __init__(self, kind: str, dim: int, rows: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], alpha: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, beta: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, guard: object | None = None, book: object | None = None, gate: tuple[float, float] | None = None, shift: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, more: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None) -> None: ...

    @property
    def n(self) -> int: ...

    @property
    def dim(self) -> int: ...

    @property
    def row_bytes(self) -> int: ...

    @property
    def kind(self) -> str: ...

def kinds() -> list[str]:
    """Kinds of codes that have kernels."""

def row_bytes(kind: str, dim: int) -> int:
    """Bytes of a row without its factors; of planes, of its signs."""

def more_bytes(kind: str, dim: int) -> int:
    """
    Bytes of what lies below the signs of a row of planes; 0 for other kinds.
    """

def top_k(codes: Codes, queries: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], k: int, rows: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, ids: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, threads: int = 0, isa: str = '') -> tuple[Annotated[NDArray[numpy.int64], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None, None))]]:
    """The k best rows of each query, best first; missing: -1 and NaN."""

def within(codes: Codes, queries: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], threshold: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], rows: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, ids: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, threads: int = 0, isa: str = '') -> tuple[Annotated[NDArray[numpy.int64], dict(shape=(None,))], Annotated[NDArray[numpy.int64], dict(shape=(None,))], Annotated[NDArray[numpy.float32], dict(shape=(None,))]]:
    """Every row that reaches its query's threshold, as CSR."""

def scores(codes: Codes, queries: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], rows: Annotated[NDArray[numpy.int64], dict(shape=(None, None), order='C', device='cpu', writable=False)], threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """Scores of given rows; row -1 gives NaN."""

def rerank(codes: Codes, queries: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], candidates: Annotated[NDArray[numpy.int64], dict(shape=(None, None), order='C', device='cpu', writable=False)], k: int, ids: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, threads: int = 0, isa: str = '') -> tuple[Annotated[NDArray[numpy.int64], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None, None))]]:
    """The k best of given candidate rows by these codes."""

def tile(codes: Codes, queries: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """Every score, (m, n), by the tile."""

def block(codes: Codes, queries: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], threads: int = 0, isa: str = '') -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """Every score, (m, n), one query at a time."""

def encode(kind: str, x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], rows_out: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], alpha_out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')] | None = None, beta_out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')] | None = None, threads: int = 0, isa: str = '', origin: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, more_out: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')] | None = None) -> None:
    """Encode rows in place, less an origin (dim,), factors beside them."""

def encode_raw(kind: str, x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], rows_out: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], alpha_out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')] | None = None, beta_out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')] | None = None, unit: bool = False, origin: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, threads: int = 0, isa: str = '') -> float:
    """
    Encode rows of any length, over it where `unit`, and give the greatest squared length.
    """

def encode_lines(kind: str, bits: int, x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], rows_out: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], alpha_out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], shift_out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], beta_out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')] | None = None, unit: bool = False, origin: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, threads: int = 0, isa: str = '', more_out: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')] | None = None) -> float:
    """
    Encode rows as the integers that `lines` gives, as i8 less one and halved; otherwise as `encode_raw`.
    """

class Codebook:
    """What rows of word numbers stand for; keeps the arrays alive."""

    def __init__(self, words: Annotated[NDArray[numpy.int8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], norms: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, unit: float = 1.0, lengths: tuple[float, float] | None = None, summed: bool = False) -> None: ...

def train_words(x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], parts: int, entries: int, iterations: int, seed: int, centred: bool = True, threads: int = 0, isa: str = '') -> tuple[Annotated[NDArray[numpy.float32], dict(shape=(None,))], Annotated[NDArray[numpy.float32], dict(shape=(None,))], Annotated[NDArray[numpy.int8], dict(shape=(None, None, None))], Annotated[NDArray[numpy.float64], dict(shape=(None,))]]:
    """
    Lloyd's algorithm for each part: mean, step, words (parts, entries, width), inertia of each part.
    """

def encode_words(book: Codebook, mean: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], step: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], rows_out: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], threads: int = 0, isa: str = '') -> None:
    """Write the numbers of each part's nearest words in place."""

def encode_sums(book: Codebook, step: float, x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], beam: int, threads: int = 0, isa: str = '') -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.float64], dict(shape=(None,))]]:
    """
    Numbers of the words (n, parts) whose sums are near rows, and the sums' squared lengths in steps.
    """
