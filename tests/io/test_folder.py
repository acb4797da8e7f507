"""Index folders: replaced in one step, opened whole or not at all."""

import errno
import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faults import FaultyLayer
from lilliput import _core
from lilliput.errors import CorruptFile, FileError, InvalidInput, UnsupportedVersion
from lilliput.io.beside import Sibling
from lilliput.io.files import using
from lilliput.io.folder import FolderWriter, open_folder, save_folder
from lilliput.io.manifest import parse_manifest
from states import FORMAT, read_state, save_state

BOTH_WAYS = pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "aside"])


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def failure_of_saving(folder: Path, version: int, layer: FaultyLayer) -> FileError | None:
    try:
        with using(layer):
            save_state(folder, version)
    except FileError as error:
        return error
    return None


def seal(content: dict[str, Any]) -> str:
    """Give a forged manifest the checksum that fits."""
    content.pop("checksum", None)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return json.dumps(content | {"checksum": _core.crc32c(canonical.encode())})


def forge(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(seal(json.loads(path.read_text()) | changes))


@BOTH_WAYS
def test_a_save_replaces_what_was_there(tmp_path: Path, can_exchange: bool) -> None:
    """The newest save opens, and nothing else is left."""
    with using(FaultyLayer(can_exchange=can_exchange)):
        for version in range(3):
            save_state(tmp_path / "index", version)

    assert 2 == read_state(tmp_path / "index")
    assert ["index"] == names(tmp_path)
    assert ["codes.safetensors", "ids.safetensors", "manifest.json"] == names(tmp_path / "index")


def test_an_empty_folder_is_replaced(tmp_path: Path) -> None:
    """A folder made beforehand is as good as none."""
    (tmp_path / "index").mkdir()

    save_state(tmp_path / "index", 1)

    assert 1 == read_state(tmp_path / "index")


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    """What is replaced is the folder that the link leads to."""
    save_state(tmp_path / "real", 1)
    (tmp_path / "link").symlink_to("real")

    save_state(tmp_path / "link", 2)

    assert (tmp_path / "link").is_symlink()
    assert 2 == read_state(tmp_path / "real")


def test_an_open_folder_survives_being_replaced(tmp_path: Path) -> None:
    """Arrays of the old folder stay what they were."""
    save_state(tmp_path / "index", 1)
    before = open_folder(tmp_path / "index")

    save_state(tmp_path / "index", 2)

    assert (before.container("codes.safetensors").tensor("rows") == 1).all()
    assert 2 == read_state(tmp_path / "index")


@BOTH_WAYS
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_every_operation_may_fail(tmp_path: Path, can_exchange: bool, lasting: bool, code: int) -> None:
    """Fail the first, second, third… operation: old or new opens, nothing leaks, the next save works."""
    folder = tmp_path / "index"
    save_state(folder, 0)
    files = open_files()
    for number in range(1, 100):
        before = read_state(folder)
        layer = FaultyLayer(number, code, lasting=lasting, can_exchange=can_exchange)
        error = failure_of_saving(folder, number, layer)
        if error is not None:
            assert code == error.errno
            assert str(folder) in str(error)
        assert read_state(folder) == (before if error and "in place" not in str(error) else number)
        assert files == open_files()
        if not layer.failed:
            break
    assert 12 < number < 99
    assert ["index"] == names(tmp_path)


@BOTH_WAYS
def test_what_is_renamed_is_on_disk(tmp_path: Path, can_exchange: bool) -> None:
    """Each file is synced after its last write, the folder before the swap, the parent after it."""
    save_state(tmp_path / "index", 0)
    layer = FaultyLayer(can_exchange=can_exchange)
    with using(layer):
        save_state(tmp_path / "index", 1)

    trace = layer.trace
    swap = trace.index(("exchange", "index"))
    for file in ("codes.safetensors", "ids.safetensors", "manifest.json"):
        last_write = max(at for at, step in enumerate(trace) if step == ("write", file))
        assert last_write < trace.index(("sync", file)) < swap
    assert trace.index(("create", "manifest.json")) > trace.index(("sync", "ids.safetensors"))
    folder_syncs = [at for at, (deed, _) in enumerate(trace) if deed == "sync_folder"]
    assert trace.index(("sync", "manifest.json")) < folder_syncs[0] < swap < folder_syncs[1]
    assert folder_syncs[1] < min(at for at, (deed, _) in enumerate(trace) if deed == "remove")


def test_an_exception_in_the_writer_leaves_everything(tmp_path: Path) -> None:
    """What the caller raises comes through, and the old folder stays."""
    save_state(tmp_path / "index", 1)

    def write(files: FolderWriter) -> None:
        files.container("codes.safetensors", {"rows": np.zeros(3)}, format="x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_folder(tmp_path / "index", write, format=FORMAT)

    assert 1 == read_state(tmp_path / "index")
    assert ["index"] == names(tmp_path)


def test_a_save_that_died_between_two_renames_is_recovered(tmp_path: Path) -> None:
    """The old folder opens from beside; the next save takes the name and clears up."""
    folder = tmp_path / "index"
    save_state(folder, 1)
    folder.rename(tmp_path / ".index.old-0123456789abcdef")
    shutil.copytree(tmp_path / ".index.old-0123456789abcdef", tmp_path / ".index.new-0123456789abcdef")

    assert 1 == read_state(folder)

    save_state(folder, 2)
    assert 2 == read_state(folder)
    assert ["index"] == names(tmp_path)


def test_half_a_removal_is_not_recovered(tmp_path: Path) -> None:
    """An old folder without its manifest is waste, not an index."""
    folder = tmp_path / "index"
    save_state(folder, 1)
    (folder / "manifest.json").unlink()
    folder.rename(tmp_path / ".index.old-0123456789abcdef")

    with pytest.raises(FileError, match="could not be opened: it does not exist"):
        open_folder(folder)


def test_leftovers_are_cleared_but_living_saves_are_not(tmp_path: Path) -> None:
    """The next save removes what dead ones left; what somebody still writes stays."""
    save_state(tmp_path / "index", 1)
    shutil.copytree(tmp_path / "index", tmp_path / ".index.new-00000000000000aa")
    shutil.copytree(tmp_path / "index", tmp_path / ".index.old-00000000000000bb")
    (tmp_path / ".index.new-notours").mkdir()
    (tmp_path / ".other.new-00000000000000cc").mkdir()
    living = Sibling(tmp_path / "index", "folder")

    save_state(tmp_path / "index", 2)

    expected = sorted([living.path.name, ".index.new-notours", ".other.new-00000000000000cc", "index"])
    assert expected == names(tmp_path)
    living.discard()


def test_opening_beside_saving_is_never_mixed(tmp_path: Path) -> None:
    """Readers see one version or another while a writer replaces the folder, by either way."""
    folder = tmp_path / "index"
    save_state(folder, 0)
    done = threading.Event()
    failures: list[BaseException] = []
    seen: set[int] = set()

    def read() -> None:
        try:
            while not done.is_set():
                seen.add(read_state(folder))
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for version in range(1, 31):
        with using(FaultyLayer(can_exchange=version % 2 == 0)):
            save_state(folder, version)
    done.set()
    for reader in readers:
        reader.join()

    assert [] == failures
    assert len(seen) > 1


def test_two_savers_leave_one_whole_folder(tmp_path: Path) -> None:
    """Saves of the same folder at once end with one of them, and no waste."""
    folder = tmp_path / "index"
    savers = [
        threading.Thread(target=lambda first=first: [save_state(folder, first + i) for i in range(8)])
        for first in (100, 200, 300)
    ]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()

    assert read_state(folder) in {107, 207, 307}
    save_state(folder, 1)
    assert ["index"] == names(tmp_path)


@pytest.mark.parametrize("thing", ["file", "foreign", "stranger", "format", "damaged"])
def test_nothing_but_an_index_is_replaced(tmp_path: Path, thing: str) -> None:
    """A save removes an earlier save and never anything else."""
    target = tmp_path / "index"
    if thing == "file":
        target.write_text("mine")
    elif thing == "foreign":
        target.mkdir()
        (target / "thesis.tex").write_text("mine")
    else:
        save_state(target, 1)
    if thing == "stranger":
        (target / "notes.txt").write_text("mine")
    if thing == "damaged":
        (target / "manifest.json").write_text("{}")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    with pytest.raises(FileError) as caught:
        save_folder(target, lambda files: None, format="other" if thing == "format" else FORMAT)

    assert str(target) in str(caught.value)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_a_missing_parent_is_named(tmp_path: Path) -> None:
    """Parents are not made up."""
    with pytest.raises(FileError, match="nowhere/index could not be saved: it does not exist"):
        save_state(tmp_path / "nowhere" / "index", 1)


@pytest.mark.parametrize(
    "name",
    ["../evil.safetensors", "/tmp/evil.safetensors", "a/b.safetensors", "x.npy", "", "nul.safetensors"],
)
def test_files_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    """A writer cannot leave the folder, and a forged manifest cannot either."""
    with pytest.raises(InvalidInput):
        save_folder(tmp_path / "new", lambda f: f.container(name, {}, format="x"), format="x")
    assert [] == names(tmp_path)

    save_state(tmp_path / "index", 1)
    forge(tmp_path / "index", files=[{"name": name, "bytes": 1, "head": 1}])
    with pytest.raises(CorruptFile, match="cannot be one of its files"):
        open_folder(tmp_path / "index")


def test_links_are_not_followed_out(tmp_path: Path) -> None:
    """A file of the index that is a link is refused, even to a whole container."""
    save_state(tmp_path / "index", 1)
    (tmp_path / "index" / "ids.safetensors").rename(tmp_path / "outside.safetensors")
    (tmp_path / "index" / "ids.safetensors").symlink_to(tmp_path / "outside.safetensors")

    with pytest.raises(FileError, match="it is a link"):
        open_folder(tmp_path / "index")


def test_a_file_of_another_index_is_noticed(tmp_path: Path) -> None:
    """Whole files in the wrong folder are as bad as damaged ones."""
    save_state(tmp_path / "a", 1)
    save_state(tmp_path / "b", 2)
    shutil.copy(tmp_path / "b" / "ids.safetensors", tmp_path / "a" / "ids.safetensors")

    with pytest.raises(CorruptFile, match="is not the file that the manifest lists"):
        open_folder(tmp_path / "a")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The manifest knows which file is gone."""
    save_state(tmp_path / "index", 1)
    (tmp_path / "index" / "ids.safetensors").unlink()

    with pytest.raises(CorruptFile, match=r"lacks ids\.safetensors"):
        open_folder(tmp_path / "index")


def test_newer_versions_are_named(tmp_path: Path) -> None:
    """A folder that needs a newer reader says so."""
    save_state(tmp_path / "index", 1)
    forge(tmp_path / "index", min_reader=2, writer="lilliput 9.0")

    with pytest.raises(UnsupportedVersion, match=r"'lilliput 9\.0' and needs a reader of format version 2"):
        open_folder(tmp_path / "index")


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {}},
        {"files": [3]},
        {"files": [{"name": "a.safetensors", "bytes": 1.5, "head": 0}]},
        {"files": [{"name": "a.safetensors", "bytes": True, "head": 0}]},
        {"files": [{"name": "a.safetensors", "bytes": 1}]},
        {"files": [{"name": "a.safetensors", "bytes": 1, "head": 0}] * 2},
        {"files": [{"name": "a.safetensors", "bytes": 1, "head": 0}] * 10_001},
        {"metadata": []},
        {"format": None},
        {"min_reader": "one"},
        {"min_reader": -1},
    ],
)
def test_forged_manifests_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    """A checksum that fits does not make a manifest believable."""
    save_state(tmp_path / "index", 1)
    forge(tmp_path / "index", **changes)

    with pytest.raises(CorruptFile, match="manifest"):
        open_folder(tmp_path / "index")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "{",
        '{"a":1,"a":2}',
        '{"a":NaN}',
        '{"a":1e999}',
        '{"a":"\\ud800"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "1" * 5_000,
        "\ufeff{}",
        '{"a":[' + "0," * 140_000 + "0]}",
    ],
    ids=range(14),
)
def test_hostile_json_is_refused(tmp_path: Path, text: str) -> None:
    """Whatever stands in a manifest, the answer is a typed error."""
    save_state(tmp_path / "index", 1)
    (tmp_path / "index" / "manifest.json").write_text(text)

    with pytest.raises(CorruptFile):
        open_folder(tmp_path / "index")


@pytest.mark.parametrize("raw", [b"\xff\xfe{\x00}\x00", b"\xff", b'{"a":"\xc3("}'])
def test_manifests_are_utf8(tmp_path: Path, raw: bytes) -> None:
    """Other encodings of JSON are not guessed."""
    save_state(tmp_path / "index", 1)
    (tmp_path / "index" / "manifest.json").write_bytes(raw)

    with pytest.raises(CorruptFile, match="is not valid JSON"):
        open_folder(tmp_path / "index")


@pytest.mark.parametrize("value", [float("nan"), {1: 2}, (1, 2), {"x"}, b"x", "\ud800", np.float32(1)])
def test_metadata_must_be_json(tmp_path: Path, value: object) -> None:
    """What would come back changed is refused before anything is replaced."""
    save_state(tmp_path / "index", 1)

    with pytest.raises(InvalidInput, match="metadata"):
        save_folder(tmp_path / "index", lambda files: None, format=FORMAT, metadata={"x": value})

    assert 1 == read_state(tmp_path / "index")


def test_wrong_kinds_of_path_are_named(tmp_path: Path) -> None:
    """No folder, a file, a folder without manifest, another format: one sentence each."""
    save_state(tmp_path / "index", 1)
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()

    for name, words in [("none", "does not exist"), ("file", "a folder is needed"), ("empty", "no index")]:
        with pytest.raises(FileError, match=words):
            open_folder(tmp_path / name)
    with pytest.raises(FileError, match="holds 'test-index', not 'codec'"):
        open_folder(tmp_path / "index", format="codec")
    with pytest.raises(CorruptFile, match="has no file 'x'"):
        open_folder(tmp_path / "index").container("x")


def test_the_manifest_of_the_page_on_the_format_is_valid() -> None:
    """The example in docs/format.md carries the checksum that its own rule gives."""
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text()
    example = page.split("```json\n")[1].split("```")[0].encode()

    manifest = parse_manifest(example, "the example")

    assert "lilliput-index" == manifest.format
    assert ("codes.safetensors", 400_416, 786_851_407) == (*vars(manifest.members[0]).values(),)
