"""Names that cannot leave their folder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.errors import InvalidInput, WrongType
from lilliput.names import Name, inside

HOSTILE = [
    "",
    ".",
    "..",
    "../x",
    "a/../b",
    "a/b",
    "/etc/passwd",
    "\\x",
    "..\\x",
    "C:x",
    "C:\\x",
    "\\\\server\\share",
    "a\0b",
    "a\nb",
    "a b",
    " a",
    "a ",
    "a.",
    "a..b",
    ".hidden",
    "-rf",
    "~",
    "~root",
    "$HOME",
    "%2e%2e",
    "%2e%2e%2fx",
    "a%00b",
    "con",
    "NUL",
    "nul.txt",
    "COM1",
    "lpt9.log",
    "Aux.",
    "ä",
    "a\u2215b",
    "\uff0e\uff0e",
    "\u202etxt",
    "a:b",
    "a*",
    "a?",
    "a|b",
    "a<b",
    'a"b',
    "a;b",
    "a`b",
    "\ud800",
    "file:///etc/shadow",
    "s3://x",
    "x" * 129,
    "٣",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_refused(text: str, tmp_path: Path) -> None:
    """Both doors give one sentence."""
    with pytest.raises(InvalidInput, match=r"[.]$"):
        Name(text)
    with pytest.raises(InvalidInput, match=r"[.]$"):
        inside(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["a", "manifest.json", "codes.0.safetensors", "A-b_c.9", "_x", "0", "x" * 128, "console"]
)
def test_a_plain_name_is_taken(text: str, tmp_path: Path) -> None:
    """It stays a string, and lies in the folder."""
    actual = Name(text)

    assert text == actual
    assert tmp_path / text == inside(tmp_path, actual)


def test_a_name_is_a_string() -> None:
    """A path or bytes are not."""
    with pytest.raises(WrongType, match="bytes"):
        Name(b"x")  # type: ignore[arg-type]


@given(st.text(max_size=20))
def test_no_text_leaves_the_folder(text: str) -> None:
    """Whatever is accepted has the folder as its parent."""
    folder = Path("somewhere")
    try:
        path = inside(folder, text)
    except InvalidInput:
        return

    assert folder == path.parent


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A valid name is not enough when the file is a link."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    (folder / "self").symlink_to(folder)
    (folder / "loop").symlink_to(folder / "loop")
    for name in ("out", "dangling", "self", "loop"):
        with pytest.raises(InvalidInput, match="link"):
            inside(folder, name)


def test_a_link_within_the_folder_is_taken(tmp_path: Path) -> None:
    """It leads nowhere else."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "also").symlink_to(tmp_path / "file")

    assert tmp_path / "also" == inside(tmp_path, "also")


def test_a_folder_that_is_itself_a_link_is_taken(tmp_path: Path) -> None:
    """Only what the name adds is looked at."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert tmp_path / "link" / "x" == inside(tmp_path / "link", "x")
