"""The `.jsonl` format: one JSON object a line, with a vector as an array of numbers or as base64.

Base64 is of the numbers' bytes, the smallest first. The field `dtype` of an object names their type; without
it they are float32, as JSON's numbers have no width. Nothing is held but the line that is being read.
"""

import base64
import binascii
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from lilliput.errors import CorruptFile, InvalidInput, LilliputError
from lilliput.io.arrays import AnyArray, check_dim
from lilliput.io.blocks import RawSource
from lilliput.io.columns import NAME
from lilliput.io.elements import ELEMENTS, LONG, Elements, element, from_bf16
from lilliput.io.reading import choose, open_regular
from lilliput.io.strict_json import refuse_constant, without_doubles

LONGEST_LINE = 4 * 2**20
MAX_PARTS = 2**17  # brackets and commas of a line: what a vector of 65,536 numbers has, twice
DTYPE = "dtype"
BASE64_NAMES = ("vector", "vectors", "embedding", "embeddings", "emb", "values")


def lines(path: Path, file_bytes: int | None = None, *, blank: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file, the blank ones only if asked to, with their numbers from 1.

    Raises
    ------
    InvalidInput
        For a line that is too long.
    FileError, CorruptFile
        When the file cannot be read, or has another length than it had.
    """
    with open_regular(path, file_bytes) as (file, _):
        stream, number = io.BufferedReader(cast(io.RawIOBase, file)), 0
        try:
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise InvalidInput(
                        f"{path}, line {number} is longer than {LONGEST_LINE} bytes; split it."
                    )
                if blank or line.strip():
                    yield number, line
        finally:
            stream.detach()


def record(line: bytes, where: str) -> dict[str, Any]:
    """Parse a line as a JSON object.

    Raises
    ------
    CorruptFile
        When it is not UTF-8, not JSON, no object, or repeats a key.
    InvalidInput
        When it holds NaN or infinity, for which JSON has no form, or too many parts.
    """
    if line.count(b",") + line.count(b"[") + line.count(b"{") > MAX_PARTS:
        raise InvalidInput(f"{where} has more than {MAX_PARTS} commas and brackets; split it.")
    try:
        value = json.loads(
            line.decode("utf-8"), object_pairs_hook=without_doubles, parse_constant=refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"{where} is not valid JSON ({str(error)[:80]}); copy it again.") from error
    if not isinstance(value, dict):
        raise CorruptFile(f"{where} is JSON but no object; copy it again.")
    return value


class JsonLines(RawSource):
    """A field of vectors, line by line."""

    def __init__(self, path: Path, column: str | None) -> None:
        self._path = path
        with open_regular(path) as (_, self._bytes):
            pass
        self._field = ""
        rows, dim = 0, 0
        for number, line in lines(path, self._bytes):
            if not rows:
                where = f"{path}, line {number}"
                first = record(line, where)
                self._field = choose(_fields(first, column), column, path, "field")
                self._dtype = _dtype(first, where)
                dim = len(_vector(first, self._field, self._dtype, where))
            rows += 1
        if not rows:
            raise InvalidInput(f"{path} has no lines, so its dimensions are unknown.")
        check_dim(dim, str(path))
        super().__init__(f"{path}::{self._field}", rows, dim)
        self.element = self._dtype

    def raw(self, size: int) -> Iterator[AnyArray]:
        """Yield blocks of at most `size` rows in the type that the lines say."""
        rows: list[AnyArray] = []
        for number, line in lines(self._path, self._bytes):
            rows.append(self._row(line, f"{self._path}, line {number}"))
            if len(rows) == size:
                yield np.stack(rows)
                rows = []
        if rows:
            yield np.stack(rows)

    def _row(self, line: bytes, where: str) -> AnyArray:
        found = record(line, where)
        dtype = _dtype(found, where)
        if dtype != self._dtype:
            raise InvalidInput(f"{where} is {dtype} and the first is {self._dtype}; one type was wanted.")
        vector = _vector(found, self._field, dtype, where)
        if len(vector) != self.dim:
            raise InvalidInput(
                f"{where} has {len(vector)} dimensions and the first has {self.dim}; one length was wanted."
            )
        return vector


def open_jsonl(path: Path, column: str | None = None) -> JsonLines:
    """Open a field of vectors; the lines are counted and the first is parsed.

    Raises
    ------
    CorruptFile
        When a line is no JSON object.
    InvalidInput
        When it is not clear which field is meant, or a line has no vector, of one length and type.
    FileError
        When it cannot be read.
    """
    return JsonLines(path, column)


def read_jsonl(path: Path, column: str | None = None) -> AnyArray:
    """Read a field of vectors into memory, in the type that the lines say."""
    source = JsonLines(path, column)
    blocks = source.batches() if source.element in ("f32", "bf16") else source.raw(source.block_rows)
    return np.concatenate(list(blocks))


def write_jsonl(file: BinaryIO, vectors: Elements, column: str | None) -> int:
    """Write vectors as arrays of numbers, as short as reads back the same; return how many there were.

    Parameters
    ----------
    file:
        Writable.
    vectors:
        Of any type; one other than float32 is named in each line.
    column:
        What the field is called; by default `vector`.
    """
    return _write(file, vectors, column, lambda row: _numbers(row, vectors.name))


def write_base64(file: BinaryIO, vectors: Elements, column: str | None) -> int:
    """Write vectors as base64 of their bytes and return how many there were.

    Parameters
    ----------
    file, vectors, column:
        As for `write_jsonl`.
    """
    return _write(file, vectors, column, lambda row: f'"{base64.b64encode(row.tobytes()).decode("ascii")}"')


def _write(file: BinaryIO, vectors: Elements, column: str | None, shown: Any) -> int:
    field, rows = column or NAME, 0
    if field == DTYPE:
        raise InvalidInput(f"The field {DTYPE!r} says the type; name the vectors otherwise.")
    tail = "" if vectors.name == "f32" else f', "{DTYPE}": "{LONG[vectors.name]}"'
    key = json.dumps(field)
    for block in vectors.blocks():
        for row in block:
            file.write(f"{{{key}: {shown(row)}{tail}}}\n".encode())
        rows += len(block)
    return rows


def _numbers(row: AnyArray, name: str) -> str:
    values = from_bf16(row) if name == "bf16" else row
    if values.dtype.kind in "iu" or values.dtype == np.float64:
        return json.dumps(values.tolist())
    # numpy writes a float32 with as few digits as tell it from its neighbours; float64 would need 17.
    return f"[{', '.join(map(str, values.tolist() if name != 'f32' else values))}]"


def _fields(first: dict[str, Any], column: str | None) -> list[str]:
    """Name the fields that look like vectors; text does so only under a name that says so."""
    return [
        name
        for name, value in first.items()
        if (isinstance(value, list) and value and all(type(item) in (int, float) for item in value))
        or (isinstance(value, str) and (name in BASE64_NAMES or name == column))
    ]


def _dtype(found: dict[str, Any], where: str) -> str:
    name = found.get(DTYPE, "f32")
    try:
        return element(name)
    except LilliputError as error:
        raise InvalidInput(f"{where}: {error}") from error


def _vector(found: dict[str, Any], field: str, dtype: str, where: str) -> AnyArray:
    value = found.get(field)
    if isinstance(value, str):
        return _from_base64(value, dtype, where)
    if not isinstance(value, list) or not all(type(item) in (int, float) for item in value):
        raise InvalidInput(f"{where} has no array of numbers in {field[:80]!r}; fill it in or leave it out.")
    try:
        numbers = np.array(value, dtype=np.float64)
    except (OverflowError, ValueError) as error:
        raise InvalidInput(f"{where} has a number that is larger than any float; replace it.") from error
    if not np.isfinite(numbers).all():
        raise InvalidInput(f"{where} has a number that is larger than any float; replace it.")
    return _narrow(numbers, dtype, where)


def _narrow(numbers: AnyArray, dtype: str, where: str) -> AnyArray:
    """Give numbers the type that the line says; float32 stays wide, so that what it cannot hold is found."""
    if dtype in ("f64", "f32", "bf16"):
        return numbers.astype(np.float32) if dtype == "bf16" else numbers
    kind = ELEMENTS[dtype]
    if kind.kind in "iu" and not ((numbers == np.rint(numbers)) & (abs(numbers + 0.5) < 256)).all():
        raise InvalidInput(f"{where} has a number that {dtype} cannot hold; replace it or the type.")
    with np.errstate(over="ignore"):
        narrow = numbers.astype(kind)
    if kind.kind in "iu" and not (narrow == numbers).all():
        raise InvalidInput(f"{where} has a number that {dtype} cannot hold; replace it or the type.")
    return narrow


def _from_base64(text: str, dtype: str, where: str) -> AnyArray:
    kind = ELEMENTS[dtype]
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"{where} is no base64 ({str(error)[:80]}); encode the numbers' bytes.") from error
    if not raw or len(raw) % kind.itemsize:
        raise InvalidInput(f"{where} has {len(raw)} bytes of base64, which are no whole {dtype} numbers.")
    numbers = np.frombuffer(raw, dtype=kind)
    return from_bf16(numbers) if dtype == "bf16" else numbers
