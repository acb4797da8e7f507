"""The front door holds exactly the names that it promises."""

import importlib
import subprocess
import sys

import pytest

import lilliput as lp

NAMES = [
    "LIMITS",
    "Codec",
    "Diagnosis",
    "Hits",
    "Index",
    "LilliputError",
    "LilliputWarning",
    "Limits",
    "Plan",
    "RangeHits",
    "__version__",
    "advise",
    "codec",
    "diagnose",
    "errors",
]


def test_all_is_frozen() -> None:
    """A name enters or leaves the front door on purpose, not by accident."""
    expected = NAMES

    assert expected == lp.__all__


@pytest.mark.parametrize("name", NAMES)
def test_each_name_can_be_touched_twice(name: str) -> None:
    """The second touch gives the same object as the first."""
    first = getattr(lp, name)

    assert first is getattr(lp, name)
    assert name in dir(lp)


def test_names_survive_the_import_of_their_modules() -> None:
    """Importing a subpackage does not put a module where a function was."""
    kinds = {name: type(getattr(lp, name)) for name in NAMES}
    for module in ("advisor", "codecs", "evaluate", "index", "io", "learn", "cli"):
        importlib.import_module(f"lilliput.{module}")

    assert kinds == {name: type(getattr(lp, name)) for name in NAMES}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy door says which name it does not know."""
    with pytest.raises(AttributeError, match="'flyingmachine'"):
        lp.flyingmachine  # noqa: B018


def test_star_import_gives_all_names() -> None:
    """`from lilliput import *` works in a new process."""
    code = (
        f"from lilliput import *\nmissing = [n for n in {NAMES!r} if n not in globals()]\nassert not missing"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stderr)
