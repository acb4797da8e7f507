"""Index folders: containers and a manifest, saved as one and replaced in one step."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import CorruptFile, FileError
from lilliput.io.beside import MANIFEST, Sibling, parent_locked, remove_quietly, sibling, siblings
from lilliput.io.container import Container, Verify
from lilliput.io.container_writer import UNCHANGED, ContainerWriter, Layout, layout_of
from lilliput.io.files import explained, fail, layer, write_all
from lilliput.io.folder_files import check_member, open_member, read_manifest, while_it_stays
from lilliput.io.manifest import Manifest, Member, build_manifest, member_name


class FolderWriter:
    """Write the files of a folder that is being saved.

    Parameters
    ----------
    place:
        The temporary folder.
    folder:
        What it will be, for messages.
    metadata:
        What the manifest will keep.

    Attributes
    ----------
    metadata:
        JSON that the manifest will keep; add to it while writing.
    """

    def __init__(self, place: Path, folder: str | Path, metadata: Mapping[str, Any]) -> None:
        self.metadata = dict(metadata)
        self.members: list[Member] = []
        self._place = place
        self._folder = folder

    def container(
        self,
        name: str,
        tensors: Mapping[str, NDArray[np.generic]],
        metadata: Mapping[str, str] | None = None,
        *,
        format: str,
    ) -> None:
        """Write arrays as a container of this folder.

        Parameters
        ----------
        name:
            The file, ending in .safetensors.
        tensors, metadata, format:
            As for `write_container`.
        """
        with self.stream(name, layout_of(tensors), metadata, format=format) as writer:
            for tensor, array in tensors.items():
                writer.write(tensor, array)

    @contextmanager
    def stream(
        self, name: str, layout: Layout, metadata: Mapping[str, str] | None = None, *, format: str
    ) -> Iterator[ContainerWriter]:
        """Write a container of this folder block by block.

        Parameters
        ----------
        name:
            The file, ending in .safetensors.
        layout, metadata, format:
            As for `new_container`.
        """
        path = self._place / member_name(name)
        with explained("saved", self._folder, UNCHANGED):
            fail("file.create")
            file = layer().create(path)
        try:
            writer = ContainerWriter(file, self._folder, layout, metadata or {}, format)
            yield writer
            written = writer.finish()
        finally:
            os.close(file)
        self.members.append(Member(name, written.bytes, written.head))


class Folder:
    """Hold an open index folder with all its containers.

    All files are opened at once, so that a save that replaces the folder later changes nothing here.

    Attributes
    ----------
    path:
        The folder, as it was given.
    format:
        The name of what it holds.
    metadata:
        What its writer kept in the manifest.
    containers:
        Its files, by name.
    """

    def __init__(self, path: Path, manifest: Manifest, containers: dict[str, Container]) -> None:
        self.path = path
        self.format = manifest.format
        self.metadata = manifest.metadata
        self.containers = containers

    def container(self, name: str) -> Container:
        """Return the container of a name.

        Raises
        ------
        CorruptFile
            When the folder has none.
        """
        if name not in self.containers:
            raise CorruptFile(
                f"{self.path} has no file {name!r}, so it is no whole {self.format!r}; restore a copy."
            )
        return self.containers[name]

    def check(self) -> None:
        """Raise `CorruptFile` if a damaged page has been met in any file."""
        for container in self.containers.values():
            container.check()

    def close(self) -> None:
        """Let go of every file."""
        for container in self.containers.values():
            container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def save_folder(
    folder: str | Path,
    write: Callable[[FolderWriter], None],
    *,
    format: str,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Save an index folder, in place of what was there.

    The files are written and synced in a temporary folder beside, the manifest last; then the two change
    names.
    Whenever the process or the machine dies, the old folder opens or the new one does.

    Parameters
    ----------
    folder:
        Where. Its parent must exist. What is there must be nothing, an empty folder, or a folder of the same
        format with nothing else in it.
    write:
        Writes the files.
    format:
        The name of what the folder holds.
    metadata:
        JSON for the manifest; `write` may add to it.

    Raises
    ------
    FileError
        When the disk refuses, or something else is there. What was there stays.
    InvalidInput
        When the metadata or a name has no form on disk.

    Examples
    --------
    >>> def write(files):
    ...     files.container("codes.safetensors", {"rows": np.zeros((2, 3), np.uint8)}, format="codes")
    >>> save_folder("saved", write, format="things", metadata={"of": "mine"})
    >>> sorted(os.listdir("saved"))
    ['codes.safetensors', 'manifest.json']
    """
    target = Path(os.path.realpath(folder))
    with explained("saved", folder, UNCHANGED):
        _check_replaceable(target, folder, format)
        fail("index.create")
        new = Sibling(target, "folder")
    try:
        files = FolderWriter(new.path, folder, metadata or {})
        write(files)
        raw = build_manifest(Manifest(format, tuple(files.members), files.metadata))
        with explained("saved", folder, UNCHANGED):
            _seal(new.path, raw)
            left = put_in_place(new.path, target)
    except BaseException:
        new.discard()
        raise
    new.close()
    with explained("made durable", folder, "The new folder is in place, but a power cut could undo that."):
        fail("index.rename.after")
        layer().sync_folder(target.parent)
    for path in left:
        remove_quietly(path)


def open_folder(
    folder: str | Path, *, format: str | None = None, verify: Verify = "lazy", mmap: bool = True
) -> Folder:
    """Open an index folder.

    Where a save died between two renames, what was there before is opened from beside.

    Parameters
    ----------
    folder:
        The folder.
    format:
        What it must hold; None takes anything.
    verify, mmap:
        As for `Container.open`.

    Raises
    ------
    FileError
        When it cannot be opened, or holds something else.
    CorruptFile
        When a file is damaged, missing, or not the one that the manifest lists.
    UnsupportedVersion
        When a newer version wrote it in a way that this one cannot read.

    Examples
    --------
    >>> save_folder("opened", lambda files: None, format="things", metadata={"of": "mine"})
    >>> with open_folder("opened", format="things") as files:
    ...     files.metadata
    {'of': 'mine'}
    """

    def use(place: Path, file: int) -> Folder:
        manifest = read_manifest(place, file)
        _check_format(folder, manifest.format, format)
        containers = {m.name: _open_member(place, file, m, verify, mmap) for m in manifest.members}
        return Folder(Path(folder), manifest, containers)

    return while_it_stays(folder, use)


def _open_member(place: Path, file: int, member: Member, verify: Verify, mapped: bool) -> Container:
    opened = open_member(place, file, member.name)
    try:
        container = Container(opened, place / member.name, None, verify, mapped)
    finally:
        os.close(opened)
    check_member(place, member, container.nbytes, container.head)
    return container


def _check_format(folder: str | Path, found: str, wanted: str | None) -> None:
    if wanted not in (None, found):
        raise FileError(f"{folder} holds {found!r}, not {wanted!r}; open it as what it is.")


def _check_replaceable(target: Path, folder: str | Path, format: str) -> None:
    """Make sure that a save removes nothing but an earlier save."""
    if not os.path.lexists(target):
        return

    def use(place: Path, file: int) -> None:
        names = set(os.listdir(file))
        if not names:
            return
        if MANIFEST not in names:
            raise FileError(f"{folder} is a folder with other things in it; choose another name or empty it.")
        try:
            manifest = read_manifest(place, file)
        except CorruptFile as error:
            raise FileError(
                f"{folder} holds a damaged index, which is not replaced; remove it or choose another name."
            ) from error
        _check_format(folder, manifest.format, format)
        strangers = names - {MANIFEST} - {member.name for member in manifest.members}
        if strangers:
            raise FileError(
                f"{folder} holds {min(strangers)!r}, which is not part of the index; move it away or choose "
                "another name."
            )

    while_it_stays(folder, use)


def _seal(place: Path, manifest: bytes) -> None:
    """Write the manifest, the last file of all, and wait until the folder is on disk."""
    fail("index.manifest")
    file = layer().create(place / MANIFEST)
    try:
        write_all(file, memoryview(manifest))
        layer().sync(file)
    finally:
        os.close(file)
    fail("index.sync")
    layer().sync_folder(place)


def put_in_place(new: Path, target: Path) -> list[Path]:
    """Let a new folder take the target's name; what is no longer needed is returned.

    Parameters
    ----------
    new, target:
        A sibling, whole and on disk, and what it shall replace: nothing, an empty folder or an older save.
    """
    with parent_locked(target):
        fail("index.rename.before")
        if not os.path.lexists(target) or not os.listdir(target):
            layer().rename(new, target)
            return siblings(target, "old")
        if layer().exchange(new, target):
            return [new]
        old = sibling(target, "old")
        layer().rename(target, old)
        try:
            fail("index.rename.middle")
            layer().rename(new, target)
        except BaseException:
            with suppress(OSError):
                layer().rename(old, target)
            raise
        return [old]
