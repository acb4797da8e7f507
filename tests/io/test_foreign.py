"""Arrow arrays, by the real library where it is installed."""

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.errors import InvalidInput, WrongType
from lilliput.io.source import as_matrix, as_source

X = np.random.default_rng(1).standard_normal((23, 4)).astype(np.float32)


class Values:
    """The numbers of an Arrow array."""

    null_count = 0

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array

    def to_numpy(self, *, zero_copy_only: bool) -> NDArray[Any]:
        """Give them."""
        return self.array


class FixedSizeList:
    """An Arrow array of lists, as far as it is used."""

    null_count = 0

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        self.type = type("Type", (), {"list_size": array.shape[1]})()

    def __len__(self) -> int:
        return len(self.array)

    def slice(self, start: int, length: int) -> "FixedSizeList":
        """Cut."""
        return FixedSizeList(self.array[start : start + length])

    def flatten(self) -> Values:
        """Give the numbers of all lists."""
        return Values(self.array.reshape(-1))


FixedSizeList.__module__ = "pyarrow.lib"


def test_arrow_is_known_by_its_manners() -> None:
    """And not by an import."""
    np.testing.assert_array_equal(X, np.concatenate(list(as_source(FixedSizeList(X)).batches(5))))
    np.testing.assert_array_equal(X, as_matrix(FixedSizeList(X.astype("f8")), name="X"))
    np.testing.assert_array_equal(X, as_matrix(iter([FixedSizeList(X)]), name="X"))


def test_no_foreign_library_is_imported() -> None:
    """Looking at an array loads neither pyarrow nor torch."""
    before = set(sys.modules)
    as_source(FixedSizeList(X))

    assert not {"pyarrow", "torch"} & (set(sys.modules) - before)


def test_arrow_lists_of_fixed_size_and_their_chunks() -> None:
    """Slices, chunks, half floats and the tensor extension."""
    pa = pytest.importorskip("pyarrow")
    plain = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), 4)
    half = pa.FixedSizeListArray.from_arrays(pa.array(X.astype("f2").reshape(-1)), 4)
    tensor = pa.FixedShapeTensorArray.from_numpy_ndarray(X)
    chunked = pa.chunked_array([plain.slice(0, 10), plain.slice(10)])
    table = pa.table({"v": chunked})
    for array in (plain, chunked, tensor, table["v"], plain.slice(3).slice(0, 20)):
        expected = X[3:] if len(array) == 20 else X
        np.testing.assert_array_equal(expected, np.concatenate(list(as_source(array).batches(7))))
    np.testing.assert_array_equal(X.astype("f2"), as_matrix(half, name="X"))
    assert (0, 4) == as_matrix(plain.slice(0, 0), name="X").shape


def test_arrow_arrays_that_are_refused() -> None:
    """Nulls, lists of any length, numbers that are no lists, text, whole tables."""
    pa = pytest.importorskip("pyarrow")
    fixed = pa.list_(pa.float32(), 2)
    for array, match in [
        (pa.array([[1.0, 2.0], None], type=fixed), "1 null vectors"),
        (pa.array([[1.0, None]], type=fixed), "1 null numbers"),
        (pa.array([[1.0], [1.0, 2.0]]), "cast it to fixed_size_list"),
        (pa.array([1.0, 2.0]), "cast it to fixed_size_list"),
        (pa.array([["a", "b"]], type=pa.list_(pa.string(), 2)), "dtype object"),
        (pa.array([[1, 2]], type=pa.list_(pa.int64(), 2)), "dtype int64"),
    ]:
        with pytest.raises(InvalidInput, match=match):
            as_matrix(array, name="X")
    with pytest.raises(WrongType, match="one of its columns"):
        as_source(pa.table({"v": pa.array([1.0])}))


def test_bfloat16_of_ml_dtypes() -> None:
    """Numpy does not know it, and the library that does says its name."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = X.astype(ml_dtypes.bfloat16)

    np.testing.assert_array_equal(array.astype(np.float32), as_matrix(array, name="X"))
    array[7, 0] = np.nan
    with pytest.raises(InvalidInput, match="NaN in row 7"):
        as_matrix(array, name="X")


def test_tensors_of_torch() -> None:
    """Without a copy; bfloat16, and those that learn, too."""
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(X.copy())
    for form in (tensor, tensor.double(), tensor.clone().requires_grad_(), torch.nn.Parameter(tensor)):
        np.testing.assert_array_equal(X, np.concatenate(list(as_source(form).batches(6))))
    low = tensor.to(torch.bfloat16)
    np.testing.assert_array_equal(low.float().numpy(), as_matrix(low, name="X"))
    assert np.shares_memory(tensor.numpy(), next(as_source(tensor).batches()))
    with pytest.raises(InvalidInput, match="int64"):
        as_source(tensor.long())
