"""
What the process of a task says on its line: how its step has ended, and that it leaves. What it is to do is done before the kernel takes
its memory back, which takes milliseconds: its answer need not wait for its end.

L1. Only the process that was started for the task speaks. It says that it leaves after the last line of Python that could still do
    something for the task, and after a success alone: else the wait status tells.
L2. Its output has ended before it leaves: the streams are read to their end as if it were gone.
L3. Where the user's code has closed the descriptor nothing is said; whoever has something to report must find another way.
"""

import json
import os
import socket
import stat
from typing import Any, Dict, Optional, Tuple

_LEAVES = b"leaves"

_kept: Optional[Tuple[int, int, int]] = None
_reported = False


def keep(line: socket.socket) -> None:
    """In the process of a task: where to speak."""
    global _kept
    fd = line.detach()
    _kept = (os.getpid(), fd, os.fstat(fd).st_ino)


def report(answer: Dict[str, Any]) -> bool:
    """Tell how the step has ended; a later report replaces an earlier one. False where this cannot be told."""
    global _reported
    said = _say(json.dumps(answer).encode())
    _reported = _reported or said
    return said


def reported() -> bool:
    """Whether this process has told how the step has ended."""
    return _reported


def say(status: int) -> None:
    """The last thing before `os._exit(status)`."""
    if status == 0 and _line() is not None:
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
        except OSError:
            return
        _say(_LEAVES)


def _say(words: bytes) -> bool:
    fd = _line()
    if fd is None:
        return False
    rest = memoryview(words + b"\n")
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError:
        return False
    return True


def _line() -> Optional[int]:
    """The descriptor; None in a fork of the task's process, and where the user's code has closed it."""
    if _kept is None or _kept[0] != os.getpid():
        return None
    _, fd, inode = _kept
    try:
        found = os.fstat(fd)
    except OSError:
        return None
    return fd if stat.S_ISSOCK(found.st_mode) and found.st_ino == inode else None


class Heard:
    """The launcher's end."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._data = b""
        self.leaves = False
        self.report: Dict[str, Any] = {}

    def listen(self) -> bool:
        """Take what was said, without waiting; whether there may be more."""
        try:
            while True:
                data = self._line.recv(1 << 16)
                if not data:
                    return False
                self._take(data)
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _take(self, data: bytes) -> None:
        *lines, self._data = (self._data + data).split(b"\n")
        for line in lines:
            if line == _LEAVES:
                self.leaves = True
            else:
                self._report(line)

    def _report(self, line: bytes) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        # The user's code may have written to a descriptor that is not its own.
        if isinstance(told, dict):
            self.report = told
