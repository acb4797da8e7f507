"""What a user gets wrong gives the same sentence from Python and from the command line, and exit code 2."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

import lilliput as lp
from lilliput import errors
from lilliput.cli.app import app
from lilliput.codecs.stored import open_codes
from lilliput.io.open import read_array


@dataclass(frozen=True)
class Case:
    """One mistake, made through both doors."""

    name: str
    python: Callable[[], object]
    arguments: str
    error: type[Exception]


def fit(spec: str, vectors: str = "X.npy", **options: str) -> lp.Codec:
    """Train a codec on a file."""
    return lp.Codec(spec, **options).fit(vectors)


def compress(spec: str, vectors: str = "X.npy", out: str = "out.safetensors", **options: str) -> object:
    """Do what `lilliput compress` does."""
    return fit(spec, vectors, **options).encode(vectors, out=out)


def build(spec: str, vectors: str = "X.npy", out: str = "out", ids: str | None = None) -> None:
    """Do what `lilliput build` does."""
    index = lp.Index(spec).fit(vectors)
    index.add(vectors, None if ids is None else read_array(ids))
    index.save(out)


def search(folder: str = "index", queries: str = "Q.npy", **options: float) -> object:
    """Do what `lilliput search` does."""
    with lp.Index.open(folder) as index:
        return index.search(queries, **options)


def advise(**options: object) -> object:
    """Do what `lilliput advise` does."""
    return lp.advise("X.npy", **options)


SPEC = "compress X.npy --out out.safetensors --spec"
CASES = [
    Case("misspelt codec", lambda: fit("imt8"), f"{SPEC} imt8", errors.InvalidSpec),
    Case("no quantiser", lambda: fit("pca8"), f"{SPEC} pca8", errors.InvalidSpec),
    Case("quantiser first", lambda: fit("int8,pca8"), f"{SPEC} int8,pca8", errors.InvalidSpec),
    Case("empty spec", lambda: fit(""), f"{SPEC} ''", errors.InvalidSpec),
    Case("too many dimensions", lambda: fit("pca99,int8"), f"{SPEC} pca99,int8", errors.InvalidInput),
    Case(
        "unknown metric",
        lambda: fit("int8", metric="hamming"),
        f"{SPEC} int8 --metric hamming",
        errors.InvalidInput,
    ),
    Case(
        "misspelt index",
        lambda: build("flatt|int8"),
        "build X.npy --out out --spec flatt|int8",
        errors.InvalidSpec,
    ),
    Case("codec for index", lambda: build("int8"), "build X.npy --out out --spec int8", errors.InvalidSpec),
]


def vectors_case(name: str, file: str, error: type[Exception]) -> Case:
    """A file of vectors that cannot be used."""
    arguments = f"compress {file} --out out.safetensors --spec int8"
    return Case(name, lambda: compress("int8", file), arguments, error)


def queries_case(name: str, file: str, error: type[Exception]) -> Case:
    """A file of queries that cannot be used."""
    return Case(name, lambda: search(queries=file), f"search index {file}", error)


CASES += [
    vectors_case("missing file", "missing.npy", errors.FileError),
    vectors_case("unknown suffix", "X.xyz", errors.InvalidInput),
    vectors_case("a folder for a file", "plain", lp.LilliputError),
    vectors_case("NaN", "nan.npy", errors.InvalidInput),
    vectors_case("cut file", "cut.npy", errors.CorruptFile),
    vectors_case("words for vectors", "text.npy", errors.CorruptFile),
    vectors_case("pickled objects", "words.npy", errors.InvalidInput),
    vectors_case("complex numbers", "complex.npy", errors.InvalidInput),
    vectors_case("no rows", "empty.npy", errors.InvalidInput),
    vectors_case("one dimension", "one.npy", errors.InvalidInput),
    queries_case("queries of another width", "narrow.npy", errors.InvalidInput),
    queries_case("NaN in queries", "nan.npy", errors.InvalidInput),
    queries_case("missing queries", "missing.npy", errors.FileError),
    Case("k of zero", lambda: search(k=0), "search index Q.npy -k 0", errors.InvalidInput),
    Case(
        "k beyond the cap", lambda: search(k=10**9), "search index Q.npy -k 1000000000", errors.InvalidInput
    ),
    Case(
        "recall above one", lambda: search(recall=1.5), "search index Q.npy --recall 1.5", errors.InvalidInput
    ),
    Case("no index", lambda: search("plain"), "search plain Q.npy", errors.FileError),
    Case("missing index", lambda: search("nowhere"), "search nowhere Q.npy", errors.FileError),
    Case("a file for an index", lambda: search("X.npy"), "search X.npy Q.npy", errors.FileError),
    Case("flipped bit, index", lambda: search("broken"), "search broken Q.npy", errors.CorruptFile),
    Case(
        "flipped bit, codes",
        lambda: open_codes("flipped.safetensors"),
        "decode flipped.safetensors --out Y.npy",
        errors.CorruptFile,
    ),
    Case("vectors for codes", lambda: open_codes("X.npy"), "decode X.npy --out Y.npy", errors.FileError),
    Case(
        "duplicate ids",
        lambda: build("flat|int8", ids="twice.npy"),
        "build X.npy --out out --spec flat|int8 --ids twice.npy",
        errors.InvalidInput,
    ),
    Case(
        "out in a missing folder",
        lambda: compress("int8", out="no/where.safetensors"),
        "compress X.npy --spec int8 --out no/where.safetensors",
        errors.FileError,
    ),
    Case(
        "out below a file",
        lambda: build("flat|int8", out="X.npy/index"),
        "build X.npy --spec flat|int8 --out X.npy/index",
        errors.FileError,
    ),
    Case("no budget", lambda: advise(), "advise X.npy", errors.WrongType),
    Case("bare budget", lambda: advise(budget=64), "advise X.npy --budget 64", errors.InvalidInput),
    Case(
        "budget in words", lambda: advise(budget="small"), "advise X.npy --budget small", errors.InvalidInput
    ),
    Case("budget out of reach", lambda: advise(budget="1B"), "advise X.npy --budget 1B", errors.OverBudget),
    Case(
        "misspelt floor",
        lambda: advise(floor="recal@10=0.9"),
        "advise X.npy --floor recal@10=0.9",
        errors.InvalidInput,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_sentence_from_both_doors(case: Case, at_desk: Path) -> None:
    """Python raises the typed error; the command line prints its sentence, and leaves no trace behind."""
    with pytest.raises(case.error) as raised:
        case.python()
    arguments = ["" if word == "''" else word for word in case.arguments.split()]

    result = CliRunner().invoke(app, [*arguments, *(["--quiet"] if arguments[0] != "search" else [])])

    assert (2, "", f"{raised.value}\n") == (result.exit_code, result.stdout, result.stderr)
    assert isinstance(raised.value, lp.LilliputError)
    assert not [p for p in at_desk.iterdir() if p.name.startswith(("out", "Y"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sentences_are_sentences(case: Case, at_desk: Path) -> None:
    """Each message is one line, ends with a full stop and names no Python internals."""
    with pytest.raises(case.error) as raised:
        case.python()
    text = str(raised.value)

    assert "\n" not in text
    assert text.endswith(".")
    assert "Traceback" not in text
    assert "[Errno" not in text
