"""
Heartbeats to a metadata service, sent by a fork. Metaflow starts a fresh interpreter for them, for each task: that costs more than a
small task itself, and is ready to send only when such a task has long ended.

H1. The fork is made before the flow file is executed: no thread and no library of the user's is in it.
H2. It belongs to its parent's process group, and ends when its parent does: it reads a pipe that only the parent writes to.
H3. Metaflow's own code sends; only its other sidecars, and a second heartbeat, start as Metaflow starts them.
"""

import os
import signal
import sys
import types
from typing import Any, List

from .backends import uses_service
from .settings import Settings

_SIDECAR = "heartbeat"
_ready: List[Any] = []


def prepare(settings: Settings) -> None:
    """In a fork that may execute the flow file: have a process ready for its heartbeats."""
    if not uses_service(settings):
        return
    from metaflow.sidecar.sidecar_subprocess import SidecarSubProcess

    start = getattr(SidecarSubProcess, "_start_subprocess", None)
    if start is None:
        return
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _serve(reader)
    os.close(reader)
    _ready.append(types.SimpleNamespace(pid=pid, stdin=os.fdopen(writer, "wb", 0)))

    def start_subprocess(self: Any, command: List[str]) -> Any:
        return _ready.pop() if self._worker_type == _SIDECAR and _ready else start(self, command)

    SidecarSubProcess._start_subprocess = start_subprocess


def drop() -> None:
    """In a fork that runs no step, or not by itself: end that process, which would be a child that nobody there has started."""
    while _ready:
        sidecar = _ready.pop()
        sidecar.stdin.close()
        os.kill(sidecar.pid, signal.SIGKILL)
        os.waitpid(sidecar.pid, 0)


def _serve(reader: int) -> None:
    """Never returns."""
    try:
        os.dup2(reader, 0)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        # Nothing of the parent's stays open: least of all the writing end, without whose closing this never ends.
        for name in os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"):
            if int(name) > 2:
                try:
                    os.close(int(name))
                except OSError:
                    pass
        sys.stdin = open(0, encoding="utf-8", closefd=False)

        from metaflow.metadata_provider.heartbeat import MetadataHeartBeat
        from metaflow.sidecar.sidecar_worker import process_messages

        process_messages(_SIDECAR, MetadataHeartBeat())
    finally:
        os._exit(0)
