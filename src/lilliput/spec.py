"""The one-line language of codecs and indexes: parse and print; it knows no codec and no index.

::

    codec  := stage { "," stage }
    index  := structure [ "|" codec [ "|" codec ] ]
    stage  := name [ digits [ "x" digits ] ] [ "(" key "=" value { "," key "=" value } ")" ]

The longest registered name wins. A name that ends in a digit (``f16``) takes no number of its own, so that
``f160`` is a misspelling and not ``f16`` with a zero.
"""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from lilliput.errors import InvalidSpec, WrongType

MAX_SPEC_CHARS = 1_000
FEW_NAMES = 24
NUMBERS = re.compile(r"(?:([0-9]{1,9})(?:x([0-9]{1,9}))?)?")
KEY = re.compile(r"[a-z][a-z0-9_]*")
VALUE = re.compile(r"[A-Za-z0-9_.+-]+")


@dataclass(frozen=True)
class Stage:
    """One step: ``pq48x4(a=1)`` has the name ``pq``, the numbers 48 and 4, and the option ``a`` of ``1``."""

    name: str
    numbers: tuple[int, ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Print the canonical form."""
        options = ",".join(f"{key}={value}" for key, value in self.options)
        return self.name + "x".join(map(str, self.numbers)) + (f"({options})" if options else "")


@dataclass(frozen=True)
class CodecSpec:
    """Stages in the order in which a vector passes them."""

    stages: tuple[Stage, ...]

    def __str__(self) -> str:
        """Print the canonical form."""
        return ",".join(map(str, self.stages))


@dataclass(frozen=True)
class IndexSpec:
    """A structure over no codec, one codec, or a search codec and a refine codec."""

    structure: Stage
    codecs: tuple[CodecSpec, ...] = ()

    def __str__(self) -> str:
        """Print the canonical form."""
        return " | ".join([str(self.structure), *map(str, self.codecs)])


def parse_codec(text: str, names: Collection[str]) -> CodecSpec:
    """Parse the spec of a codec.

    Parameters
    ----------
    text:
        Such as ``"pca192,int8"``; spaces around stages do not matter.
    names:
        The stages that are registered.

    Raises
    ------
    InvalidSpec
        For what does not parse, and for an unknown name; the message holds the nearest names.
    WrongType
        When the spec is no string.

    Examples
    --------
    >>> parse_codec(" pca192, int8", {"pca", "int8"}).stages[0].numbers
    (192,)
    >>> str(parse_codec(" pca192, int8", {"pca", "int8"}))
    'pca192,int8'
    """
    text = _checked(text)
    if "|" in text:
        raise InvalidSpec(f"{text!r} holds '|', which an index has; a codec is stages joined by commas.")
    return _codec(text, names, text)


def parse_index(text: str, structures: Collection[str], stages: Collection[str]) -> IndexSpec:
    """Parse the spec of an index.

    Parameters
    ----------
    text:
        Such as ``"flat | int8 | f16"``: a structure, the codes to search, the codes to refine with.
    structures, stages:
        The registered names of either kind.

    Raises
    ------
    InvalidSpec
        For what does not parse, and for an unknown name; the message holds the nearest names.
    WrongType
        When the spec is no string.

    Examples
    --------
    >>> spec = parse_index("flat|int8|f16", {"flat"}, {"int8", "f16"})
    >>> str(spec)
    'flat | int8 | f16'
    """
    text = _checked(text)
    parts = text.split("|")
    if len(parts) > 3:
        raise InvalidSpec(
            f"{text!r} has {len(parts)} parts; an index has at most 'structure | codec | codec'."
        )
    structure = _split(parts[0], text)
    if len(structure) != 1:
        raise InvalidSpec(f"{parts[0].strip()!r} in {text!r} is no one structure; put '|' before the codec.")
    codecs = tuple(_codec(part, stages, text) for part in parts[1:])
    return IndexSpec(_stage(structure[0], structures, text), codecs)


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise WrongType(f"A spec is text such as 'int8' or 'flat | int8'; this is a {type(text).__name__}.")
    if len(text) > MAX_SPEC_CHARS:
        raise InvalidSpec(f"A spec has at most {MAX_SPEC_CHARS} characters; this one has {len(text)}.")
    return text.strip()


def _codec(text: str, names: Collection[str], whole: str) -> CodecSpec:
    return CodecSpec(tuple(_stage(part, names, whole) for part in _split(text, whole)))


def _split(text: str, whole: str) -> list[str]:
    """Split at the commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth not in (0, 1):
            break
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    if depth:
        raise InvalidSpec(f"The parentheses of {whole!r} do not match; options are 'name(key=value)'.")
    return [part.strip() for part in [*parts, text[start:]]]


def _stage(text: str, names: Collection[str], whole: str) -> Stage:
    if not text:
        raise InvalidSpec(f"A stage is missing in {whole!r}; write a name such as {_some(names)}.")
    head, bracket, tail = text.partition("(")
    head = head.rstrip()
    for name in sorted(names, key=len, reverse=True):
        rest = head[len(name) :]
        match = NUMBERS.fullmatch(rest) if head.startswith(name) else None
        if match and not (rest and name[-1].isdigit()):
            numbers = tuple(int(group) for group in match.groups() if group is not None)
            return Stage(name, numbers, _options(tail, text) if bracket else ())
    raise InvalidSpec(_unknown(head, names, whole))


def _options(tail: str, stage: str) -> tuple[tuple[str, str], ...]:
    if not tail.endswith(")"):
        raise InvalidSpec(f"{stage!r} goes on after its ')'; put a comma before the next stage.")
    options: dict[str, str] = {}
    for part in tail[:-1].split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (equals and KEY.fullmatch(key) and VALUE.fullmatch(value)):
            raise InvalidSpec(f"{part.strip()!r} in {stage!r} is no option; options are written 'key=value'.")
        if key in options:
            raise InvalidSpec(f"{stage!r} gives {key!r} twice; keep one.")
        options[key] = value
    return tuple(options.items())


def _some(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:FEW_NAMES]) + (", …" if len(names) > FEW_NAMES else "")


def _unknown(head: str, names: Collection[str], whole: str) -> str:
    letters = re.match(r"[^0-9]*", head)
    stem = letters.group().lower() if letters else ""
    near = difflib.get_close_matches(head.lower(), sorted(names), n=3, cutoff=0.6)
    more = difflib.get_close_matches(stem, sorted(names), n=3, cutoff=0.5)
    near += [name for name in more if name not in near]
    hint = f"did you mean {' or '.join(near[:3])}? " if near else ""
    where = f" in {whole!r}" if head != whole else ""
    return f"{head!r}{where} is not a known name with its numbers; {hint}The names here are {_some(names)}."
