"""Giving back the pages of a mapped file that has been read."""

import mmap

import numpy as np

from lilliput.io.arrays import AnyArray


def shared_map(array: AnyArray) -> mmap.mmap | None:
    """Find the map of the file that an array is a view of, where its pages may be dropped without loss.

    A map in mode ``"c"`` holds changes that no file has, and only `numpy.memmap` knows its mode; another map
    is left alone.
    """
    mode: str | None = None
    base: object = array
    while base is not None:
        if isinstance(base, mmap.mmap):
            return base if mode in ("r", "r+", "w+") and hasattr(base, "madvise") else None
        mode = getattr(base, "mode", None) if isinstance(base, np.memmap) else mode
        base = getattr(base, "base", None)
    return None


def drop_pages(array: AnyArray, view: AnyArray) -> None:
    """Tell the system that the pages wholly under a view are not needed for now.

    Reading a mapped file makes its pages count as this process's memory until something evicts them; a stream
    over 4 GB would look like 4 GB used. They stay in the system's cache, and touching them again is no error.

    Parameters
    ----------
    array:
        An array, mapped or not; nothing happens when it is not.
    view:
        A range of its rows. Where that lies scattered over the map, all of the map's pages are dropped.
    """
    found = shared_map(array)
    if found is None or not view.size:
        return
    if not view.flags.c_contiguous:
        found.madvise(mmap.MADV_DONTNEED)
        return
    origin = np.frombuffer(found, dtype=np.uint8).__array_interface__["data"][0]
    low = view.__array_interface__["data"][0] - origin
    first = -(-low // mmap.PAGESIZE) * mmap.PAGESIZE
    last = (low + view.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if 0 <= first < last <= len(found):
        found.madvise(mmap.MADV_DONTNEED, first, last - first)
