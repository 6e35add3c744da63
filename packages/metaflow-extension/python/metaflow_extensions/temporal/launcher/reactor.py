"""
One thread waits for everything: descriptors, timers, orphans.

R1. Children are reaped in one place: strangers, orphans that a subreaper inherits. What the fork server has forked it reaps itself.
R2. A callback never blocks.
"""

import heapq
import itertools
import selectors
import time
from typing import Callable, List, Optional, Tuple

from . import kernel
from .wakeup import Wakeup


class Timer:
    """A callback that is due; `cancel()` forgets it."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Optional[Callable[[], None]] = callback

    def cancel(self) -> None:
        """Never call it. Harmless afterwards."""
        self.callback = None


class Reactor:
    """The launcher's event loop."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: List[Tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._wakeup = Wakeup()
        self.add(self._wakeup.fd, self._woken)
        self.stopped = False

    def descriptors(self) -> List[int]:
        """Descriptors that a fork must close."""
        fds = [key.fd for key in list(self._selector.get_map().values())]
        own = getattr(self._selector, "fileno", None)
        return [*{*fds, *self._wakeup.descriptors()}] + ([own()] if own else [])

    def add(self, fd: int, callback: Callable[[], None], write: bool = False) -> None:
        """Call back whenever `fd` can be read (or, with `write`, also written)."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
        self._selector.register(fd, events, callback)

    def watch_write(self, fd: int, on: bool) -> None:
        """Whether to call back for `fd` also when it can be written."""
        key = self._selector.get_key(fd)
        self._selector.modify(fd, selectors.EVENT_READ | (selectors.EVENT_WRITE if on else 0), key.data)

    def remove(self, fd: int) -> None:
        """Stop waiting for `fd`."""
        try:
            self._selector.unregister(fd)
        except KeyError:
            pass

    def later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once, after `seconds`."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), timer))
        return timer

    def run(self) -> None:
        """Wait and call back until `stopped`."""
        while not self.stopped:
            self.turn(None)

    def turn(self, longest: Optional[float]) -> None:
        """One round, of at most `longest` seconds."""
        wait = longest
        if self._timers:
            due = max(0.0, self._timers[0][0] - time.monotonic())
            wait = due if wait is None else min(due, wait)
        for key, _ in self._selector.select(wait):
            # A callback before this one may have removed it.
            if self._selector.get_map().get(key.fd) is not None:
                key.data()
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if timer.callback is not None:
                timer.callback()

    def _woken(self) -> None:
        self._wakeup.clear()
        kernel.reap()
