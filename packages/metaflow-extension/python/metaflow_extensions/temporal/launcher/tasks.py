"""
One attempt of one task, from Node's request to its answer: planned, run in a process, saved, answered.

T1. Exactly one answer, whatever happens.
T2. The answer is sent when the logs are stored, so that who reads it finds them. Who printed nothing waits for nothing, and nobody for
    the kernel to clear away a process that has said that it leaves.
T3. A planner that dies takes no logs with it: they are saved through the next one.
"""

import signal
from typing import Any, Dict, List, Optional

from . import failures
from .planners import LOST, PlannerHandle
from .process import TaskProcess
from .reactor import Timer

#: Seconds between two savings of a running task's logs, and before the first ones: who follows a run sees at once that it does something.
SAVE_EVERY = 30.0
SAVE_FIRST = (1.0, 2.0, 4.0, 8.0, 15.0)
#: What of a task's report goes to Node beside the names of its artifacts.
_TRANSITION = ("splits", "unbounded", "branch", "mappers")


class TaskRun:
    """The state of an attempt."""

    def __init__(self, server: Any, request: Dict[str, Any]) -> None:
        self._server = server
        self.request = request
        self.id = request["id"]
        self.run_id: str = request["run_id"]
        self.planner: Optional[PlannerHandle] = None
        self._process = TaskProcess(server, self._finish)
        self._told: Dict[str, Any] = {}
        self._told_from_outside: Optional[Dict[str, str]] = None
        self._answered = False
        self._saved_again = False
        #: Bytes of output when the logs of the running task were last saved.
        self._saved_at = 0
        self._saves = 0
        self._timers: List[Timer] = []

    @property
    def cancelled(self) -> bool:
        """Whether somebody here has asked it to end."""
        return self._process.cancelled

    # Planning.

    def start(self, planner: PlannerHandle) -> None:
        """Ask the planner how to run it."""
        self.planner = planner
        planner.when_open(self._opened)

    def _opened(self, opening: Dict[str, Any]) -> None:
        if self._stopped_early(opening):
            return
        if not opening.get("opened"):
            self._fail({"kind": "lost", "message": opening["error"]["message"], **_text(opening["error"]), "retry": True})
            return
        assert self.planner is not None
        self.planner.ask({**self.request, "op": "plan"}, self._planned)

    def _planned(self, plan: Dict[str, Any]) -> None:
        if self._stopped_early(plan):
            if self.planner is not None:
                self.planner.ask({"op": "forget", "id": self.id}, None)
            return
        if plan.get("error"):
            kind = "lost" if failures.of_backend(plan["error"]) else "failed"
            self._fail({"kind": kind, **_text(plan["error"]), "retry": True})
            return
        if "cloned" in plan:
            self._answer(None, attempt=0, cloned=True, **self._shape(plan["cloned"]))
            return
        try:
            self._launch(plan)
        except OSError as error:
            self._save({"success": False, "killed": False, "return_code": None})
            self._fail({"kind": "lost", "message": f"The launcher could not start the task: {error}", "retry": True})

    def _stopped_early(self, reply: Dict[str, Any]) -> bool:
        if self.cancelled:
            self._fail({"kind": "cancelled", "message": "The task was cancelled before it started.", "retry": True})
        elif reply is LOST:
            self._fail({"kind": "lost", "message": "The planner of the run died.", "retry": True})
        else:
            return False
        return True

    # Running.

    def _launch(self, plan: Dict[str, Any]) -> None:
        self._process.start({**plan, "id": self.id}, self._emit)
        self._save_later()

    def _emit(self, stream: str, line: str) -> None:
        self._server.node.send({"event": "log", "id": self.id, "stream": stream, "line": line})
        if self._server.node.crowded(self._resume):
            for each in self._process.streams:
                each.pause()

    def _resume(self) -> None:
        for stream in self._process.streams:
            stream.resume()

    def _save_running(self) -> None:
        if self._process.status is None and self.planner is not None:
            taken = self._process.taken()
            if taken > self._saved_at:
                self._saved_at = taken
                self.planner.ask({"op": "logs", "id": self.id, "logs": self._process.logs()}, None)
            self._save_later()

    def _save_later(self) -> None:
        wait = SAVE_FIRST[self._saves] if self._saves < len(SAVE_FIRST) else SAVE_EVERY
        self._saves += 1
        self._timers.append(self._server.reactor.later(wait, self._save_running))

    def cancel(self, grace: float) -> None:
        """SIGTERM to the group, SIGKILL after `grace` seconds."""
        self._process.cancelled = True
        if self._process.pid is not None and self._process.status is None:
            self._process.signal(signal.SIGTERM)
            self._timers.append(self._server.reactor.later(grace, self.kill))

    def kill(self) -> None:
        """SIGKILL to the group."""
        self._process.signal(signal.SIGKILL)

    def abandon(self) -> None:
        """Cancel it with no grace."""
        self._process.cancelled = True
        self.kill()

    # Ending.

    def _finish(self) -> None:
        for timer in self._timers:
            timer.cancel()
        code = self._code()
        out, err = self._process.streams
        if self.cancelled and code != 0:
            for stream in (out, err):
                stream.system(b"[KILLED BY ORCHESTRATOR]\n")
        elif code != 0:
            err.system(failures.last_words(code))
        self._ended(code)

    def _code(self) -> int:
        assert self._process.status is not None
        return failures.return_code(self._process.status)

    def _ended(self, code: int) -> None:
        self._told = self._process.report()
        if code == 0 and self._told and not self._process.taken():
            self._saved({})
        self._save({"return_code": code, "killed": self.cancelled, "success": code == 0})

    def _save(self, metadata: Dict[str, Any]) -> None:
        if self.planner is None:
            self._saved({})
            return
        done = {"op": "done", "id": self.id, "metadata": metadata, "logs": self._process.logs(), "told": bool(self._told)}

        def saved(reply: Dict[str, Any]) -> None:
            if reply is LOST and self._process.status is not None and not self._saved_again and not self._answered:
                self._saved_again = True
                self._move_to(self._server.planner_of(self.request))
                # The new one has not planned this task: it is told all of it.
                self._when_saved_again({**done, "task": self.request})
            else:
                self._saved(reply)

        self.planner.ask(done, saved)

    def _move_to(self, planner: PlannerHandle) -> None:
        if self.planner is not None:
            self.planner.released()
        planner.tasks += 1
        self.planner = planner

    def _when_saved_again(self, done: Dict[str, Any]) -> None:
        planner = self.planner
        assert planner is not None
        planner.when_open(lambda opening: planner.ask(done, self._saved) if opening.get("opened") else self._saved(opening))

    def _saved(self, reply: Dict[str, Any]) -> None:
        if self._process.status is None:
            return  # it never started: answered already
        if reply is LOST:
            print(f"mft: logs of {self.run_id}/{self.request.get('step')} not saved: the planner of the run died", flush=True)
        if reply.get("error"):
            print(f"mft: logs of {self.run_id}/{self.request.get('step')} not saved: {reply['error'].get('message')}", flush=True)
        told = self._told or reply.get("told") or {}
        code = self._code()
        if code == 0 and told.get("strayed") and not self.request.get("ubf_context"):
            # Metaflow's runtime ends the run, though the task itself is good.
            self._fail({"kind": "failed", "type": "MetaflowInternalError", "message": told["strayed"], "retry": False})
        elif code == 0:
            self._answer(None, attempt=self.request.get("attempt", 0), **self._shape(told))
        elif self.cancelled:
            self._fail({"kind": "cancelled", "message": "The task was cancelled.", **failures.exit_fields(code), "retry": True})
        else:
            self._fail(failures.describe(code, self._told_from_outside or told.get("error"), self._process.streams[1].stored(), self._process.peak))

    def _shape(self, told: Dict[str, Any]) -> Dict[str, Any]:
        return {"artifacts": told.get("artifacts", []), **{k: told[k] for k in _TRANSITION if k in told}}

    def _fail(self, error: Dict[str, Any]) -> None:
        self._answer(error)

    def _answer(self, error: Optional[Dict[str, Any]], **fields: Any) -> None:
        if self._answered:
            return
        self._answered = True
        self._server.node.answer(self.id, error, **fields)
        self._server.ended(self)


def _text(error: Dict[str, Any]) -> Dict[str, Any]:
    return {name: error[name] for name in ("message", "type", "traceback") if error.get(name)}
