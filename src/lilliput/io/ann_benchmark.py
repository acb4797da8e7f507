"""HDF5 files in the layout of ann-benchmarks.

It is defined at https://github.com/erikbern/ann-benchmarks: `train` and `test` are vectors, `neighbors` and
`distances` what is nearest to each of `test`, and the attribute `distance` says by which measure.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lilliput.errors import InvalidInput
from lilliput.io.arrays import AnyArray
from lilliput.io.blocks import Source
from lilliput.io.elements import Elements, element_of, target
from lilliput.io.formats import FORMATS, holding
from lilliput.io.hdf5 import TRAIN, fill_dataset, h5py_or_refuse, open_hdf5, read_hdf5
from lilliput.io.hdf5_file import Reader
from lilliput.io.reading import open_regular
from lilliput.io.source import as_source
from lilliput.io.write import new_file

TEST, NEIGHBORS, DISTANCES, DISTANCE = "test", "neighbors", "distances", "distance"
NAMES = {"cosine": "angular", "l2": "euclidean", "ip": "dot"}
METRICS = {name: metric for metric, name in NAMES.items()} | {"cosine": "cosine", "ip": "ip", "l2": "l2"}


@dataclass(frozen=True)
class AnnBenchmark:
    """What such a file holds.

    Attributes
    ----------
    train, test:
        The vectors, and the queries.
    neighbors, distances:
        For each query the rows of `train` that are nearest, and how far they are; None where not kept.
    metric:
        "cosine", "l2" or "ip"; None where the file does not say, or says another.
    """

    train: Source
    test: Source
    neighbors: AnyArray | None = None
    distances: AnyArray | None = None
    metric: str | None = None


def open_ann_benchmark(path: str | os.PathLike[str]) -> AnnBenchmark:
    """Open a file in the layout of ann-benchmarks; the vectors stay in the file.

    Raises
    ------
    CorruptFile, InvalidInput, FileError
        As `open_vectors`; InvalidInput too when `train` or `test` is not there.
    """
    path = Path(path)
    with open_regular(path) as (file, size):
        root, found = Reader(file.fileno(), size, path).objects()
    neighbors, distances = (
        read_hdf5(path, name) if name in found else None for name in (NEIGHBORS, DISTANCES)
    )
    metric = METRICS.get(root.attributes.get(DISTANCE, "").lower())
    return AnnBenchmark(open_hdf5(path, TRAIN), open_hdf5(path, TEST), neighbors, distances, metric)


def write_ann_benchmark(
    path: str | os.PathLike[str],
    train: Any,
    test: Any,
    neighbors: AnyArray | None = None,
    distances: AnyArray | None = None,
    metric: str | None = None,
) -> None:
    """Write a file in the layout of ann-benchmarks, in place of what was there.

    Parameters
    ----------
    path:
        The file.
    train, test:
        Whatever `as_source` takes.
    neighbors, distances, metric:
        As in `AnnBenchmark`.

    Raises
    ------
    InvalidInput
        For vectors that cannot be used, or an unknown metric.
    FileError
        When the file cannot be written; what was there stays.
    MissingExtra
        When h5py is not installed.
    """
    if metric not in (None, *NAMES):
        raise InvalidInput(f"metric is {metric!r}; it is 'cosine', 'ip' or 'l2'.")
    h5py = h5py_or_refuse()
    vectors = {TRAIN: _elements(train, TRAIN), TEST: _elements(test, TEST)}
    arrays: Mapping[str, AnyArray | None] = {NEIGHBORS: neighbors, DISTANCES: distances}
    with new_file(Path(path)) as file, h5py.File(file, "w", libver=("earliest", "v108")) as opened:
        for name, source in vectors.items():
            fill_dataset(opened, name, source)
        for name, array in arrays.items():
            if array is not None:
                opened.create_dataset(name, data=array, track_times=False)
        if metric is not None:
            opened.attrs[DISTANCE] = NAMES[metric]


def _elements(x: Any, name: str) -> Elements:
    source = as_source(x, name=name)
    held = FORMATS[".h5"].elements
    has = element_of(source)
    return Elements(source, target(has, None, held, ".h5", holding(has)), ".h5")
