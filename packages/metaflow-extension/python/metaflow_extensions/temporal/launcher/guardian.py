"""
A process that outlives the launcher by a moment: where the launcher is killed with SIGKILL, it kills the process groups that the
launcher had started, subprocesses of tasks among them (the parent-death signal reaches a task, not what the task started).

G1. It is forked before Metaflow is imported, in a session of its own, and holds nothing but one end of a pipe: it stays small, and
    no Ctrl-C or group kill meant for others reaches it.
G2. It kills only what is recorded when the pipe closes: a launcher that leaves in order has cleared its record.
"""

import os
import shutil
import signal
from typing import Iterable, Set

from .kernel import signal_group


class Guardian:
    """The launcher's handle."""

    def __init__(self, temporary: str, keep: Iterable[int]) -> None:
        """Fork it. `temporary` is a folder to remove in the end, `keep` descriptors of the launcher to close in the guardian."""
        read, self.fd = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.fd)
                for fd in keep:
                    _close(fd)
                _guard(read, temporary)
            finally:
                os._exit(0)
        os.close(read)

    def add(self, group: int) -> None:
        """Record a process group."""
        self._write(b"+%d\n" % group)

    def remove(self, group: int) -> None:
        """Forget a process group that has ended."""
        self._write(b"-%d\n" % group)

    def _write(self, line: bytes) -> None:
        try:
            os.write(self.fd, line)
        except OSError:
            pass  # killed by someone: the parent-death signal is left


def _guard(read: int, temporary: str) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.chdir("/")
    groups: Set[int] = set()
    rest = b""
    while True:
        data = os.read(read, 65536)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
    for group in groups:
        signal_group(group, signal.SIGKILL)
    shutil.rmtree(temporary, ignore_errors=True)


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        pass
