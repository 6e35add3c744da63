"""
How a child of the launcher, and of its fork server, begins: one place for what every fork must undo and set.

F1. A child leads a session, and so a process group, of its own: one signal reaches all of it, and no Ctrl-C of a terminal does.
F2. A child holds no descriptor of the launcher: a pipe that a stranger keeps open never ends.
F3. A child dies with the launcher where the kernel offers that.
"""

import gc
import os
import signal
import sys
from typing import Callable, Dict, Iterable, Optional

from .kernel import die_with_parent


def fork(
    body: Callable[[], None],
    close: Iterable[int],
    stdout: Optional[int] = None,
    stderr: Optional[int] = None,
) -> int:
    """
    Fork; the child runs `body` and leaves with status 70 where that returns or raises.

    `close` are descriptors of the launcher, `stdout` and `stderr` what to use in place of its own.
    Returns the child's process id, which is also its group's.
    """
    parent = os.getpid()
    _flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        os.setsid()
        die_with_parent(parent)
        _reset_signals()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        if stdout is not None:
            os.dup2(stdout, 1)
        if stderr is not None:
            os.dup2(stderr, 2)
        for fd in {null, stdout, stderr, *close} - {None, 0, 1, 2}:
            try:
                os.close(fd)
            except OSError:
                pass
        body()
    except BaseException:  # noqa: B902 - a child must never go on as a second launcher
        import traceback

        traceback.print_exc()
        _flush()
    finally:
        os._exit(70)
    raise AssertionError("unreachable")


def apply_environment(changes: Dict[str, Optional[str]]) -> None:
    """Set variables; None unsets."""
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def freeze() -> None:
    """Before forks begin: keep the collector from touching, and so copying, what all children share."""
    gc.collect()
    gc.freeze()


def _reset_signals() -> None:
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
