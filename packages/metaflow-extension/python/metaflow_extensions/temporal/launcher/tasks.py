"""
One attempt of one task, from Node's request to its answer: planned, started, listened to, ended, saved, answered.

T1. Exactly one answer, whatever happens.
T2. The answer is sent when the logs are stored, so that who reads it finds them. Who printed nothing waits for nothing, and nobody for
    the kernel to clear away a process that has said that it leaves.
T3. Nothing of a task's process group outlives it: after a success what is left is asked to end and then killed, after anything else
    it is killed at once.
T4. A planner that dies takes no logs with it: they are saved through the next one.
"""

import os
import signal
import socket
from typing import Any, Dict, List, Optional, Tuple

from . import failures, flowfile, leave, outcome
from .kernel import signal_group
from .logs import Stream
from .planners import LOST, PlannerHandle
from .reactor import Timer
from .start import start_task

#: Seconds that a grandchild may keep the pipes open after the task has ended, and that leftovers have between SIGTERM and SIGKILL.
PIPE_GRACE, LEFTOVER_GRACE = 1.0, 3.0
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
        self.pid: Optional[int] = None
        self.planner: Optional[PlannerHandle] = None
        self._streams: List[Stream] = []
        self._line: Optional[socket.socket] = None
        #: The wait status, or the one that the process will have.
        self._status: Optional[int] = None
        self._reaped = False
        self._result = os.path.join(server.temporary, "result-%d" % server.next_number())
        self._told: Dict[str, Any] = {}
        self._told_from_outside: Optional[Dict[str, str]] = None
        self._answered = False
        self._finished = False
        self._saved_again = False
        #: Bytes of output when the logs of the running task were last saved.
        self._saved_at = 0
        self._saves = 0
        #: The most memory that the process used, in bytes.
        self._peak = 0
        self.cancelled = False
        self._timers: List[Timer] = []

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
            for stream in self._streams:
                stream.end()
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
        server = self._server
        flowfile.warm(server.settings.path)
        spare = server.spares.take(plan)
        if spare is not None and spare.run(plan, self._result):
            self._streams, self._line, self.pid = spare.streams, spare.line, spare.pid
        else:
            self._streams = [Stream(name, server.reactor) for name in ("stdout", "stderr")]
            self._line, self.pid = self._fork(plan)
        server.guardian.add(self.pid)
        server.reactor.on_exit(self.pid, self._exited)
        server.reactor.add(self._line.fileno(), self._leaves)
        server.node.send({"event": "started", "id": self.id, "pid": self.pid, "mode": "fork" if plan["fork"] else "spawn"})
        for stream in self._streams:
            stream.start(self._emit, self._stream_ended)
        self._save_later()

    def _fork(self, plan: Dict[str, Any]) -> Tuple[socket.socket, int]:
        server = self._server
        out, err = self._streams
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        # The reading ends too: a subprocess that outlives us would otherwise write to itself for ever.
        close = [*server.descriptors(), out.reader, err.reader, ours.fileno()]
        try:
            return ours, start_task(server.settings, plan, self._result, close, out.writer, err.writer, theirs, server.temporary)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()

    def _emit(self, stream: str, line: str) -> None:
        self._server.node.send({"event": "log", "id": self.id, "stream": stream, "line": line})
        if self._server.node.crowded(self._resume):
            for each in self._streams:
                each.pause()

    def _resume(self) -> None:
        for stream in self._streams:
            stream.resume()

    def _save_running(self) -> None:
        if self._status is None and self.planner is not None:
            taken = sum(stream.taken for stream in self._streams)
            if taken > self._saved_at:
                self._saved_at = taken
                self.planner.ask({"op": "logs", "id": self.id, "logs": self._logs()}, None)
            self._save_later()

    def _save_later(self) -> None:
        wait = SAVE_FIRST[self._saves] if self._saves < len(SAVE_FIRST) else SAVE_EVERY
        self._saves += 1
        self._timers.append(self._server.reactor.later(wait, self._save_running))

    def cancel(self, grace: float) -> None:
        """SIGTERM to the group, SIGKILL after `grace` seconds."""
        self.cancelled = True
        if self.pid is not None and self._status is None:
            signal_group(self.pid, signal.SIGTERM)
            self._timers.append(self._server.reactor.later(grace, self.kill))

    def kill(self) -> None:
        """SIGKILL to the group."""
        if self.pid is not None and not self._finished:
            signal_group(self.pid, signal.SIGKILL)

    # Ending.

    def _leaves(self) -> None:
        line, self._line = self._line, None
        assert line is not None
        self._server.reactor.remove(line.fileno())
        status = leave.heard(line)
        line.close()
        # The end of any other kind is told by the process's end.
        if status == 0 and self._status is None:
            self._done(0)

    def _exited(self, status: int) -> None:
        self._reaped = True
        self._peak = self._server.reactor.last_peak
        if self._line is not None:
            self._leaves()
        if self._status is None:
            self._done(status)
        elif self._finished:
            self._clear_group()

    def _done(self, status: int) -> None:
        self._status = status
        if all(stream.ended for stream in self._streams):
            self._finish()
        else:
            self._timers.append(self._server.reactor.later(PIPE_GRACE, self._finish))

    def _stream_ended(self) -> None:
        if self._status is not None and all(stream.ended for stream in self._streams):
            self._finish()

    def _finish(self) -> None:
        if self._finished:
            return
        self._finished = True
        for timer in self._timers:
            timer.cancel()
        for stream in self._streams:
            stream.drain()
        assert self._status is not None
        code = failures.return_code(self._status)
        if self._reaped:
            self._clear_group()
        if self.cancelled and code != 0:
            for stream in self._streams:
                stream.system(b"[KILLED BY ORCHESTRATOR]\n")
        elif code != 0:
            self._streams[1].system(failures.last_words(code))
        self._ended(code)

    def _ended(self, code: int) -> None:
        self._told = outcome.read(self._result)
        if code == 0 and self._told and not any(stream.taken for stream in self._streams):
            self._saved({})
        self._save({"return_code": code, "killed": self.cancelled, "success": code == 0})

    def _clear_group(self) -> None:
        group = self.pid
        assert group is not None
        gently = self._status == 0 and not self.cancelled
        guardian, reactor = self._server.guardian, self._server.reactor
        if gently and signal_group(group, signal.SIGTERM):

            def kill() -> None:
                signal_group(group, signal.SIGKILL)
                guardian.remove(group)

            reactor.later(LEFTOVER_GRACE, kill)
            return
        signal_group(group, signal.SIGKILL)
        guardian.remove(group)

    def _logs(self) -> Dict[str, bytes]:
        return {stream.name: stream.stored() for stream in self._streams}

    def _save(self, metadata: Dict[str, Any]) -> None:
        if self.planner is None:
            self._saved({})
            return
        done = {"op": "done", "id": self.id, "metadata": metadata, "logs": self._logs(), "told": bool(self._told)}

        def saved(reply: Dict[str, Any]) -> None:
            if reply is LOST and self._status is not None and not self._saved_again and not self._answered:
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
        if self._status is None:
            return  # it never started: answered already
        if reply is LOST:
            print(f"mft: logs of {self.run_id}/{self.request.get('step')} not saved: the planner of the run died", flush=True)
        if reply.get("error"):
            print(f"mft: logs of {self.run_id}/{self.request.get('step')} not saved: {reply['error'].get('message')}", flush=True)
        told = self._told or reply.get("told") or {}
        code = failures.return_code(self._status)
        if code == 0 and told.get("strayed") and not self.request.get("ubf_context"):
            # Metaflow's runtime ends the run, though the task itself is good.
            self._fail({"kind": "failed", "type": "MetaflowInternalError", "message": told["strayed"], "retry": False})
        elif code == 0:
            self._answer(None, attempt=self.request.get("attempt", 0), **self._shape(told))
        elif self.cancelled:
            self._fail({"kind": "cancelled", "message": "The task was cancelled.", **failures.exit_fields(code), "retry": True})
        else:
            self._fail(failures.describe(code, self._told_from_outside or told.get("error"), self._streams[1].stored(), self._peak))

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
