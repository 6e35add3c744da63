"""
The process of which all others of a launcher are forks: planners, and processes for tasks. It does nothing else.

F1. It stays as it was when Metaflow had been imported. Who works writes into memory that its forks share, and each page that is written
    is copied: a launcher that forks by itself pays that for every task again, and its tasks begin with whatever it has in memory.
F2. A request is one byte, what to fork, and with it the descriptors that the fork gets. What it is to do then comes through the first of them.
F3. It waits for its children and tells how each has ended. It ends when its own line is closed, and its children with it.
"""

import json
import os
import select
import socket
import sys
from typing import Callable, Dict, List, Tuple

from . import flowfile, heartbeat, pages
from .forking import fork
from .frames import BlockingChannel
from .planner import Planner
from .settings import Settings
from .start import get_ready, run_task
from .wakeup import Wakeup

#: What can be forked. A task gets its line, its output and its errors, a planner its channel.
TASK, PLANNER = b"t", b"p"
_DESCRIPTORS = {TASK: 3, PLANNER: 1}


def serve(settings: Settings, line: socket.socket, temporary: str) -> None:
    """Fork what is asked for on `line` until that is closed. Never returns."""
    wakeup = Wakeup()
    pages.watch()
    bodies: Dict[bytes, Callable[[socket.socket], None]] = {
        TASK: lambda theirs: _task(settings, theirs, temporary),
        PLANNER: lambda theirs: _planner(settings, theirs, temporary),
    }
    poll = select.poll()
    for fd in (line.fileno(), wakeup.fd):
        poll.register(fd, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == wakeup.fd:
                wakeup.clear()
                _reap(line)
                continue
            kind, given = _asked(line)
            if not kind:
                os._exit(0)
            # A file that has changed is compiled once, not by each fork.
            flowfile.warm(settings.path)
            _fork(line, bodies[kind], given, [line.fileno(), *wakeup.descriptors()])


def _asked(line: socket.socket) -> Tuple[bytes, List[int]]:
    """What to fork and with which descriptors; nothing where the launcher is gone."""
    try:
        kind, given, _, _ = socket.recv_fds(line, 1, max(_DESCRIPTORS.values()))
    except ConnectionError:  # it was killed, and had not read all that it was told
        return b"", []
    return kind, given


def _fork(line: socket.socket, body: Callable[[socket.socket], None], given: List[int], close: List[int]) -> None:
    theirs = socket.socket(fileno=given[0])
    theirs.set_inheritable(False)
    streams = {"stdout": given[1], "stderr": given[2]} if len(given) > 1 else {}
    try:
        answer = "forked %d" % fork(lambda: body(theirs), close, **streams)
    except OSError as error:
        answer = "refused %d" % (error.errno or 0)
    theirs.close()
    for fd in given[1:]:
        os.close(fd)
    _say(line, answer)


def _task(settings: Settings, line: socket.socket, temporary: str) -> None:
    told = line.dup()
    get_ready(settings, line)
    if settings.mode == "fork":
        heartbeat.prepare(settings)
    pages.copy_ahead(lambda: bool(select.select([told], [], [], 0)[0]))
    with told, told.makefile("rb") as source:
        text = source.read()
    if not text:
        os._exit(0)  # nothing is to be run
    plan, result = json.loads(text)
    if "kept" in plan:
        with open(plan["kept"], encoding="utf-8") as kept:
            plan = json.load(kept)
    run_task(settings, plan, result, temporary)


def _planner(settings: Settings, line: socket.socket, temporary: str) -> None:
    flowfile.reopen_stdio()
    heartbeat.prepare(settings)
    channel = BlockingChannel(line)
    try:
        request = channel.receive()
    except EOFError:
        os._exit(0)
    Planner(settings, channel, request, temporary).run()


def _reap(line: socket.socket) -> None:
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(line, "ended %d %d %d" % (pid, status, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)))


def _say(line: socket.socket, text: str) -> None:
    try:
        line.sendall(text.encode() + b"\n")
    except OSError:
        os._exit(0)
