"""Data to measure on: one generated set, and readers for real sets that lie beside the project."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.base import Metric
from lilliput.errors import CorruptFile, DatasetMissing, InvalidInput
from lilliput.evaluate.idx import read_idx
from lilliput.io.trec import numbered, read_qrels

JUDGED = {
    "cranfield": "cranfield",
    "cisi": "cisi",
    "vaswani-npl": "vaswani_npl",
    "limit-small": "limit_small",
}
NAMES = (*JUDGED, "minilm-passages", "mnist-784", *(f"clustered-{seed}" for seed in range(5)))

_NO_ATTRIBUTES: Mapping[str, NDArray[Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Dataset:
    """Vectors with queries, and what is known about their answers.

    Attributes
    ----------
    name:
        What `load` calls it.
    metric:
        The measure it is meant for.
    vectors:
        (n, d), in the dtype it is stored in; mapped where the file allows it.
    queries:
        (m, d).
    qrels:
        For each query, the grades of judged rows; None where nobody judged.
    texts:
        What the vectors stand for; None where they are no text.
    query_texts:
        The same for the queries.
    truth:
        Row numbers of the exact nearest neighbours of the first queries, (<= m, k); None where they are not
        kept.
    attributes:
        Columns beside the vectors, each of length n.
    """

    name: str
    metric: Metric
    vectors: NDArray[Any]
    queries: NDArray[Any]
    qrels: list[dict[int, float]] | None = None
    texts: list[str] | None = None
    query_texts: list[str] | None = None
    truth: NDArray[np.int64] | None = None
    attributes: Mapping[str, NDArray[Any]] = field(default_factory=lambda: _NO_ATTRIBUTES)


def clustered(
    seed: int = 0, n: int = 200_000, d: int = 128, centres: int = 2_000, queries: int = 1_000
) -> Dataset:
    """Generate clustered vectors, with queries from the same mixture, for squared distances.

    Real vectors crowd around some places and use some directions more than others; independent noise does
    neither and flatters or punishes methods at random. Here cluster sizes are Dirichlet, cluster widths
    log-normal, and the spectrum falls as a power law under a random rotation.

    Parameters
    ----------
    seed:
        Equal arguments give equal arrays.
    n, d, centres, queries:
        Rows, dimensions, clusters and queries.

    Returns
    -------
    Dataset
        float32 vectors (n, d) and queries (queries, d), metric "l2".

    Raises
    ------
    InvalidInput
        A size below 1.

    Examples
    --------
    >>> from lilliput.evaluate import clustered
    >>> clustered(seed=1, n=50, d=8, centres=4, queries=5).vectors.shape
    (50, 8)
    """
    if min(n, d, centres, queries) < 1:
        raise InvalidInput(
            f"n={n}, d={d}, centres={centres}, queries={queries} were given; each must be at least 1."
        )
    rng = np.random.default_rng(seed)
    falling = (1.0 + np.arange(d)) ** -0.5
    basis, _ = np.linalg.qr(rng.standard_normal((d, d)))
    middle = rng.standard_normal((centres, d)) * falling * 1.5
    weights = rng.dirichlet(np.full(centres, 0.7))
    cluster = rng.choice(centres, size=n + queries, p=weights)
    width = np.exp(rng.normal(0, 0.25, centres))
    points = rng.standard_normal((n + queries, d))
    points *= width[cluster, None]
    points *= falling**0.5
    points *= 0.6
    points += middle[cluster]
    rotated = (points @ basis).astype(np.float32)
    return Dataset(f"clustered-{seed}", "l2", rotated[:n], rotated[n:])


def load(name: str) -> Dataset:
    """Read a data set by name.

    Parameters
    ----------
    name:
        "cranfield", "cisi", "vaswani-npl", "limit-small": passages with judged questions, of which those with
        a relevant passage are kept. "minilm-passages": 57,857 sentences with attributes. "mnist-784": images,
        labels and exact neighbours of the first 1,000 queries. "clustered-0" to "clustered-4": generated.

    Returns
    -------
    Dataset

    Raises
    ------
    InvalidInput
        An unknown name.
    DatasetMissing
        The set is not on this machine; the message says where it was looked for.
    CorruptFile
        A file of the set is not what its name says.

    Examples
    --------
    >>> from lilliput.evaluate import load
    >>> load("moon-rocks")
    Traceback (most recent call last):
    ...
    lilliput.errors.InvalidInput: There is no data set 'moon-rocks'; there are cranfield, ...
    """
    if name not in NAMES:
        raise InvalidInput(f"There is no data set {name!r}; there are {', '.join(NAMES)}.")
    if name in JUDGED:
        return _judged_set(name, _folder(f"ir/{JUDGED[name]}"))
    if name == "minilm-passages":
        return _minilm_passages(_folder("vectors/minilm-passages"))
    if name == "mnist-784":
        return _mnist(_folder("vectors/mnist-784"))
    return clustered(int(name.removeprefix("clustered-")))


def data_folders() -> list[Path]:
    """List the folders that `load` looks in, the first that has the set wins.

    Returns
    -------
    list of Path
        The one that LILLIPUT_DATA names, alone, if it is set; else ``shared/data`` beside the checkout that
        this module is part of, and beside the working folder.
    """
    named = os.environ.get("LILLIPUT_DATA")
    if named:
        return [Path(named)]
    checkout = Path(__file__).resolve().parents[3]
    beside = [checkout] if (checkout / "pyproject.toml").is_file() else []
    return list(dict.fromkeys(root.parent / "shared" / "data" for root in [*beside, Path.cwd()]))


def _folder(below: str) -> Path:
    looked = [root / below for root in data_folders()]
    for folder in looked:
        if folder.is_dir():
            return folder
    places = " and ".join(str(folder) for folder in looked)
    raise DatasetMissing(
        f"No data set was found at {places}; set LILLIPUT_DATA to the folder that holds the sets."
    )


def _judged_set(name: str, folder: Path) -> Dataset:
    corpus = _json_lines(folder / "corpus.jsonl", ("_id", "text"))
    asked = _json_lines(folder / "queries.jsonl", ("_id", "text"))
    ids = [entry["_id"] for entry in asked], [entry["_id"] for entry in corpus]
    try:
        qrels = numbered(read_qrels(folder / "qrels.tsv"), *ids)
    except InvalidInput as error:
        raise CorruptFile(f"{folder / 'qrels.tsv'} does not fit the set: {error}") from error
    judged = [number for number, grades in enumerate(qrels) if any(grade > 0 for grade in grades.values())]
    return Dataset(
        name,
        "cosine",
        _array(folder / "minilm_corpus.f32.npy", len(corpus)),
        _array(folder / "minilm_queries.f32.npy", len(asked))[judged],
        qrels=[qrels[number] for number in judged],
        texts=[f"{entry.get('title', '')} {entry['text']}".strip() for entry in corpus],
        query_texts=[asked[number]["text"] for number in judged],
    )


def _minilm_passages(folder: Path) -> Dataset:
    rows = _json_lines(folder / "rows.jsonl", ("text", "collection", "pos", "n_words"))
    asked = [
        _folder(f"ir/{name}") / "minilm_queries.f32.npy" for name in ("cranfield", "cisi", "vaswani_npl")
    ]
    return Dataset(
        "minilm-passages",
        "cosine",
        _array(folder / "minilm.f16.npy", len(rows)),
        np.concatenate([_array(path) for path in asked]),
        texts=[row["text"] for row in rows],
        attributes={
            "collection": np.array([row["collection"] for row in rows]),
            "pos": np.array([row["pos"] for row in rows], dtype=np.int64),
            "n_words": np.array([row["n_words"] for row in rows], dtype=np.int64),
            "tag": np.array([row.get("tag", "") for row in rows]),
        },
    )


def _mnist(folder: Path) -> Dataset:
    raw = folder / "raw"
    images, asked = read_idx(raw / "train-images-idx3-ubyte.gz"), read_idx(raw / "t10k-images-idx3-ubyte.gz")
    return Dataset(
        "mnist-784",
        "l2",
        images.reshape(len(images), -1),
        asked.reshape(len(asked), -1),
        truth=_array(folder / "gt_l2_top100_first1000queries.i32.npy").astype(np.int64),
        attributes={"label": read_idx(raw / "train-labels-idx1-ubyte.gz")},
    )


def _array(path: Path, rows: int | None = None) -> NDArray[Any]:
    try:
        found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DatasetMissing(f"The data set has no {path}; fetch it again.") from None
    except (ValueError, EOFError) as error:
        raise CorruptFile(f"{path} is no .npy file ({error}); fetch it again.") from error
    if rows is not None and len(found) != rows:
        raise CorruptFile(f"{path} has {len(found)} rows and its texts {rows}; fetch both again.")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DatasetMissing(f"The data set has no {path}; fetch it again.") from None
    except UnicodeDecodeError as error:
        raise CorruptFile(f"{path} is no UTF-8 text ({error}); fetch it again.") from error


def _json_lines(path: Path, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(_text(path).rstrip("\n").split("\n"), 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or not all(key in entry for key in keys):
            raise CorruptFile(f"{path} has no {', '.join(keys)} in line {number}; fetch it again.")
        found.append(entry)
    return found
