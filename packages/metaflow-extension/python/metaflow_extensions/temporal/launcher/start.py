"""
Starting a task's process: a fork that executes the flow file, or a fresh interpreter (or whatever else a decorator put in its place).
"""

import os
import socket
import sys
import tempfile
from typing import Any, Dict, List

from .. import trigger
from . import backends, compensation, flowfile, foreach_values, heartbeat, hooks, leave, outcome
from .forking import apply_environment
from .reseeding import reseed
from .settings import Settings

#: A single argument of 128 KB makes exec fail; Metaflow reads long input paths from a file, which also spares whoever looks at processes.
_LONGEST_ARGUMENT = 4_000


def get_ready(settings: Settings, line: socket.socket) -> None:
    """In a fork, when it is not yet known what it is to run: all that does not depend on it."""
    leave.keep(line)
    os.chdir(settings.workdir)
    flowfile.reopen_stdio()
    reseed()


def run_task(settings: Settings, plan: Dict[str, Any], result: str, temporary: str) -> None:
    """In the process that was forked for it and has got ready: run what the planner planned. Never returns."""
    if not plan["fork"] or "handler" in plan:
        heartbeat.drop()
    if plan.get("exit_hook"):
        _run_exit_hook(plan)
    elif plan["fork"]:
        _run_forked(settings, plan, result)
    else:
        _run_spawned(settings, plan, result, temporary)


def _run_forked(settings: Settings, plan: Dict[str, Any], result: str) -> None:
    apply_environment(plan["env"])
    trigger.install_from_environment()
    told: List[Dict[str, str]] = []

    def refused(error: Dict[str, str]) -> None:
        # The step's own report, written before, says more than what Metaflow prints on its way out.
        if not leave.reported() and not os.path.exists(result) and not told:
            told.append(error)
            outcome.write(result, {"error": error})

    if "handler" in plan:
        compensation.handle_instead_of_step(result, plan["handler"])
    else:
        backends.skip_registration(settings)
        hooks.report_step(result)
        if "stands_for" in plan:
            foreach_values.note(*plan["stands_for"])
    hooks.report_refusals(refused)
    flowfile.execute(settings.path, plan["argv"][plan["skip"] :], lambda error: refused(outcome.describe_error(error)))


def _run_spawned(settings: Settings, plan: Dict[str, Any], result: str, temporary: str) -> None:
    apply_environment(plan["env"])
    os.environ["METAFLOW_TEMPORAL_RESULT"] = result
    if "handler" in plan:
        compensation.write_request(plan["handler"], result + ".request")
    if settings.package:
        from .package_cache import fresh_interpreter_environment

        apply_environment(fresh_interpreter_environment(settings.source, plan["env"]))
    # A command that a decorator put in place of `step` knows no such file.
    argv = _inputs_from_file(plan["argv"], temporary) if plan["plain"] else plan["argv"]
    try:
        os.execvpe(argv[0], argv, os.environ)
    except OSError as error:
        print(f"mft: cannot run {argv[0]}: {error}", file=sys.stderr, flush=True)
        os._exit(127)


def _run_exit_hook(plan: Dict[str, Any]) -> None:
    apply_environment(plan["env"])
    os.execvpe(plan["argv"][0], plan["argv"], os.environ)


def _inputs_from_file(argv: List[str], temporary: str) -> List[str]:
    """The same command line, with input paths that are too long for exec in a file."""
    short = list(argv)
    for at in range(len(argv) - 1):
        if argv[at] == "--input-paths" and len(argv[at + 1]) > _LONGEST_ARGUMENT:
            handle, path = tempfile.mkstemp(prefix="inputs-", dir=temporary)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(argv[at + 1])
            short[at : at + 2] = ["--input-paths-filename", path]
    return short
