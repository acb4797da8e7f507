"""Figures as a person reads them: few digits, a unit, and a word where there is none."""

from collections.abc import Mapping

NONE = "–"
UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def measure_name(measure: str) -> str:
    """Spell a measure as it is spoken of.

    Examples
    --------
    >>> measure_name("ndcg@10")
    'nDCG@10'
    """
    return measure.replace("ndcg", "nDCG")


def quality(found: Mapping[str, float] | None) -> str:
    """Write a mean with its interval.

    Examples
    --------
    >>> quality({"mean": 0.9531, "low": 0.948, "high": 0.958})
    '0.953 (0.948 to 0.958)'
    """
    return NONE if found is None else f"{found['mean']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def size(count: float | None) -> str:
    """Write bytes.

    Examples
    --------
    >>> size(96.2), size(1_234_000_000)
    ('96.2 B', '1.23 GB')
    """
    if count is None:
        return NONE
    for unit, name in UNITS:
        if count >= unit:
            return f"{figures(count / unit)} {name}"
    return f"{few(count)} B"


def duration(seconds: float | None) -> str:
    """Write a time.

    Examples
    --------
    >>> duration(0.0031), duration(75), duration(7260)
    ('3.1 ms', '1 min 15 s', '2 h 1 min')
    """
    if seconds is None:
        return NONE
    if seconds >= 3600:
        return f"{seconds // 3600:,.0f} h {seconds % 3600 // 60:.0f} min"
    if seconds >= 60:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    unit, name = next((known for known in TIMES if seconds >= known[0]), TIMES[-1])
    return f"{figures(seconds / unit)} {name}"


def rate(per_second: float | None) -> str:
    """Write how many a second."""
    return NONE if per_second is None else f"{float(f'{per_second:.3g}'):,.0f}"


def times(factor: float) -> str:
    """Write how many times smaller.

    Examples
    --------
    >>> times(7.529), times(1.0), times(153.6)
    ('7.5×', '1×', '154×')
    """
    return f"{few(factor) if factor < 100 else figures(factor)}×"


def few(value: float) -> str:
    """Write a number with at most one digit behind the point.

    Examples
    --------
    >>> few(48.0), few(1536.27)
    ('48', '1,536.3')
    """
    return f"{value:,.1f}".removesuffix(".0")


def figures(value: float) -> str:
    """Write a number to three figures.

    Examples
    --------
    >>> figures(12.08), figures(3.1), figures(1234.5)
    ('12.1', '3.1', '1,234')
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def share(part: float, whole: float) -> str:
    """Write a part of a whole as percent.

    Examples
    --------
    >>> share(1, 3)
    '33 %'
    """
    return f"{part / whole:.0%}".replace("%", " %") if whole else NONE
