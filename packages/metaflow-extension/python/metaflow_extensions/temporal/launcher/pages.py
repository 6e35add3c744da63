"""
Memory that a task's process writes to, copied for it while it waits for its task. A fork shares all memory with the fork server; the kernel
copies each page as it is first written, two thousand of them for a task that does nothing, two fifths of the time that it takes. Which
pages these are hardly differs from task to task.

W1. Only what two tasks have written to is copied (what one has, until there are two). Python sees nothing of it, and where it cannot be
    done nothing is lost.
W2. Who has something to do stops at once.
W3. Linux 5.14 or later. Elsewhere, and where tasks write to very much, nothing is done.
W4. A process that forks shares its memory again: what must be forked is forked before.
"""

import array
import ctypes
import itertools
import mmap
from typing import Callable, List, Optional, Tuple

from .kernel import populate

_PAGE = mmap.PAGESIZE
#: Pages at most, 32 MB: a waiting process costs that much memory.
_MOST = (32 << 20) // _PAGE
#: Bytes of one piece of memory up to which it is looked at: to look at more takes long, and it holds a user's data.
_LARGEST = 256 << 20
#: Pages that are copied between two looks at whether there is something to do, 128 KB; 4 KB take 2 to 3 µs.
_AT_ONCE = max(1, (128 << 10) // _PAGE)
#: Tasks that look which pages they have written to.
_LOOKS = 2
#: In /proc/self/pagemap: present, nobody else's, and neither of a file nor shared on purpose.
_FLAGS = 1 << 63 | 1 << 61 | 1 << 56
_OWN = 1 << 63 | 1 << 56

#: Shared by all forks: how many tasks have looked, how many numbers follow (-1: too many), then address and bytes of each range.
_board: Optional[mmap.mmap] = None
_areas: List[Tuple[int, int]] = []
_waited = False


def watch() -> None:
    """In the fork server, before it forks: have the first tasks tell which pages they wrote to."""
    global _board
    board = mmap.mmap(-1, 8 * (2 + 2 * _MOST))
    try:
        _areas[:] = _writable()
    except OSError:
        return
    if populate(ctypes.addressof(ctypes.c_char.from_buffer(board)), _PAGE):
        _board = board


def copy_ahead(wanted: Callable[[], bool]) -> None:
    """In a process that waits for a task: get copies of the pages that it will write to, until it is `wanted`."""
    global _waited
    _waited = True
    copied = 0
    for start, size in _known():
        if copied >= _AT_ONCE:
            copied = 0
            if wanted():
                return
        copied += size // _PAGE
        populate(start, size)


def learn() -> None:
    """
    In a task that has succeeded, and has told so: let others know which pages it wrote to.
    Where two do at once, what is known is still pages.
    """
    if _board is None or not _waited:
        return
    board = memoryview(_board).cast("q")
    looks = board[0]
    if looks >= _LOOKS:
        return
    try:
        pages = _written()
        if looks and board[1] >= 0:
            known = {page for start, size in _known() for page in range(start, start + size, _PAGE)}
            pages = [page for page in pages if page in known]
        numbers = array.array("q", itertools.chain.from_iterable(_ranges(pages)) if len(pages) <= _MOST else ())
        board[2 : 2 + len(numbers)] = numbers
        board[1] = len(numbers) if len(pages) <= _MOST else -1
        board[0] = looks + 1
    except BaseException:  # noqa: B902 - the task has ended well, whatever this is
        return


def _known() -> List[Tuple[int, int]]:
    if _board is None:
        return []
    board = memoryview(_board).cast("q")
    numbers = board[2 : 2 + max(0, board[1])].tolist()
    return list(zip(numbers[::2], numbers[1::2]))


def _writable() -> List[Tuple[int, int]]:
    """What this process may write to and shares with its forks."""
    found = []
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            place, kind = line.split(None, 2)[:2]
            if kind == "rw-p":
                start, end = (int(number, 16) for number in place.split("-"))
                if end - start <= _LARGEST:
                    found.append((start, end))
    return found


def _written() -> List[int]:
    """Addresses of the pages, of those that were there before the fork, that are this process's alone."""
    found = []
    with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
        for start, end in _areas:
            pagemap.seek(start // _PAGE * 8)
            entries = array.array("Q", pagemap.read((end - start) // _PAGE * 8))
            found += [start + number * _PAGE for number, entry in enumerate(entries) if entry & _FLAGS == _OWN]
    return found


def _ranges(pages: List[int]) -> List[Tuple[int, int]]:
    ranges: List[Tuple[int, int]] = []
    for page in pages:
        start, size = ranges[-1] if ranges else (0, 0)
        if start + size == page and size < _AT_ONCE * _PAGE:
            ranges[-1] = (start, size + _PAGE)
        else:
            ranges.append((page, _PAGE))
    return ranges
