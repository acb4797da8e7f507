"""Vectors in any form come out as the same checked float32 blocks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lilliput.errors import FileError, InvalidInput, WrongType
from lilliput.io.source import Source, as_matrix, as_source

X = np.random.default_rng(0).standard_normal((37, 5)).astype(np.float32)
DTYPES = ["f2", "f4", "f8", "i1", "u1", ">f4", ">f8", ">f2"]


def whole(source: Source, size: int | None = None) -> NDArray[np.float32]:
    """All rows, after a look at every block."""
    blocks = list(source.batches(size))
    for block in blocks:
        assert np.float32 == block.dtype
        assert block.flags.c_contiguous
        assert not block.flags.writeable
        assert source.dim == block.shape[1]
        assert len(block) > 0
    if size is not None:
        assert all(len(block) == size for block in blocks[:-1])
    return np.concatenate(blocks) if blocks else np.empty((0, source.dim), np.float32)


class Arrayish:
    """Something that numpy can convert and nothing more."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        """Give the vectors."""
        return X


class Again:
    """An iterable that starts anew each time."""

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Give uneven batches."""
        return iter([X[:1], X[1:30], X[30:30], X[30:]])


class Tensor:
    """A tensor of another library, as far as DLPack shows it."""

    def __init__(self, array: NDArray[Any], dtype: str = "float32", device: int = 1) -> None:
        self.array, self.dtype, self.device, self.shape = array, dtype, device, array.shape

    def detach(self) -> "Tensor":
        """Leave the graph."""
        return self

    def float(self) -> "Tensor":
        """Widen."""
        return Tensor(self.array)

    def __getitem__(self, rows: slice) -> "Tensor":
        return Tensor(self.array[rows], self.dtype)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device, 0

    def __dlpack__(self, **options: Any) -> Any:
        if self.dtype != "float32":
            raise BufferError("no number for this dtype")
        return self.array.__dlpack__(**options)


FORMS = {
    "array": lambda: X,
    "column order": lambda: np.asfortranarray(X),
    "strided": lambda: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed": lambda: X[::-1][::-1],
    "lists": lambda: X.tolist(),
    "tuples": lambda: tuple(map(tuple, X.tolist())),
    "list of arrays": lambda: list(X),
    "list of batches": lambda: [X[:20], X[20:]],
    "array-like": Arrayish,
    "iterable": Again,
    "iterator": lambda: iter(Again()),
    "iterator of lists": lambda: iter([X[:9].tolist(), X[9:].tolist()]),
    "generator": lambda: (X[at : at + 7] for at in range(0, 37, 7)),
    "tensor": lambda: Tensor(X),
    "bfloat16 tensor": lambda: Tensor(X, "torch.bfloat16"),
    "source": lambda: as_source(X),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [None, 1, 8, 37, 100])
def test_every_form_gives_the_same_blocks(form: str, size: int | None) -> None:
    """The blocks have the size asked for and hold the rows in order."""
    source = as_source(FORMS[form](), dim=5)

    np.testing.assert_array_equal(X, whole(source, size))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_matrix(form: str) -> None:
    """As one float32 matrix."""
    actual = as_matrix(FORMS[form](), name="X")

    np.testing.assert_array_equal(X, actual)
    assert actual.flags.c_contiguous
    assert not actual.flags.writeable


@pytest.mark.parametrize("dtype", DTYPES)
def test_accepted_dtypes_convert_by_value(dtype: str) -> None:
    """Both byte orders too."""
    given_array = (X * 10).astype(np.int8).astype(np.uint8).astype(dtype)

    np.testing.assert_array_equal(given_array.astype(np.float32), whole(as_source(given_array), 10))
    np.testing.assert_array_equal(given_array.astype(np.float32), as_matrix(given_array, name="X"))


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 12))
def test_batches_are_cut_and_joined(lengths: list[int], size: int) -> None:
    """Whatever the batches, the blocks are of one size and the rows in order."""
    rows = np.arange(sum(lengths) * 2, dtype=np.float64).reshape(-1, 2)
    batches = np.split(rows, np.cumsum(lengths))

    np.testing.assert_array_equal(rows, whole(as_source(iter(batches)), size))


def test_a_float_matrix_is_not_copied() -> None:
    """Neither as blocks nor whole; the caller's array stays writable."""
    array = X.copy()

    assert np.shares_memory(array, as_matrix(array, name="X"))
    assert np.shares_memory(array, next(as_source(array).batches(8)))
    assert array.flags.writeable


def test_a_batch_may_be_used_again_by_its_producer() -> None:
    """Blocks of an iterator are copies."""

    def produce() -> Iterator[NDArray[Any]]:
        buffer = np.empty((4, 5), np.float32)
        for at in range(0, 36, 4):
            buffer[:] = X[at : at + 4]
            yield buffer

    np.testing.assert_array_equal(X[:36], as_matrix(produce(), name="X"))


def test_arrays_can_be_read_again() -> None:
    """So can re-iterables."""
    for form in ("array", "lists", "list of batches", "iterable", "tensor"):
        source = as_source(FORMS[form]())

        np.testing.assert_array_equal(whole(source), whole(source))


def test_an_iterator_says_so_when_read_again() -> None:
    """It does not give nothing in silence."""
    source = as_source(iter([X]))
    whole(source)

    with pytest.raises(InvalidInput, match="has been read already"):
        whole(source)


def test_rows_are_known_where_they_can_be() -> None:
    """An iterator's are not."""
    assert 37 == as_source(X).rows
    assert as_source(iter([X])).rows is None
    assert as_source(Again()).rows is None


def test_no_rows_are_allowed() -> None:
    """Whether that matters is for the caller."""
    empty = np.empty((0, 5), np.float32)
    for x in (empty, empty.astype("f8"), iter([empty]), iter([])):
        source = as_source(x, dim=5)
        assert (0, 5) == whole(source).shape
    for x in (empty, iter([empty]), empty.astype("f8")):
        assert (0, 5) == as_matrix(x, name="X").shape


def test_one_vector_is_taken_where_allowed() -> None:
    """And nowhere else."""
    for vector in (X[0], X[0].tolist(), Tensor(X[0])):
        np.testing.assert_array_equal(X[:1], as_matrix(vector, name="Q", allow_vector=True))
        with pytest.raises(InvalidInput, match=r"Q has shape \(5,\)"):
            as_matrix(vector, name="Q")


REFUSED = {
    "1-D": (X[0], "rows of a 2-D array"),
    "3-D": (X[None], r"shape \(1, 37, 5\)"),
    "0-D": (np.float32(1), "shape"),
    "no dimensions": (np.empty((3, 0), np.float32), "0 dimensions"),
    "too many dimensions": (np.empty((1, 70_000), np.float32), "70000 dimensions"),
    "another dimension": (X[:, :3], "3 dimensions; 5 were wanted"),
    "objects": (np.full((2, 5), None), "dtype object"),
    "text": (np.full((2, 5), "a"), "dtype <U1"),
    "bytes": (np.full((2, 5), b"a"), "dtype |S1"),
    "complex": (X.astype(complex), "dtype complex128"),
    "bool": (X > 0, r"dtype bool.*float16, bfloat16, float32, float64, int8 and uint8.*astype"),
    "int64": (X.astype(np.int64), r"dtype int64.*astype"),
    "int16": (X.astype(np.int16), "dtype int16"),
    "uint32": (X.astype(np.uint32), "dtype uint32"),
    "dates": (np.zeros((2, 5), "M8[s]"), "dtype datetime64"),
    "records": (np.zeros((2, 5), [("a", "f4")]), "dtype"),
    "long double": (X.astype(np.longdouble), "dtype float128"),
    "masked": (np.ma.masked_array(X, X > 0), "masked"),
    "ragged": ([[1.0, 2.0], [1.0]], "differ in length"),
    "list of text": ([["a"] * 5], "dtype <U1"),
    "list of None": ([[None] * 5], "dtype object"),
    "list of bools": ([[True] * 5], "dtype bool"),
    "empty list": ([], "shape"),
    "another device": (Tensor(X, device=2), "another device"),
    "unknown tensor dtype": (Tensor(X, "float8_e4m3"), "dtype float8_e4m3"),
    "uneven batches": ([X, X[:, :3]], "Batch 1 of X has 3 dimensions; 5 were wanted"),
    "1-D batches": (iter(X), "Batch 0 of X has shape"),
    "int64 batches": (iter([X.astype(np.int64)]), "Batch 0 of X has dtype int64"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_holds_no_vectors_is_refused(case: str) -> None:
    """With a sentence that names what came."""
    x, match = REFUSED[case]

    with pytest.raises(InvalidInput, match=match) as caught:
        whole(as_source(x, dim=5))
    assert str(caught.value).endswith(".")


def test_an_iterator_of_nothing_needs_a_dimension() -> None:
    """There is nothing to learn it from."""
    with pytest.raises(InvalidInput, match="gave no batch"):
        as_source(iter([]))


@pytest.mark.parametrize("x", [None, 3, 2.5, b"bytes", {"a": X}, {1, 2}, object(), len])
def test_a_type_that_is_no_array_is_a_wrong_type(x: object) -> None:
    """With the forms that are."""
    with pytest.raises(WrongType, match=type(x).__name__):
        as_source(x)


def test_a_batch_of_a_wrong_type_is_refused() -> None:
    """Text, say, gives characters."""
    with pytest.raises(WrongType, match="Batch 0 of X is a str"):
        as_source(iter(["abc"]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
@pytest.mark.parametrize("row", [0, 19, 36])
def test_a_bad_number_is_named_by_its_row(bad: float, dtype: str, row: int) -> None:
    """The row is counted over all blocks, whatever their size."""
    array = X.astype(dtype)
    array[row, 2] = bad
    what = "NaN" if np.isnan(bad) else "an infinity"
    for form in (array, iter([array[:7], array[7:]]), list(map(list, array.astype(float)))):
        with pytest.raises(InvalidInput, match=f"V has {what} in row {row}, column 2;"):
            whole(as_source(form, name="V"), 5)
    with pytest.raises(InvalidInput, match=f"V has {what} in row {row}, column 2;"):
        as_matrix(array, name="V")


def test_infinities_that_cancel_are_found() -> None:
    """So are those in different rows."""
    array = X.copy()
    array[3, 0], array[4, 0] = np.inf, -np.inf

    with pytest.raises(InvalidInput, match="row 3"):
        as_matrix(array, name="X")


def test_a_float64_beyond_float32_is_refused() -> None:
    """It would become an infinity."""
    with pytest.raises(InvalidInput, match=r"1e\+300, which float32 cannot hold in row 1"):
        as_matrix([[1.0], [1e300]], name="X")


def test_large_and_tiny_numbers_are_taken() -> None:
    """Sums and squares that overflow are no reason to refuse; denormals and -0 stay."""
    array = np.array([[3e38, -3e38, 1e-45, -0.0, 3e38]], np.float32)

    np.testing.assert_array_equal(array, as_matrix(array, name="X"))
    assert np.signbit(as_matrix(array, name="X")[0, 3])


def test_a_block_needs_a_row() -> None:
    """Zero would not end."""
    for size in (0, -1):
        with pytest.raises(InvalidInput, match="at least 1"):
            as_source(X).batches(size)


def test_a_path_with_another_suffix_is_refused(tmp_path: Path) -> None:
    """The message lists those that are known; a missing file comes first."""
    (tmp_path / "X.npyy").write_bytes(b"x")
    with pytest.raises(InvalidInput, match=r"did you mean \.npy\?"):
        as_source(tmp_path / "X.npyy")
    with pytest.raises(FileError, match="does not exist"):
        as_source(str(tmp_path / "nothing"))
    with pytest.raises(FileError, match="is a folder"):
        as_source(tmp_path)


def test_a_path_is_held_to_the_dimension(tmp_path: Path) -> None:
    """The message names the file."""
    np.save(tmp_path / "X.npy", X)

    with pytest.raises(InvalidInput, match=r"X\.npy has 5 dimensions; 4 were wanted"):
        as_source(tmp_path / "X.npy", dim=4)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux reports it")
def test_a_map_larger_than_the_memory_used(tmp_path: Path) -> None:
    """Reading 256 MiB, mapped or by path, adds less than 48 MiB to what is resident."""
    path = tmp_path / "X.npy"
    np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(2**18, 256)).flush()
    script = f"""
import numpy as np, resource
from lilliput.io.source import as_source
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for make in (lambda: {str(path)!r}, lambda: np.load({str(path)!r}, mmap_mode="r"),
             lambda: np.asarray(np.load({str(path)!r}, mmap_mode="r"))[:, :255]):
    before = peak()
    assert 2**18 == sum(len(block) for block in as_source(make()).batches())
    print((peak() - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert all(int(grown) < 48 for grown in done.stdout.split()), done.stdout


def test_changes_to_a_private_map_survive(tmp_path: Path) -> None:
    """Its pages are in no file, so they are never given back."""
    np.save(tmp_path / "X.npy", np.zeros((4096, 64), np.float32))
    private = np.load(tmp_path / "X.npy", mmap_mode="c")
    private[:] = 1

    assert 4096 * 64 == sum(block.sum() for block in as_source(private).batches(512))
    assert 4096 * 64 == private.sum()


def test_changes_to_a_shared_map_survive(tmp_path: Path) -> None:
    """Pages given back come again from the system's cache."""
    shared = np.lib.format.open_memmap(tmp_path / "X.npy", mode="w+", dtype=np.float32, shape=(4096, 64))
    shared[:] = 1

    assert 4096 * 64 == sum(block.sum() for block in as_source(shared).batches(512))
    assert 4096 * 64 == shared.sum()
