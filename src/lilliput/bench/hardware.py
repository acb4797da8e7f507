"""What a figure was measured on, and with which versions."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import lilliput
from lilliput import _core

FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_vpopcntdq", "amx_int8", "amx_bf16", "asimddp")


def describe() -> dict[str, Any]:
    """Describe the machine, the load on it, and our own versions.

    Examples
    --------
    >>> describe()["cpus"] >= 1
    True
    """
    cpu = _first_values("/proc/cpuinfo")
    flags = set(cpu.get("flags", cpu.get("Features", "")).split())
    return {
        "cpu": cpu.get("model name", platform.machine()),
        "family_model_stepping": "/".join(cpu.get(key, "?") for key in ("cpu family", "model", "stepping")),
        "flags": [flag for flag in FLAGS if flag in flags],
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        "load": list(os.getloadavg()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "lilliput": lilliput.__version__,
        "instruction_sets": _core.isas(),
    }


def installed_version(package: str) -> str | None:
    """Give the version of an installed package, None where it is not installed.

    Examples
    --------
    >>> installed_version("no-such-package") is None
    True
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _memory_bytes() -> int | None:
    size = _first_values("/proc/meminfo").get("MemTotal", "").split()
    return int(size[0]) * 1024 if size else None


def _first_values(path: str) -> dict[str, str]:
    """Read lines of "name: value"; the first of each name counts."""
    found: dict[str, str] = {}
    if Path(path).is_file():
        for line in Path(path).read_text().splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    return found
