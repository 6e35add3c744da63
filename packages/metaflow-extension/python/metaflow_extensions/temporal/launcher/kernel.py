"""
What only the kernel can promise: that a process dies with its parent, and that orphans come to us.

Linux only; elsewhere the calls do nothing and the guardian is what is left.
"""

import ctypes
import os
import signal
import sys
from typing import List, Optional

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_MADV_POPULATE_WRITE = 23

# Loaded once, before any fork: a child calls it without importing anything.
_libc: Optional[ctypes.CDLL] = None
if sys.platform == "linux":
    try:
        _libc = ctypes.CDLL(None, use_errno=True)
        _libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    except OSError:
        pass


def die_with_parent(parent: int) -> None:
    """SIGKILL for this process when `parent` dies, also where it died before this call."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Make descendants whose parent died our children, so that they can be found."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> List[int]:
    """Ids of all our children, adopted ones too; empty where the kernel does not tell."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid(), encoding="ascii") as listing:
            return [int(pid) for pid in listing.read().split()]
    except OSError:
        return []


def populate(start: int, size: int) -> bool:
    """Have `size` bytes of memory from `start` on ready to be written to, their contents as they are; False where this cannot be done."""
    return _libc is not None and _libc.madvise(start, size, _MADV_POPULATE_WRITE) == 0


def reap() -> bool:
    """Collect every child of ours that has ended; whether others are left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    except ChildProcessError:
        return False


def signal_group(group: int, number: int) -> bool:
    """Signal a process group; whether there was one."""
    try:
        os.killpg(group, number)
        return True
    except (ProcessLookupError, PermissionError):
        return False
