"""HTML made of elements, so that no text reaches a page unescaped."""

import html
from collections.abc import Iterable

VOID = frozenset({"meta", "link", "wbr", "input"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Iterable["Child"] | None


def text(value: str) -> Markup:
    """Escape text; what UTF-8 has no form for becomes a question mark."""
    return Markup(html.escape(value.encode("utf-8", "replace").decode("utf-8")))


def join(children: Child) -> Markup:
    """Join children: `Markup` as it is, other text escaped, None as nothing."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return text(children)
    return Markup("".join(join(child) for child in children))


def el(tag: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Make an element.

    Parameters
    ----------
    tag:
        Its name.
    children:
        Text, elements, or iterables of them; None is nothing.
    attributes:
        By name, where a trailing underscore goes and other underscores become hyphens. True gives the name
        alone, None and False leave it out.

    Examples
    --------
    >>> el("p", "1 < 2 ", el("b", "yes"), class_="note")
    '<p class="note">1 &lt; 2 <b>yes</b></p>'
    """
    shown = "".join(
        f" {_name(name)}" if value is True else f' {_name(name)}="{text(_value(value))}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in VOID:
        return Markup(f"<{tag}{shown}>")
    return Markup(f"<{tag}{shown}>{join(children)}</{tag}>")


def spec(words: str) -> Markup:
    """Show a spec as code that may break behind its commas."""
    pieces = words.split(",")
    return el("code", [[piece, ",", el("wbr")] for piece in pieces[:-1]], pieces[-1])


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
