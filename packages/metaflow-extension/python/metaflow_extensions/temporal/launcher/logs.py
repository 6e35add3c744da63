"""
Output of a task: lines to Node as they come, and kept in Metaflow's own form for the datastore.

L1. What `Task.stdout` shows is what `metaflow run` would have stored: the same source, form and truncation. Only bytes that are no
    UTF-8, on which Metaflow's client would fail, are replaced.
L2. A last line without a newline is a line. A line longer than a megabyte is cut into pieces of that size.
"""

import os
from datetime import datetime, timezone
from typing import Callable, Optional

from .reactor import Reactor

#: Bytes of one stream that are stored: the default of `metaflow run --max-log-size`.
MAX_LOG_SIZE = 10 << 20
_LONGEST_LINE = 1 << 20
_CHUNK = 1 << 16
#: Bytes that a pipe holds at most: Linux's default of `fs.pipe-max-size`.
_LARGEST_PIPE = 1 << 20
#: Bytes at the end of a stream that are kept in the form in which they came.
_TAIL = 4096


class Stream:
    """One of a task's two streams."""

    def __init__(self, name: str, reactor: Reactor) -> None:
        from metaflow.runtime import TruncatedBuffer

        self.name = name
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self._reactor = reactor
        self._emit: Callable[[str, str], None] = lambda name, line: None
        self._on_end: Callable[[], None] = lambda: None
        self._buffer = TruncatedBuffer(name, MAX_LOG_SIZE)
        self._rest = bytearray()
        self._open_line = False
        self.ended = False
        self._paused = False
        self._taken = 0
        self._tail = bytearray()

    def start(self, emit: Callable[[str, str], None], on_end: Callable[[], None]) -> None:
        """Begin to read; the task has its own copy of the writing end."""
        self._emit, self._on_end = emit, on_end
        os.close(self.writer)
        self._reactor.add(self.reader, self.readable)

    @property
    def taken(self) -> int:
        """Bytes read so far."""
        return self._taken

    def stored(self) -> bytes:
        """What there is for the datastore."""
        return self._buffer.get_bytes()

    def tail(self) -> str:
        """The last 4 KB, whole lines where that is possible."""
        text = bytes(self._tail[-_TAIL:])
        if len(self._tail) > _TAIL and b"\n" in text[:-1]:
            text = text[text.index(b"\n") + 1 :]
        return text.decode("utf-8", "replace")

    def pause(self) -> None:
        """Leave output in the pipe for now."""
        if not self.ended and not self._paused:
            self._paused = True
            self._reactor.remove(self.reader)

    def resume(self) -> None:
        """Read on."""
        if not self.ended and self._paused:
            self._paused = False
            self._reactor.add(self.reader, self.readable)

    def readable(self) -> None:
        """Take what is in the pipe."""
        try:
            data = os.read(self.reader, _CHUNK)
        except BlockingIOError:
            return
        if data:
            self._take(data)
        else:
            self.end()
            self._on_end()

    def drain(self) -> None:
        """Take what is there and stop, whoever still holds the pipe and goes on writing."""
        # A pipe holds no more than this: what comes later was written after the task had ended.
        until = self._taken + _LARGEST_PIPE
        while not self.ended and self._taken < until:
            try:
                data = os.read(self.reader, _CHUNK)
            except BlockingIOError:
                break
            if not data:
                break
            self._take(data)
        self.end()

    def end(self) -> None:
        """Deliver the last line and close."""
        if self.ended:
            return
        self.ended = True
        if not self._paused:
            self._reactor.remove(self.reader)
        os.close(self.reader)
        if self._rest:
            self._line(bytes(self._rest))
            self._rest.clear()

    def system(self, text: bytes) -> None:
        """A line of the orchestrator's, stored only, as Metaflow's runtime adds them."""
        if self._open_line:
            self._buffer.write(b"\n", system_msg=True)
        self._buffer.write(_decorate(text), system_msg=True)

    def _take(self, data: bytes) -> None:
        self._taken += len(data)
        if b"\n" not in data:
            self._rest += data
        else:
            first, *lines = data.split(b"\n")
            self._line(bytes(self._rest) + first + b"\n")
            for line in lines[:-1]:
                self._line(line + b"\n")
            self._rest = bytearray(lines[-1])
        while len(self._rest) > _LONGEST_LINE:
            self._line(bytes(self._rest[:_LONGEST_LINE]) + b"\n")
            del self._rest[:_LONGEST_LINE]

    def _line(self, line: bytes) -> None:
        from metaflow.mflog import mflog

        plain: Optional[bytes] = None
        if mflog.is_structured(line):
            # A remote backend has stored these itself, unless it says otherwise.
            parsed = mflog.parse(line)
            if parsed:
                plain = parsed.msg
                if parsed.should_persist:
                    self._buffer.write(mflog.unset_should_persist(line))
        self._tail += line if plain is None else plain
        if len(self._tail) > 4 * _TAIL:
            del self._tail[: -2 * _TAIL]
        text = (line if plain is None else plain).decode("utf-8", "replace")
        if plain is None:
            # Metaflow's client cannot read a log that is not UTF-8.
            self._buffer.write(_decorate(line if "\ufffd" not in text else text.encode("utf-8")))
            self._open_line = not line.endswith(b"\n")
        self._emit(self.name, text[:-1] if text.endswith("\n") else text)


def _decorate(text: bytes) -> bytes:
    from metaflow.mflog import RUNTIME_LOG_SOURCE, mflog

    return mflog.decorate(RUNTIME_LOG_SOURCE, text, now=datetime.now(timezone.utc).replace(tzinfo=None))
