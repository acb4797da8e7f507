"""JSON lines hold vectors as arrays of numbers or as base64, beside ids and texts."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lilliput.errors import InvalidInput
from lilliput.io.open import open_vectors, read_array
from lilliput.io.source import as_matrix
from lilliput.io.write import write_vectors


def written(path: Path, *entries: Any) -> Path:
    """A file of objects."""
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=8),
    st.booleans(),
)
def test_every_float32_reads_back(tmp_path: Path, row: list[float], packed: bool) -> None:
    """To the bit, from the shortest digits and from base64."""
    array = np.array([row], np.float32)
    write_vectors(tmp_path / "X.jsonl", array, base64=packed)

    assert array.tobytes() == read_array(tmp_path / "X.jsonl").tobytes()


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64", "i8", "u8"])
def test_base64_is_of_the_bytes(dtype: str, tmp_path: Path) -> None:
    """Of each type, which each line names unless it is float32."""
    array = np.array([[1, 2], [3, 4]], np.float32)

    write_vectors(tmp_path / "X.jsonl", array, dtype=dtype, base64=True)

    first = json.loads((tmp_path / "X.jsonl").read_text().splitlines()[0])
    assert ("dtype" in first) == (dtype != "f32")
    assert {"f16": 4, "bf16": 4, "f32": 8, "f64": 16, "i8": 2, "u8": 2}[dtype] == len(
        base64.b64decode(first["vector"])
    )
    np.testing.assert_array_equal(array, as_matrix(tmp_path / "X.jsonl", name="X"))


def test_digits_are_as_few_as_tell_the_number(tmp_path: Path) -> None:
    """A float32 is no float64 of seventeen digits."""
    write_vectors(tmp_path / "X.jsonl", np.float32([[0.1, 1e-30, -3.0]]))

    assert '{"vector": [0.1, 1e-30, -3.0]}\n' == (tmp_path / "X.jsonl").read_text()


def test_the_field_of_vectors_is_found_beside_others(tmp_path: Path) -> None:
    """Whole numbers too; text is a vector only under a name that says so, or when it is named."""
    packed = base64.b64encode(np.float32([1, 2]).tobytes()).decode()
    plain = written(tmp_path / "a.jsonl", {"id": 7, "text": "abcd", "tags": ["x"], "v": [1, 2.5]})
    named = written(tmp_path / "b.ndjson", {"text": "abcd", "embedding": packed})
    asked = written(tmp_path / "c.jsonl", {"text": "abcd", "mine": packed})

    np.testing.assert_array_equal([[1, 2.5]], as_matrix(plain, name="X"))
    np.testing.assert_array_equal([[1, 2]], as_matrix(named, name="X"))
    np.testing.assert_array_equal([[1, 2]], as_matrix(f"{asked}::mine", name="X"))
    with pytest.raises(InvalidInput, match="holds no field of vectors"):
        open_vectors(asked)


def test_blank_lines_and_a_missing_last_newline_are_no_matter(tmp_path: Path) -> None:
    """Nor is the other kind of line end."""
    (tmp_path / "X.jsonl").write_bytes(b'\n{"v": [1, 2]}\r\n\n{"v": [3, 4]}')

    assert 2 == open_vectors(tmp_path / "X.jsonl").rows
    np.testing.assert_array_equal([[1, 2], [3, 4]], as_matrix(tmp_path / "X.jsonl", name="X"))


def test_a_bad_line_is_named_by_its_number(tmp_path: Path) -> None:
    """Blank lines are counted."""
    (tmp_path / "X.jsonl").write_text('{"v": [1, 2]}\n\n{"v": [1, "2"]}\n')

    with pytest.raises(InvalidInput, match=r"X\.jsonl, line 3 has no array of numbers in 'v'"):
        as_matrix(tmp_path / "X.jsonl", name="X")


def test_base64_is_for_json_lines(tmp_path: Path) -> None:
    """Other formats have none, and the field of the type is taken."""
    with pytest.raises(InvalidInput, match=r"no \.jsonl"):
        write_vectors(tmp_path / "X.npy", [[1.0]], base64=True)
    with pytest.raises(InvalidInput, match="says the type"):
        write_vectors(tmp_path / "X.jsonl", [[1.0]], column="dtype")
