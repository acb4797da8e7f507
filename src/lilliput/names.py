"""One validated name type, and the one way to join a name to a folder."""

import os
import re
from pathlib import Path
from typing import Self

from lilliput.errors import InvalidInput, WrongType

MAX_NAME_CHARS = 128
PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


class Name(str):
    """A name that is safe as a file name on every system.

    It has 1 to 128 of the ASCII letters, digits, ``_``, ``-`` and ``.``, begins with no dash or dot, ends
    with no dot, holds no ``..`` and is none of the names that Windows keeps for devices. So it can be no
    path, no option and no escape.

    Raises
    ------
    InvalidInput
        For any other text.
    WrongType
        When it is no string.

    Examples
    --------
    >>> Name("codes.0.safetensors")
    'codes.0.safetensors'
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the text."""
        if not isinstance(text, str):
            raise WrongType(f"A name is a string; this is a {type(text).__name__}.")
        if len(text) > MAX_NAME_CHARS:
            raise InvalidInput(f"A name has at most {MAX_NAME_CHARS} characters; this one has {len(text)}.")
        if not PATTERN.fullmatch(text) or ".." in text or text.endswith(".") or RESERVED.fullmatch(text):
            raise InvalidInput(
                f"{text!r} cannot be a name; use ASCII letters, digits, '_', '-' and single dots inside, "
                "and none of the device names of Windows."
            )
        return super().__new__(cls, text)


def inside(folder: Path, name: str) -> Path:
    """Join a name to a folder so that the result lies in that folder.

    Names come from files and requests, and a file can be a link; so the name is validated and what it
    resolves to is looked at.

    Parameters
    ----------
    folder:
        The folder, which need not exist yet.
    name:
        A `Name`, or text to be checked as one.

    Raises
    ------
    InvalidInput
        When the name is not valid, or is a link that leads out of the folder or round in a loop.

    Examples
    --------
    >>> inside(Path("index"), "manifest.json").name
    'manifest.json'
    """
    path = folder / Name(name)
    resolved = Path(os.path.realpath(path))
    home = Path(os.path.realpath(folder))
    if resolved.is_symlink():  # what a loop of links resolves to
        raise InvalidInput(f"{path} is a link that leads round in a loop; remove it.")
    if home not in resolved.parents:
        raise InvalidInput(f"{path} is a link that leads out of its folder; copy the file in its place.")
    return path
