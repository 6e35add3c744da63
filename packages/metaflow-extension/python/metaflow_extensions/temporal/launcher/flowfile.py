"""
Executing the flow file in a fork as `python flow.py …` would.

E1. It runs in the real `__main__` module, which then looks like a script's: classes pickle by it, multiprocessing can restart it.
E2. The file is read and compiled afresh when it has changed; what is shared between forks is the code object, never its effects.
"""

import atexit
import io
import linecache
import multiprocessing.process
import os
import sys
import threading
import traceback
from typing import Any, Callable, List, Optional, Tuple

from . import leave, pages, sources
from .stacks import hide_launcher_frames

_compiled: Optional[Tuple[Tuple[int, int], Any]] = None


def compiled(path: str) -> Any:
    """The file's code object; kept while the file stays the same, so that forks find it ready."""
    global _compiled
    stat = os.stat(path)
    stamp = (stat.st_mtime_ns, stat.st_size)
    if _compiled is None or _compiled[0] != stamp:
        linecache.checkcache(path)
        with open(path, "rb") as source:
            code = compile(source.read(), path, "exec", dont_inherit=True)
        # Metaflow reads the source again for its graph: let forks find it in memory.
        sources.keep(code)
        _compiled = (stamp, code)
    return _compiled[1]


def warm(path: str) -> None:
    """Compile before forking; a file that does not compile fails in its own process, with its own message."""
    try:
        compiled(path)
    except (OSError, SyntaxError, ValueError):
        pass


def execute(path: str, argv: List[str], on_error: Callable[[BaseException], None]) -> None:
    """Run the file with `sys.argv = argv`, then end this process with the status that the interpreter would give it."""
    sys.argv = list(argv)
    # Who starts the same command again must get the step, not a launcher.
    sys.orig_argv = [sys.executable, *argv]
    multiprocessing.process.ORIGINAL_DIR = os.getcwd()
    hide_launcher_frames(execute)
    module = sys.modules["__main__"]
    module.__file__ = path
    module.__spec__ = module.__cached__ = None
    module.__dict__.setdefault("__builtins__", __builtins__)
    status = 0
    try:
        exec(compiled(path), module.__dict__)
    except SystemExit as leave:
        status = _status(leave)
    except BaseException as error:  # noqa: B902 - the interpreter's own last resort
        on_error(error)
        _print(error)
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
    leave_process(status)


def leave_process(status: int) -> None:
    """End a fork as an interpreter ends: threads, exit functions, buffers; but never the launcher's own unwinding."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException:  # noqa: B902
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    leave.say(status)
    if status == 0:
        pages.learn()
    os._exit(status)


def reopen_stdio() -> None:
    """Streams on the descriptors as they are now, unbuffered as `metaflow run` has them."""
    for name, fd in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        raw = io.FileIO(fd, "w", closefd=False)
        raw.name = f"<{name}>"  # type: ignore[misc]
        stream = io.TextIOWrapper(
            raw,  # type: ignore[arg-type]
            encoding=getattr(old, "encoding", None) or "utf-8",
            errors="backslashreplace" if fd == 2 else getattr(old, "errors", None) or "strict",
            write_through=True,
        )
        stream.mode = "w"  # type: ignore[misc]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.stdin = sys.__stdin__ = open(os.devnull, encoding="utf-8")


def _status(leave: SystemExit) -> int:
    if leave.code is None:
        return 0
    if isinstance(leave.code, int):
        return leave.code & 0xFF
    print(leave.code, file=sys.stderr)
    return 1


def _print(error: BaseException) -> None:
    # Drop our own frame: the user's file comes first, as under a plain interpreter.
    tb = error.__traceback__.tb_next if error.__traceback__ else None
    traceback.print_exception(type(error), error, tb)
