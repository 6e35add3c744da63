"""
One call of an exit hook: Metaflow's own script, in a fresh interpreter, as `metaflow run` calls it.

X1. It needs no planner: a run that could not be registered has hooks, too, and gets None for its run.
X2. It sees what a task of the deployment sees: directory, environment, the code package; modules beside the flow are found.
"""

import os
import sys
from typing import Any, Dict, List

from . import failures
from .settings import Settings
from .tasks import TaskRun

_SCRIPT = "metaflow.plugins.exit_hook.exit_hook_script"


class HookRun(TaskRun):
    """The state of the call; nothing of it is stored, since Node has each line."""

    def begin(self) -> None:
        """Start the process."""
        settings = self._server.settings
        argv = [sys.executable, "-m", _SCRIPT, settings.path, self.request["hook"], f"{settings.flow}/{self.run_id}"]
        try:
            self._launch({"argv": argv, "env": environment(settings), "fork": False, "exit_hook": True})
        except OSError as error:
            self._fail({"kind": "lost", "message": f"The launcher could not start the exit hook: {error}", "retry": True})
            return
        if self.request.get("timeout"):
            self._timers.append(self._server.reactor.later(float(self.request["timeout"]), self._time_out))

    def _time_out(self) -> None:
        self._told_from_outside = {
            "type": "ExitHookTimeout",
            "message": f"The exit hook {self.request['hook']} took longer than {self.request['timeout']} seconds.",
        }
        self.kill()

    def _save_later(self) -> None:
        """Not stored."""

    def _ended(self, code: int) -> None:
        out, err = self._process.streams
        if code == 0:
            self._answer(None, attempt=0, artifacts=[])
        elif self.cancelled:
            self._fail({"kind": "cancelled", "message": "The exit hook was cancelled.", **failures.exit_fields(code), "retry": True})
        else:
            # Metaflow's script says on stdout that it does not find a function.
            said = err.stored() if err.taken else out.stored() + b"\n"
            self._fail(failures.describe(code, self._told_from_outside, said, self._process.peak, "exit hook"))


def environment(settings: Settings) -> Dict[str, Any]:
    """What the process has beside the launcher's own environment."""
    from .package_cache import fresh_interpreter_environment

    changes: Dict[str, Any] = fresh_interpreter_environment(settings.source, {}) if settings.package else {}
    paths: List[str] = [os.path.dirname(settings.path), changes.get("PYTHONPATH") or os.environ.get("PYTHONPATH") or ""]
    changes["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    # Without Metaflow's command line, these say where `Run` is looked for.
    changes["METAFLOW_DEFAULT_DATASTORE"] = settings.datastore.get("type", "local")
    metadata = _option(settings.options, "--metadata")
    if metadata:
        changes["METAFLOW_DEFAULT_METADATA"] = metadata
    return changes


def _option(options: List[str], name: str) -> str:
    for at, word in enumerate(options):
        if word == name and at + 1 < len(options):
            return options[at + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1 :]
    return ""
