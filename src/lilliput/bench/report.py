"""A result as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def markdown(result: Mapping[str, Any]) -> str:
    """Write the result of `run` as tables, with hardware and versions.

    Parameters
    ----------
    result:
        What `run` gave, or what its JSON file holds.
    """
    parts = [_head(result)]
    parts += [_batch(batch) for batch in result["batched"]]
    parts += [_single(result["single"]), _encode(result["encode"])]
    return "\n\n".join(parts) + "\n"


def _head(result: Mapping[str, Any]) -> str:
    look = ", quick look" if result["quick"] else ""
    lines = [
        f"# Exhaustive search, {_count(result['threads'], 'thread')}{look}",
        "",
        *machine(result),
        "",
        f"Contestants take turns and are compared by {result['compared_by']}. Fast: the median of the "
        "fastest tenth of the repetitions; median: of all.",
    ]
    lines += [f"Not raced: {sentence}" for sentence in result["missing"]]
    return "\n".join(lines)


def machine(result: Mapping[str, Any]) -> list[str]:
    """Say in two lines what figures were measured on and with which versions.

    Parameters
    ----------
    result:
        With "hardware", and with "peers": versions by package, None for one that is not installed.
    """
    found = result["hardware"]
    told = ", ".join(f"{name} {version or 'not installed'}" for name, version in result["peers"].items())
    peers = ", ".join(dict.fromkeys(told.split(", ")))  # a peer that searches with another names it too
    memory = f"{found['memory_bytes'] / 2**30:.0f} GiB" if found["memory_bytes"] else "memory unknown"
    load = ", ".join(f"{value:.1f}" for value in found["load"])
    return [
        f"{found['cpu']} (family/model/stepping {found['family_model_stepping']}; "
        f"{', '.join(found['flags'])}), {_count(found['cpus'], 'core')}, {memory}, load {load}.",
        f"{found['system']}, Python {found['python']}, numpy {found['numpy']}, "
        f"lilliput {found['lilliput']}{'; ' + peers if peers else ''}.",
    ]


def _batch(batch: Mapping[str, Any]) -> str:
    title = (
        f"## {batch['data']}: {batch['rows']:,} × {batch['dim']}, {batch['metric']}, "
        f"{batch['queries']:,} queries, k = {batch['k']}"
    )
    rates = "; ".join(
        f"{isa} {rate['fast'] / 1e9:,.0f} / {rate['median'] / 1e9:,.0f}"
        for isa, rate in batch["byte_products_per_second"].items()
    )
    columns = (
        "library", "index", "instructions", "bytes a vector", "recall@10", "ms fast / median",
        "queries/s fast / median", "× IndexFlat fast / median", "share of byte rate", "rounds",
    )  # fmt: skip
    rows = [
        (
            row["library"],
            row["name"],
            row["isa"] or "",
            f"{row['bytes_per_vector']:,.0f}",
            f"{row['recall']:.4f}",
            f"{1e3 * batch['queries'] / row['queries_per_second_fast']:,.1f} / "
            f"{1e3 * batch['queries'] / row['queries_per_second_median']:,.1f}",
            f"{row['queries_per_second_fast']:,.0f} / {row['queries_per_second_median']:,.0f}",
            _pair(row["ratio_fast"], row["ratio_median"], "{:.2f}"),
            _pair(row["share_fast"], row["share_median"], "{:.0%}"),
            row["rounds"],
        )
        for row in batch["contestants"]
    ]
    measured = f"Byte products measured in registers, 1e9 a second, fast / median: {rates or 'none'}."
    return f"{title}\n\n{table(columns, rows)}\n\n{measured}"


def _single(kinds: Sequence[Mapping[str, Any]]) -> str:
    columns = ("codes", "dimensions", "rows", "MiB", "search GB/s", "plain read GB/s", "share", "rounds")
    rows = [
        (
            kind["kind"],
            kind["dim"],
            f"{kind['rows']:,}",
            f"{kind['bytes'] / 2**20:,.0f}",
            _rates(kind, "search"),
            _rates(kind, "read"),
            _pair(kind["share_fast"], kind["share_median"], "{:.0%}"),
            kind["rounds"],
        )
        for kind in kinds
    ]
    return f"## One query over codes in memory (fast / median)\n\n{table(columns, rows)}"


def _encode(runs: Sequence[Mapping[str, Any]]) -> str:
    columns = ("codec", "file GB", "codes GB", "peak MB", "of which imports MB", "seconds")
    rows = [
        (
            run["spec"],
            f"{run['file_bytes'] / 1e9:.2f}",
            f"{run['code_bytes'] / 1e9:.2f}",
            f"{run['peak_bytes'] / 1e6:,.0f}",
            f"{run['import_bytes'] / 1e6:,.0f}",
            f"{run['seconds']:.1f}",
        )
        for run in runs
    ]
    return f"## Streaming encode of a mapped file\n\n{table(columns, rows)}"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Write a table in Markdown; a bar within a cell does not end it.

    Examples
    --------
    >>> print(table(("a",), [("x | y",)]))
    | a |
    | --- |
    | x \| y |
    """
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _pair(fast: float | None, median: float | None, form: str) -> str:
    return "" if fast is None or median is None else f"{form.format(fast)} / {form.format(median)}"


def _rates(kind: Mapping[str, Any], what: str) -> str:
    fast, median = (kind[f"{what}_bytes_per_second_{mode}"] / 1e9 for mode in ("fast", "median"))
    return f"{fast:.2f} / {median:.2f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
