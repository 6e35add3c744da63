"""
Length-prefixed pickles over a socket pair: how the launcher and its planners speak. Both ends are forks of one process, so that a
pickle is as safe as memory, and log bytes travel as they are.
"""

import pickle
import socket
import struct
import threading
from typing import Any, List

_HEAD = struct.Struct("!Q")


def encode(message: Any) -> bytes:
    """One message as it goes over the socket."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _HEAD.pack(len(body)) + body


class Decoder:
    """Takes bytes as they come, gives messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> List[Any]:
        """Messages that are complete with `data`."""
        self._buffer += data
        messages = []
        while len(self._buffer) >= _HEAD.size:
            (size,) = _HEAD.unpack_from(self._buffer)
            end = _HEAD.size + size
            if len(self._buffer) < end:
                break
            messages.append(pickle.loads(memoryview(self._buffer)[_HEAD.size : end].tobytes()))
            del self._buffer[:end]
        return messages


class BlockingChannel:
    """
    The planner's end: it has nothing else to do than to wait for a request. Where the other end is gone EOFError is raised; that it left
    without having read all that it was told makes no difference, though the kernel calls it an error.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._decoder = Decoder()
        self._ready: List[Any] = []
        self._sending = threading.Lock()

    def send(self, message: Any) -> None:
        """Write one message, however long it takes."""
        data = encode(message)
        try:
            with self._sending:
                self._socket.sendall(data)
        except ConnectionError:
            raise EOFError from None

    def receive(self) -> Any:
        """The next message."""
        while not self._ready:
            try:
                data = self._socket.recv(1 << 16)
            except ConnectionError:
                data = b""
            if not data:
                raise EOFError
            self._ready.extend(self._decoder.feed(data))
        return self._ready.pop(0)
