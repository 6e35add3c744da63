"""
Memory that a task's process writes to, copied for it while it waits for its task. A fork shares all memory with the fork server; the kernel
copies each page as it is first written, two thousand of them for a task that does nothing, a fifth of its time. Which pages these are
hardly differs from task to task.

W1. Only what would be copied anyway is copied, a little early. Python sees nothing of it, and where it cannot be done nothing is lost.
W2. Who has something to do stops at once.
W3. Linux 5.14 or later. Elsewhere, and for tasks that write to much more than others do, nothing is done.
"""

import array
import ctypes
import itertools
import mmap
from typing import Callable, List, Optional, Tuple

from .kernel import populate

_PAGE = mmap.PAGESIZE
#: Pages at most: a waiting process costs that much memory.
_MOST = 8_192
#: Bytes of one piece of memory up to which it is looked at: to look at more takes long, and it holds a user's data.
_LARGEST = 256 << 20
#: Pages that are copied between two looks at whether there is something to do; some 2 to 3 µs each.
_AT_ONCE = 32
#: In /proc/self/pagemap: present, nobody else's, and neither of a file nor shared on purpose.
_FLAGS = 1 << 63 | 1 << 61 | 1 << 56
_OWN = 1 << 63 | 1 << 56

#: Written by one task and read by all that come later: how many numbers follow, then address and bytes of each range. 0: nobody has looked.
_board: Optional[mmap.mmap] = None
_areas: List[Tuple[int, int]] = []
_waited = False


def watch() -> None:
    """In the fork server, before it forks: have the first task tell which pages it wrote to."""
    global _board
    board = mmap.mmap(-1, 8 * (1 + 2 * _MOST))
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
    """In a task that has ended, and has told so: let others know which pages it wrote to. Where two do at once, what the board holds is still pages."""
    if _board is None or not _waited:
        return
    board = memoryview(_board).cast("q")
    if board[0]:
        return
    try:
        pages = _written()
    except OSError:
        pages = []
    if len(pages) > _MOST:
        return  # the next task may be one like most
    numbers = array.array("q", itertools.chain.from_iterable(_ranges(pages)))
    board[1 : 1 + len(numbers)] = numbers
    # Last: who sees it finds the rest.
    board[0] = len(numbers) or -1


def _known() -> List[Tuple[int, int]]:
    if _board is None:
        return []
    board = memoryview(_board).cast("q")
    numbers = board[1 : 1 + max(0, board[0])].tolist()
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
