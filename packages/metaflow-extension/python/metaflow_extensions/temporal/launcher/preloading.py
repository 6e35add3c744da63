"""
Importing modules once for all forks (`--preload`).

P1. A module that cannot be imported costs a warning, never a task.
P2. A fork has none of the threads of its launcher, and what these held locked stays locked. So where a Python thread lives after the
    imports, tasks get fresh interpreters; only `--mode fork` insists.
P3. Native threads decide nothing: the pools of numpy and its like are known to bring their own anew. Of other modules they are told.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
import threading
from typing import Dict, List, Optional, Set

from . import fork_safe
from .flow_imports import imported_names
from .settings import Settings

#: The word of `--preload` that stands for what the flow imports.
AUTO = "auto"
_EARLY_VARIABLE = re.compile(rb"""["'](?:%s)[A-Z_]*["']""" % "|".join(fork_safe.READ_AT_IMPORT).encode())


def preload(settings: Settings) -> None:
    """Import what `settings.preload` names. May set `settings.mode` to `spawn`: see P2."""
    watch = _Threads()
    if settings.mode == "fork":
        for name in settings.preload:
            if name == AUTO:
                for each in found_in_flow(settings.path):
                    _import(each, watch, asked=False)
            else:
                _import(name, watch, asked=True)
    watch.decide(settings)


def found_in_flow(path: str) -> List[str]:
    """
    Modules that the flow file imports at its top level and that may be imported before forks; `auto` stands for these. None where the
    flow says a variable that must be set before its imports.
    """
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError:
        return []
    names = imported_names(source)
    folder = os.path.dirname(path)
    wanted: List[str] = []
    if _EARLY_VARIABLE.search(source):
        return wanted
    for name in names:
        top = name.split(".")[0]
        if fork_safe.is_safe(name) and not _beside(top, folder):
            wanted += [name, *(fork_safe.SAFE.get(name, ()))]
    return list(dict.fromkeys(wanted))


def _beside(name: str, folder: str) -> bool:
    """Whether the folder of the flow has a module of its own by that name, which then is what the flow imports."""
    spec = importlib.machinery.PathFinder.find_spec(name, [folder])
    return spec is not None and spec.origin is not None


def _import(name: str, watch: "_Threads", asked: bool) -> None:
    try:
        if not asked and importlib.util.find_spec(name) is None:
            return  # a name inside of a module, or one that the flow can do without: it says so itself if it cannot
        importlib.import_module(name)
    except (Exception, SystemExit) as error:
        # `find_spec("a.b")` of an `a` that is no package, or is not there.
        if asked or not isinstance(error, ModuleNotFoundError):
            print(f"mft: cannot preload {name}, tasks import it themselves: {error}", file=sys.stderr, flush=True)
    watch.after(name, asked)


class _Threads:
    """Threads that imports left behind."""

    def __init__(self) -> None:
        self._seen: Set[Optional[int]] = {threading.main_thread().ident}
        self._by_module: Dict[str, List[str]] = {}
        self._native = _native_threads()
        self.after("metaflow", asked=False)

    def after(self, module: str, asked: bool) -> None:
        """Note what the import of `module` has started."""
        for thread in threading.enumerate():
            if thread.ident not in self._seen:
                self._seen.add(thread.ident)
                self._by_module.setdefault(module, []).append(thread.name)
        if asked and not fork_safe.is_safe(module) and module not in self._by_module:
            native = _native_threads()
            if native > self._native:
                print(
                    f"mft: {module} left {native - self._native} native threads behind, which tasks do not have. Should tasks hang, "
                    f"leave {module} out of --preload.",
                    file=sys.stderr,
                    flush=True,
                )
            self._native = native

    def decide(self, settings: Settings) -> None:
        """Where threads are alive, say so once, and start tasks as fresh interpreters from now on."""
        alive = {thread.name for thread in threading.enumerate()}
        found = {module: [name for name in names if name in alive] for module, names in self._by_module.items()}
        found = {module: names for module, names in found.items() if names}
        if not found or settings.mode != "fork":
            return
        told = "; ".join(f"{', '.join(names)} (started by the import of {module})" for module, names in found.items())
        if settings.insists:
            does = "Tasks are forked as --mode fork says, without these threads, and may hang"
        else:
            settings.mode = "spawn"
            does = "Tasks are not forked but get a fresh interpreter each, which is slower"
        print(
            f"mft: threads are alive: {told}. {does}. Leave {', '.join(found)} out of --preload.",
            file=sys.stderr,
            flush=True,
        )


def _native_threads() -> int:
    """Threads that the kernel knows and that go on over a fork: pools with fork handlers have ended theirs by then."""
    try:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0
