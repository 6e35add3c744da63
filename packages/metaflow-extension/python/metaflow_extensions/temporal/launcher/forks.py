"""
The launcher's end of its fork server.

K1. Who asks for a fork gets its process id or an OSError, and hears once how it ended.
K2. A fork server that dies takes its children along, so the launcher is lost with it: nothing of what it had begun can be told from what
    has failed.
"""

import os
import socket
from collections import deque
from typing import Callable, Deque, Dict, List, Tuple, Union

from .forking import fork
from .forkserver import serve
from .reactor import Reactor
from .settings import Settings

Forked = Callable[[Union[int, OSError]], None]
#: Gets a wait status, and the bytes of memory that the process had used at its peak.
Ended = Callable[[int, int], None]


class Forks:
    """Forks of a process that does nothing but fork."""

    def __init__(self, settings: Settings, reactor: Reactor, temporary: str, close: List[int], lost: Callable[[], None]) -> None:
        """`close` are descriptors of the launcher that no fork may have; `lost` is called when there can be no more forks."""
        self._reactor = reactor
        self._lost = lost
        self._waiting: Deque[Forked] = deque()
        self._exits: Dict[int, Ended] = {}
        self._rest = b""
        self._line, theirs = socket.socketpair()

        def body() -> None:
            serve(settings, theirs, temporary)

        fork(body, [*close, self._line.fileno()])
        theirs.close()
        reactor.add(self._line.fileno(), self._readable)

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
        self._waiting.append(reply)
        try:
            socket.send_fds(self._line, [kind], fds)
        except OSError:
            self._gone()

    def on_exit(self, pid: int, callback: Ended) -> None:
        """Call back when a fork has ended; nobody else is called back then."""
        self._exits[pid] = callback

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
                self._waiting.popleft()(values[0])
            elif word == b"refused":
                self._waiting.popleft()(OSError(values[0], os.strerror(values[0])))
            else:
                ended.append((values[0], values[1], values[2]))
        return ended

    def _tell(self, ended: List[Tuple[int, int, int]]) -> None:
        for pid, status, peak in ended:
            callback = self._exits.pop(pid, None)
            if callback is not None:
                callback(status, peak)

    def _gone(self) -> None:
        print("mft: the process that forks planners and tasks has died, and they with it", flush=True)
        self._lost()
