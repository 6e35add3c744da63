"""
The process of an attempt, from its start to its end: started, listened to, ended, cleared away.

C1. Its end is told once, when its status is known and its output has ended; whoever else holds its pipes delays that by a second at most.
C2. It has ended when it says that it leaves after a success, or else when it has been reaped.
C3. Nothing of its group outlives it: after a success what is left is asked to end and then killed, after anything else it is killed at once.
"""

import os
import signal
from typing import Any, Callable, Dict, List, Optional

from . import outcome
from .kernel import signal_group
from .leave import Heard
from .logs import Stream
from .reactor import Timer

#: Seconds that a grandchild may keep the pipes open after the task has ended, and that leftovers have between SIGTERM and SIGKILL.
PIPE_GRACE, LEFTOVER_GRACE = 1.0, 3.0


class TaskProcess:
    """One process, which may not have been started yet."""

    def __init__(self, server: Any, ended: Callable[[], None]) -> None:
        self._server = server
        self._ended = ended
        self._result = os.path.join(server.temporary, "result-%d" % server.next_number())
        self._line: Any = None
        self._heard: Optional[Heard] = None
        self._reaped = False
        self._grace: Optional[Timer] = None
        self.pid: Optional[int] = None
        self.streams: List[Stream] = []
        #: The wait status, or the one that the process will have; None before its end.
        self.status: Optional[int] = None
        #: Whether the end was told.
        self.over = False
        #: Whether somebody here has asked it to end.
        self.cancelled = False
        #: The most memory that it used, in bytes.
        self.peak = 0

    def start(self, plan: Dict[str, Any], emit: Callable[[str, str], None]) -> None:
        """Run what was planned; `emit` gets each line of output. Raises OSError where no process can be had."""
        server = self._server
        spare = server.spares.start(plan, self._result)
        assert spare.pid is not None
        self.streams, self._line, self.pid = spare.streams, spare.line, spare.pid
        self._heard = Heard(spare.line)
        server.guardian.add(self.pid)
        server.forks.on_exit(self.pid, self._exited)
        server.reactor.add(self._line.fileno(), self._listen)
        started = {"event": "started", "id": plan.get("id"), "pid": self.pid, "mode": "fork" if plan["fork"] else "spawn"}
        server.node.send(started)
        for stream in self.streams:
            stream.start(emit, self._stream_ended)

    def signal(self, number: int) -> None:
        """Signal its group, unless it is over."""
        if self.pid is not None and not self.over:
            signal_group(self.pid, number)

    def taken(self) -> int:
        """Bytes of output so far."""
        return sum(stream.taken for stream in self.streams)

    def logs(self) -> Dict[str, bytes]:
        """What the datastore is to have of its output."""
        return {stream.name: stream.stored() for stream in self.streams}

    def report(self) -> Dict[str, Any]:
        """What it has told of how its step ended; empty where it could not. To be asked once, at the end."""
        return (self._heard.report if self._heard is not None else {}) or outcome.read(self._result)

    def _listen(self) -> None:
        assert self._heard is not None
        more = self._heard.listen()
        if more and not self._heard.leaves:
            return
        self._hang_up()
        if self._heard.leaves and self.status is None:
            self._done(0)

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._server.reactor.remove(line.fileno())
            line.close()

    def _exited(self, status: int, peak: int) -> None:
        self._reaped = True
        self.peak = peak
        if self._line is not None:
            assert self._heard is not None
            self._heard.listen()
            self._hang_up()
        if self.status is None:
            self._done(status)
        elif self.over:
            self._clear_group()

    def _done(self, status: int) -> None:
        self.status = status
        if all(stream.ended for stream in self.streams):
            self._finish()
        else:
            self._grace = self._server.reactor.later(PIPE_GRACE, self._finish)

    def _stream_ended(self) -> None:
        if self.status is not None and all(stream.ended for stream in self.streams):
            self._finish()

    def _finish(self) -> None:
        if self.over:
            return
        self.over = True
        if self._grace is not None:
            self._grace.cancel()
        for stream in self.streams:
            stream.drain()
        if self._reaped:
            self._clear_group()
        self._ended()

    def _clear_group(self) -> None:
        group = self.pid
        assert group is not None
        guardian, reactor = self._server.guardian, self._server.reactor
        if self.status == 0 and not self.cancelled and signal_group(group, signal.SIGTERM):

            def kill() -> None:
                signal_group(group, signal.SIGKILL)
                guardian.remove(group)

            reactor.later(LEFTOVER_GRACE, kill)
            return
        signal_group(group, signal.SIGKILL)
        guardian.remove(group)
