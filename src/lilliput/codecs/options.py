"""Options of a stage, `name(key=value)`, read and checked."""

from dataclasses import replace

from lilliput.errors import InvalidSpec
from lilliput.spec import Stage


def take_options(stage: Stage, *known: str, most: int = 1) -> tuple[Stage, dict[str, str]]:
    """Split a stage into itself without options, and those options.

    Parameters
    ----------
    stage:
        The parsed stage.
    known:
        The names of its options.
    most:
        How many may be given together.

    Raises
    ------
    InvalidSpec
        For another name, and for more than `most`.
    """
    found = dict(stage.options)
    choice = ", ".join(known)
    for key in found:
        if key not in known:
            raise InvalidSpec(f"'{stage}' gives the option {key!r} and {stage.name} has {choice}.")
    if len(found) > most:
        raise InvalidSpec(f"'{stage}' gives {len(found)} options and can have one; keep one of {choice}.")
    return replace(stage, options=()), found


def number_between(text: str, least: float, most: float, stage: Stage) -> float:
    """Read the value of an option.

    Raises
    ------
    InvalidSpec
        Unless it is a number from `least` to `most`.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise InvalidSpec(f"'{stage}' gives {text!r} where a number from {least:g} to {most:g} was wanted.")
    return value
