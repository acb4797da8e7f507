"""How much memory a streaming encode of a mapped file takes: a child process does it and tells its peak."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from lilliput.errors import FileError

BYTES = 4 * 10**9
QUICK_BYTES = 512 * 10**6
DIM = 1_024
BLOCK_ROWS = 4_096
SPECS = ("int8", "pca256,int8")


def run_memory(spec: str, vectors: Path, threads: int) -> dict[str, Any]:
    """Encode a file of vectors to a file of codes in a child process.

    Parameters
    ----------
    spec:
        The codec.
    vectors:
        What `write_vectors` wrote. The codes lie beside it for as long as this takes.
    threads:
        Of the child.

    Returns
    -------
    dict
        Peak memory of the child, what its imports alone took, and seconds.

    Raises
    ------
    FileError
        When the child fails.
    """
    codes = vectors.with_suffix(".safetensors")
    command = [sys.executable, "-m", __name__, spec, str(vectors), str(codes)]
    environment = os.environ | {"LILLIPUT_NUM_THREADS": str(threads)}
    try:
        # The command is this module and paths made here.
        done = subprocess.run(command, capture_output=True, text=True, env=environment)  # noqa: S603
    finally:
        codes.unlink(missing_ok=True)
    if done.returncode:
        raise FileError(f"Encoding {vectors} in a child process failed: {done.stderr.strip()[-500:]}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return {"spec": spec, "dim": DIM, "file_bytes": vectors.stat().st_size} | measured


def run_all(*, quick: bool, threads: int) -> list[dict[str, Any]]:
    """Measure each codec of `SPECS` on a generated file in the temporary folder (TMPDIR).

    Parameters
    ----------
    quick:
        512 MB and the first codec; else 4 GB.
    threads:
        Of the encoding.

    Returns
    -------
    list of dict
        What `run_memory` gives.

    Raises
    ------
    FileError
        When the folder has no room, or the child fails.
    """
    size = QUICK_BYTES if quick else BYTES
    with tempfile.TemporaryDirectory(prefix="lilliput-bench-") as folder:
        free, wanted = shutil.disk_usage(folder).free, size + size // 2
        if free < wanted:
            raise FileError(
                f"{folder} has {free / 1e9:.1f} GB free and the memory benchmark writes {wanted / 1e9:.1f}; "
                "set TMPDIR to a larger disk."
            )
        vectors = Path(folder) / "vectors.npy"
        write_vectors(vectors, size)
        return [run_memory(spec, vectors, threads) for spec in SPECS[: 1 if quick else None]]


def write_vectors(path: Path, size: int, dim: int = DIM) -> None:
    """Write a .npy file of about `size` bytes of random float32 vectors, in blocks.

    Parameters
    ----------
    path:
        The file.
    size:
        Bytes of vectors, rounded down to whole rows.
    dim:
        Of each vector.
    """
    rows = size // (4 * dim)
    block = np.random.default_rng(0).standard_normal((min(rows, BLOCK_ROWS), dim), dtype=np.float32)
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}
        np.lib.format.write_array_header_1_0(file, header)
        for first in range(0, rows, len(block)):
            file.write(block[: rows - first].data)


def peak_bytes() -> int:
    """Give the most memory that this process has held.

    The system's own counter for children also holds what their parent had when it started them, so that Linux
    is asked for the peak of the program itself.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure(spec: str, vectors: str, codes: str) -> dict[str, Any]:
    """Encode, and say how much memory this process has held at most; for the child."""
    from lilliput.codecs.codec import Codec

    imported = peak_bytes()
    started = time.perf_counter()
    mapped = np.load(vectors, mmap_mode="r", allow_pickle=False)
    written = Codec(spec).fit(mapped, progress=False).encode(mapped, out=codes, progress=False)
    return {
        "code_bytes": written.nbytes,
        "seconds": time.perf_counter() - started,
        "import_bytes": imported,
        "peak_bytes": peak_bytes(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(*sys.argv[1:])))
