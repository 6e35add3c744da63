"""
The launcher's end of PROTOCOL.md: JSON lines from descriptor 3, to descriptor 4.

N1. An answer is never waited for: what Node does not read yet is kept, and `crowded` tells the readers of task output to pause.
"""

import json
import os
from typing import Any, Callable, Dict, List, Optional

from .reactor import Reactor

IN, OUT = 3, 4
#: Bytes not yet read by Node above which the output of tasks is left in its pipes.
HIGH_WATER = 8 << 20


def read_first_line() -> Dict[str, Any]:
    """The `init` line, read byte by byte, so that nothing after it is taken."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(IN, 1)
        if not byte:
            raise EOFError("descriptor 3 closed before init")
        line += byte
    return json.loads(line)


def write_blocking(message: Dict[str, Any]) -> None:
    """Write one line before the loop runs (`fatal`)."""
    view = memoryview(_line(message))
    while view:
        view = view[os.write(OUT, view) :]


def _line(message: Dict[str, Any]) -> bytes:
    return (json.dumps(message, ensure_ascii=False) + "\n").encode("utf-8", "replace")


class Node:
    """The other side."""

    def __init__(self, reactor: Reactor, on_message: Callable[[Dict[str, Any]], None], on_close: Callable[[], None]) -> None:
        self._reactor = reactor
        self._on_message = on_message
        self._on_close = on_close
        self._in = bytearray()
        self._out = bytearray()
        self._resume: List[Callable[[], None]] = []
        os.set_blocking(IN, False)
        os.set_blocking(OUT, False)
        reactor.add(IN, self._readable)
        self._writing = False

    def send(self, message: Dict[str, Any]) -> None:
        """Send one line, now or as soon as Node reads."""
        self._out += _line(message)
        if not self._writing:
            self._flush()

    def answer(self, request: Any, error: Optional[Dict[str, Any]] = None, **fields: Any) -> None:
        """Answer the request with this id."""
        if error is None:
            self.send({"re": request, "ok": True, **fields})
        else:
            self.send({"re": request, "ok": False, "error": error})

    def crowded(self, resume: Callable[[], None]) -> bool:
        """Whether Node lags behind; if so, `resume` is called when it has caught up."""
        if len(self._out) < HIGH_WATER:
            return False
        self._resume.append(resume)
        return True

    def flush_all(self) -> None:
        """Write what is left, blocking: the last act."""
        os.set_blocking(OUT, True)
        self._flush()

    def _flush(self) -> None:
        try:
            while self._out:
                sent = os.write(OUT, memoryview(self._out)[: 1 << 16])
                del self._out[:sent]
        except BlockingIOError:
            pass
        except OSError:
            # Node is gone: descriptor 3 tells.
            self._out.clear()
        if bool(self._out) != self._writing:
            self._writing = bool(self._out)
            if self._writing:
                self._reactor.add(OUT, self._flush, write=True)
            else:
                self._reactor.remove(OUT)
        if self._resume and len(self._out) < HIGH_WATER // 2:
            waiting, self._resume = self._resume, []
            for resume in waiting:
                resume()

    def _readable(self) -> None:
        try:
            data = os.read(IN, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._reactor.remove(IN)
            self._on_close()
            return
        self._in += data
        if b"\n" not in data:
            return
        *lines, rest = bytes(self._in).split(b"\n")
        self._in = bytearray(rest)
        for line in lines:
            if line.strip():
                self._dispatch(line)

    def _dispatch(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            if not isinstance(message, dict):
                raise ValueError("not an object")
        except ValueError as error:
            self.send({"event": "garbage", "error": {"code": "BAD_REQUEST", "message": f"not a request: {error}"}})
            return
        self._on_message(message)
