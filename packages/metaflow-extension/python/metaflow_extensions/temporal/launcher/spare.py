"""
A process for a task, forked as one comes or before there is one: a task that comes then need not wait for a fork.

S1. One that has waited is as good as a fork made at that moment: nothing of the flow has been executed in it, and what to run comes
    through its line.
S2. There is one at most that waits, made while the launcher waits for something else.
S3. It ends when its line is closed and nothing was written to it: by us, or because the launcher is gone.
"""

import json
import os
import socket
from typing import Any, Callable, Dict, List, Optional, Union

from .forks import Forks
from .forkserver import TASK
from .logs import Stream
from .reactor import Reactor
from .settings import Settings

#: Characters of a plan up to which it goes through the line, which takes so much without waiting; the join of a wide foreach has more.
_MOST = 16_000


class Spare:
    """A process that is told later what to run."""

    def __init__(self, reactor: Reactor) -> None:
        self.streams = [Stream(name, reactor) for name in ("stdout", "stderr")]
        #: Both ways: what it is to run, and what it tells of its end.
        self.line, self._theirs = socket.socketpair()
        self.pid: Optional[int] = None

    def fork(self, forks: Forks) -> None:
        """Fork it now. Raises OSError."""
        try:
            self.pid = forks.fork(TASK, self._given())
        except OSError:
            self.close()
            raise
        finally:
            self._theirs.close()

    def fork_later(self, forks: Forks, done: Callable[[], None]) -> None:
        """Have it forked; call back when it is or, with `pid` still None, when it cannot be."""

        def forked(answer: Union[int, OSError]) -> None:
            if isinstance(answer, OSError):
                self.close()
            else:
                self.pid = answer
            done()

        forks.ask(TASK, self._given(), forked)
        self._theirs.close()

    def _given(self) -> List[int]:
        out, err = self.streams
        return [self._theirs.fileno(), out.writer, err.writer]

    def run(self, plan: Dict[str, Any], result: str) -> bool:
        """Have it run a task; False where it has died. Its streams, its line and its exit are the caller's from here on."""
        text = json.dumps([plan, result])
        try:
            if len(text) > _MOST:
                kept = result + ".plan"
                with open(kept, "w", encoding="utf-8") as out:
                    json.dump(plan, out)
                text = json.dumps([{"kept": kept}, result])
            self.line.sendall(text.encode())
            self.line.shutdown(socket.SHUT_WR)
            self.line.setblocking(False)
        except OSError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Do without it."""
        self.line.close()
        for stream in self.streams:
            os.close(stream.reader)
            os.close(stream.writer)


class Spares:
    """Processes for tasks, and the one that waits, if there is one."""

    def __init__(self, settings: Settings, reactor: Reactor, forks: Forks) -> None:
        self._settings = settings
        self._reactor = reactor
        self._forks = forks
        self._waiting: Optional[Spare] = None
        self._making = False
        self._later()

    def start(self, plan: Dict[str, Any], result: str) -> Spare:
        """Have a process run this: the one that waits, or else another. Raises OSError where there is no room for one."""
        spare, self._waiting = self._waiting, None
        self._later()
        if spare is not None and spare.run(plan, result):
            return spare
        spare = Spare(self._reactor)
        spare.fork(self._forks)
        if not spare.run(plan, result):
            raise OSError("its process has died")
        return spare

    def _later(self) -> None:
        if self._settings.mode == "fork" and not self._making:
            self._making = True
            self._reactor.later(0, self._make)

    def _make(self) -> None:
        if self._waiting is not None:
            self._making = False
            return

        def done() -> None:
            self._making = False
            # Where there is no memory for it, a task that comes says so, if it is still so then.
            if spare.pid is not None:
                self._waiting = spare
                self._forks.on_exit(spare.pid, lambda *_: self._died(spare))

        try:
            spare = Spare(self._reactor)
        except OSError:
            self._making = False
            return
        spare.fork_later(self._forks, done)

    def _died(self, spare: Spare) -> None:
        if self._waiting is spare:
            self._waiting = None
            spare.close()
