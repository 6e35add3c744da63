"""
The launcher's end of its fork server.

K1. Who asks for a fork gets its process id or an OSError, and hears once how it ended, whoever has reaped it.
K2. A fork server that dies takes its children along; they are told as killed, and the next fork is another one's.
"""

import os
import signal
import socket
from collections import deque
from typing import Callable, Deque, List, Set, Tuple, Union

from .forking import fork
from .forkserver import serve
from .kernel import signal_group
from .reactor import Reactor
from .settings import Settings

#: Seconds after which children of a fork server that died are taken for dead.
_GRACE = 1.0

Forked = Callable[[Union[int, OSError]], None]


class Forks:
    """Forks of a process that does nothing but fork."""

    def __init__(self, settings: Settings, reactor: Reactor, temporary: str, descriptors: Callable[[], List[int]]) -> None:
        """`descriptors` are those of the launcher that no fork may have."""
        self._settings = settings
        self._reactor = reactor
        self._temporary = temporary
        self._descriptors = descriptors
        self._waiting: Deque[Forked] = deque()
        self._alive: Set[int] = set()
        self._rest = b""
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()

        def body() -> None:
            serve(self._settings, theirs, self._temporary)

        try:
            self._pid = fork(body, [*self._descriptors(), ours.fileno()])
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._line = ours
        self._reactor.add(ours.fileno(), self._readable)

    def fork(self, kind: bytes, fds: List[int]) -> int:
        """Fork at once; the process id. Raises OSError where there is no memory, or no number, for another process."""
        got: List[Union[int, OSError]] = []
        self.ask(kind, fds, got.append)
        while not got:
            # What else is told meanwhile is for later: who called expects nothing to happen now.
            ended = self._receive(0)
            self._reactor.later(0, lambda ended=ended: self._tell(ended))  # type: ignore[misc]
        if isinstance(got[0], OSError):
            raise got[0]
        return got[0]

    def ask(self, kind: bytes, fds: List[int], reply: Forked) -> None:
        """Fork and call back with the process id, or with the OSError that kept it from being. The caller closes its `fds`."""
        try:
            if self._line.fileno() < 0:
                self._start()
        except OSError as error:
            reply(error)
            return
        self._waiting.append(reply)
        try:
            socket.send_fds(self._line, [kind], fds)
        except OSError:
            self._gone()

    def on_exit(self, pid: int, callback: Callable[[int], None]) -> None:
        """Call back with the wait status of a fork when it has ended."""
        self._reactor.on_exit(pid, callback)

    def _readable(self) -> None:
        # It may have been read already, by who could not wait.
        self._tell(self._receive(socket.MSG_DONTWAIT))

    def _receive(self, flags: int) -> List[Tuple[int, int, int]]:
        """Take what the fork server says; process id, status and peak of memory of those that have ended."""
        try:
            data = self._line.recv(1 << 16, flags)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self._gone()
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        ended: List[Tuple[int, int, int]] = []
        for line in lines:
            word, *numbers = line.split()
            values = [int(number) for number in numbers]
            if word == b"forked":
                self._alive.add(values[0])
                self._waiting.popleft()(values[0])
            elif word == b"refused":
                self._waiting.popleft()(OSError(values[0], os.strerror(values[0])))
            else:
                ended.append((values[0], values[1], values[2]))
        return ended

    def _tell(self, ended: List[Tuple[int, int, int]]) -> None:
        for pid, status, peak in ended:
            self._alive.discard(pid)
            self._reactor.ended(pid, status, peak)

    def _gone(self) -> None:
        if self._line.fileno() < 0:
            return
        print("mft: the process that forks planners and tasks has died; what it had forked dies with it", flush=True)
        self._reactor.remove(self._line.fileno())
        self._line.close()
        self._rest = b""
        orphans, self._alive = self._alive, set()
        for pid in orphans:
            signal_group(pid, signal.SIGKILL)
        # On Linux they become our children and are reaped as such; what had ended before, or becomes another's, is not.
        self._reactor.later(_GRACE, lambda: self._tell([(pid, signal.SIGKILL, 0) for pid in orphans]))
        waiting, self._waiting = self._waiting, deque()
        for reply in waiting:
            reply(OSError(0, "The process that forks has died"))
