"""
A process that is forked before there is a task for it. A task that comes then need not wait for a fork.

S1. It is as good as a fork made at that moment: nothing of the flow has been executed in it, and what to run comes through its line.
S2. There is one at most, made while the launcher waits for something else. Where there is none, a task is forked as it comes.
S3. It ends when its line is closed and nothing was written to it: by us, or because the launcher is gone.
"""

import json
import os
import socket
from typing import Any, Callable, Dict, List, Optional

from . import flowfile
from .forking import fork
from .logs import Stream
from .reactor import Reactor
from .settings import Settings
from .start import get_ready, run_task

#: Characters of a command line up to which it goes through the line: the join of a wide foreach is sooner forked than told.
_MOST = 16_000


class Spare:
    """One such process."""

    def __init__(self, settings: Settings, reactor: Reactor, close: List[int], temporary: str) -> None:
        self.streams = [Stream(name, reactor) for name in ("stdout", "stderr")]
        out, err = self.streams
        #: Both ways: what it is to run, and that it leaves.
        self.line, theirs = socket.socketpair()

        def body() -> None:
            told = theirs.dup()
            get_ready(settings, theirs)
            with told, told.makefile("rb") as source:
                text = source.read()
            if not text:
                os._exit(0)
            plan, result = json.loads(text)
            run_task(settings, plan, result, temporary)

        try:
            self.pid = fork(body, [*close, self.line.fileno(), out.reader, err.reader], out.writer, err.writer)
        except OSError:
            self.close()
            raise
        finally:
            theirs.close()

    def descriptors(self) -> List[int]:
        """What other forks must close."""
        return [self.line.fileno(), *self._pipes()]

    def run(self, plan: Dict[str, Any], result: str) -> bool:
        """Have it run a task; False where it has died. Its streams, its line and its exit are the caller's from here on."""
        try:
            self.line.sendall(json.dumps([plan, result]).encode())
            self.line.shutdown(socket.SHUT_WR)
            self.line.setblocking(False)
        except OSError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Do without it."""
        self.line.close()
        for fd in self._pipes():
            os.close(fd)

    def _pipes(self) -> List[int]:
        return [fd for stream in self.streams for fd in (stream.reader, stream.writer)]


class Spares:
    """The launcher's side: the process that waits, if there is one."""

    def __init__(self, settings: Settings, reactor: Reactor, descriptors: Callable[[], List[int]], temporary: str) -> None:
        self._settings = settings
        self._reactor = reactor
        self._close = descriptors
        self._temporary = temporary
        self._waiting: Optional[Spare] = None
        self._later()

    def descriptors(self) -> List[int]:
        """What other forks must close."""
        return [] if self._waiting is None else self._waiting.descriptors()

    def take(self, plan: Dict[str, Any]) -> Optional[Spare]:
        """The process that waits, where there is one and it may run this; another will take its place."""
        spare = self._waiting
        if spare is None:
            self._later()
        elif sum(map(len, plan["argv"])) <= _MOST:
            self._waiting = None
            self._later()
            return spare
        return None

    def _later(self) -> None:
        if self._settings.mode == "fork":
            self._reactor.later(0, self._make)

    def _make(self) -> None:
        if self._waiting is not None:
            return
        flowfile.warm(self._settings.path)
        try:
            spare = Spare(self._settings, self._reactor, self._close(), self._temporary)
        except OSError:
            return  # no memory for it: a task that comes says so, if it is still so then
        self._waiting = spare
        self._reactor.on_exit(spare.pid, lambda _: self._died(spare))

    def _died(self, spare: Spare) -> None:
        if self._waiting is spare:
            self._waiting = None
            spare.close()
