"""The launcher's end of its planners: one per run, opened by a request or, by joining, by the first task that needs it."""

import socket
import time
from typing import Any, Callable, Dict, List, Optional

from .forks import Forks
from .forkserver import PLANNER
from .frames import Decoder, encode
from .reactor import Reactor

Reply = Callable[[Dict[str, Any]], None]

#: What a request gets whose planner died.
LOST = {"lost": True}


class PlannerHandle:
    """A planner, seen from the launcher."""

    def __init__(
        self,
        reactor: Reactor,
        forks: Forks,
        request: Dict[str, Any],
        on_gone: Callable[["PlannerHandle"], None],
    ) -> None:
        self.run_id: str = request["run_id"]
        self._reactor = reactor
        self._on_gone = on_gone
        self._decoder = Decoder()
        self._out = bytearray()
        self._writing = False
        self._waiting: Dict[Any, Reply] = {}
        self._openers: List[Reply] = []
        self._opening: Optional[Dict[str, Any]] = None
        self.gone = False
        #: Tasks that it looks after, and when it had the last one.
        self.tasks = 0
        self.last_used = time.monotonic()
        ours, theirs = socket.socketpair()
        try:
            self.pid = forks.fork(PLANNER, [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self._socket = ours
        self._fd = ours.fileno()
        reactor.add(self._fd, self._readable)
        forks.on_exit(self.pid, lambda status, peak: self._end())
        # What it is to plan: the first thing that it reads.
        self._out += encode(request)
        self._flush()

    def when_open(self, reply: Reply) -> None:
        """Call back with `{"opened": …}` once, now or later."""
        if self._opening is not None:
            reply(self._opening)
        elif self.gone:
            reply(LOST)
        else:
            self._openers.append(reply)

    def ask(self, message: Dict[str, Any], reply: Optional[Reply]) -> None:
        """Send a request; `reply` gets the answer, or `LOST`."""
        if self.gone:
            if reply is not None:
                reply(LOST)
            return
        if reply is not None:
            self._waiting[message["id"]] = reply
        self._out += encode(message)
        self._flush()

    def released(self) -> None:
        """One task less."""
        self.tasks -= 1
        self.last_used = time.monotonic()

    def idle(self, seconds: float) -> bool:
        """Whether it has had nothing to do for so long."""
        return self._opening is not None and self.tasks == 0 and time.monotonic() - self.last_used > seconds

    def _flush(self) -> None:
        try:
            while self._out:
                sent = self._socket.send(memoryview(self._out)[: 1 << 18])
                del self._out[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._out.clear()
        if bool(self._out) != self._writing and not self.gone:
            self._writing = bool(self._out)
            self._reactor.watch_write(self._fd, self._writing)

    def _readable(self) -> None:
        if self._out:
            self._flush()
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        self._take(data)

    def _take(self, data: bytes) -> None:
        for message in self._decoder.feed(data):
            if "opened" in message:
                self._opening = message
                if not message["opened"]:
                    # A later attempt to open gets a planner of its own, though this one may take a moment to end.
                    self._on_gone(self)
                openers, self._openers = self._openers, []
                for reply in openers:
                    reply(message)
            else:
                waiting = self._waiting.pop(message.get("re"), None)
                if waiting is not None:
                    waiting(message)

    def _end(self) -> None:
        if self.gone:
            return
        try:
            # The last answers may lie in the socket when the exit is seen first.
            while True:
                data = self._socket.recv(1 << 16)
                if not data:
                    break
                self._take(data)
        except OSError:
            pass
        self.gone = True
        self._reactor.remove(self._fd)
        self._socket.close()
        self._on_gone(self)
        waiting, self._waiting = list(self._waiting.values()), {}
        openers, self._openers = self._openers, []
        for reply in waiting + openers:
            reply(LOST)

