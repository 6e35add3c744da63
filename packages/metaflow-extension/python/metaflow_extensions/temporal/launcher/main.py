"""From the first line on descriptor 3 to the serving loop."""

import os
import signal
import sys
import tempfile
from typing import Any, Dict

from . import kernel, node, outcome
from .guardian import Guardian
from .settings import Settings


def run() -> None:
    """Serve until Node is gone. Never returns."""
    # Node decides what Ctrl-C means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        init = node.read_first_line()
    except (EOFError, OSError):
        os._exit(0)
    except ValueError as error:
        _fatal({"code": "BAD_REQUEST", "message": f"The first line is no init: {error}"})
        raise AssertionError("unreachable")
    for fd in (node.IN, node.OUT):
        os.set_inheritable(fd, False)
    kernel.adopt_orphans()
    temporary = tempfile.mkdtemp(prefix="mft-")
    guardian = Guardian(temporary, (node.IN, node.OUT))
    try:
        settings = Settings.read(init)
        settings.apply_environment()
        source = settings.directory
        if settings.package:
            from .package_cache import fetch

            source = fetch(settings)
        settings.enter(source)
        serve(settings, guardian, temporary)
    except Exception as error:
        _fatal({"code": getattr(error, "code", "LAUNCHER_FAILED"), **outcome.describe_error(error)})


def serve(settings: Settings, guardian: Guardian, temporary: str) -> None:
    """Import Metaflow, say that we are ready, serve."""
    from .warm import warm_up

    version = warm_up(settings)
    from .forking import freeze
    from .reactor import Reactor
    from .server import Server

    freeze()
    reactor = Reactor()
    server = Server(settings, reactor, guardian, temporary)
    server.node.send(
        {
            "event": "ready",
            "protocol": 1,
            "pid": os.getpid(),
            "python": "%d.%d.%d" % sys.version_info[:3],
            "metaflow": version,
            "mode": settings.mode,
            "directory": settings.workdir,
        }
    )
    reactor.run()


def _fatal(error: Dict[str, Any]) -> None:
    try:
        node.write_blocking({"event": "fatal", "error": error})
    except OSError:
        pass
    os._exit(1)
