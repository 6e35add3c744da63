"""
One attempt of a compensation handler, as a task from Node's request to its answer; but what it leaves behind is one item of metadata of
the task that it undoes, and nothing else: that task's logs, artifacts and attempts stay as they are.
"""

from typing import Any, Dict, Optional

from . import failures
from .planners import LOST
from .tasks import TaskRun

#: Characters of a message in the metadata, at most.
_MOST_MESSAGE = 1000


class HandlerRun(TaskRun):
    """The state of an attempt."""

    def __init__(self, server: Any, request: Dict[str, Any]) -> None:
        super().__init__(server, request)
        self._forward_attempt = 0
        self._error: Optional[Dict[str, Any]] = None

    def _launch(self, plan: Dict[str, Any]) -> None:
        self._forward_attempt = plan["handler"]["retry_count"]
        super()._launch(plan)
        if self.request.get("timeout"):
            self._timers.append(self._server.reactor.later(float(self.request["timeout"]), self._time_out))

    def _time_out(self) -> None:
        """A handler's own limit; a step's is Metaflow's `@timeout`."""
        seconds = self.request["timeout"]
        self._told_from_outside = {
            "type": "CompensationTimeout",
            "message": f"The handler {self.request['handler']} took longer than {seconds} seconds.",
        }
        self.kill()

    def _save_later(self) -> None:
        """Not stored while it runs: Node has each line."""

    def _save(self, metadata: Dict[str, Any]) -> None:
        """Not stored when it could not be started, either."""

    def _ended(self, code: int) -> None:
        told = self._process.report()
        if self.cancelled and code != 0:
            self._error = {"kind": "cancelled", "message": "The handler was cancelled.", **failures.exit_fields(code), "retry": True}
        elif code != 0:
            reason = self._told_from_outside or told.get("error")
            self._error = failures.describe(code, reason, self._process.streams[1].stored(), self._process.peak, "handler")
        self._report()

    def _report(self) -> None:
        asked = {
            "op": "compensated",
            "id": self.id,
            "step": self.request["step"],
            "task_id": self.request["task_id"],
            "retry_count": self._forward_attempt,
            "report": self._summary(),
        }
        planner = self.planner
        assert planner is not None

        def reported(reply: Dict[str, Any]) -> None:
            if reply is LOST and not self._saved_again:
                self._saved_again = True
                self._move_to(self._server.planner_of(self.request))
                self._when_saved_again(asked)
            else:
                self._saved(reply)

        planner.ask(asked, reported)

    def _summary(self) -> Dict[str, Any]:
        summary: Dict[str, Any] = {
            "handler": self.request["handler"],
            "ok": self._error is None,
            "attempt": int(self.request.get("attempt") or 0),
        }
        if self._error is not None:
            summary["error"] = {name: self._error[name][:_MOST_MESSAGE] for name in ("type", "message") if self._error.get(name)}
        return {**summary, **{stream.name: stream.tail() for stream in self._process.streams}}

    def _saved(self, reply: Dict[str, Any]) -> None:
        failed = "the planner of the run died" if reply is LOST else (reply.get("error") or {}).get("message")
        if failed:
            print(f"mft: {self.request['handler']} of {self.run_id}/{self.request['step']} is not in its metadata: {failed}", flush=True)
        if self._error is None:
            self._answer(None, attempt=int(self.request.get("attempt") or 0), artifacts=[])
        else:
            self._fail(self._error)
