"""
A process that is forked before there is a task for it. A task that comes then need not wait for a fork.

S1. It is as good as a fork made at that moment: nothing of the flow has been executed in it, and what to run comes through its pipe.
S2. There is one at most, made while the launcher waits for something else. Where there is none, a task is forked as it comes.
S3. It ends when its pipe is closed and nothing was written to it: by us, or because the launcher is gone.
"""

import json
import os
from typing import Any, Callable, Dict, List, Optional

from . import flowfile
from .forking import fork
from .logs import Stream
from .reactor import Reactor
from .settings import Settings
from .start import run_task

#: Characters of a command line up to which it goes through the pipe: the join of a wide foreach is sooner forked than told.
_MOST = 16_000


class Spare:
    """One such process."""

    def __init__(self, settings: Settings, reactor: Reactor, close: List[int], temporary: str) -> None:
        self.streams = [Stream(name, reactor) for name in ("stdout", "stderr")]
        out, err = self.streams
        reader, self._writer = os.pipe()

        def body() -> None:
            with os.fdopen(reader, "rb") as pipe:
                told = pipe.read()
            if not told:
                os._exit(0)
            plan, result = json.loads(told)
            run_task(settings, plan, result, temporary)

        try:
            self.pid = fork(body, [*close, self._writer, out.reader, err.reader], out.writer, err.writer)
        except OSError:
            self.close()
            raise
        finally:
            os.close(reader)

    def descriptors(self) -> List[int]:
        """What other forks must close."""
        return [self._writer, *(fd for stream in self.streams for fd in (stream.reader, stream.writer))]

    def run(self, plan: Dict[str, Any], result: str) -> bool:
        """Have it run a task; False where it has died. Its streams and its exit are the caller's from here on."""
        try:
            rest = memoryview(json.dumps([plan, result]).encode())
            while rest:
                rest = rest[os.write(self._writer, rest) :]
        except OSError:
            self.close()
            return False
        os.close(self._writer)
        return True

    def close(self) -> None:
        """Do without it."""
        for fd in self.descriptors():
            os.close(fd)


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
