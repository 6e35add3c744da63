"""
What Node asks, and who does it.

S1. Every request is answered once.
S2. When Node is gone, so is everything that was started here.
S3. A planner that nobody closes (its run was terminated, or ends on another worker) ends by itself when it has been idle for long;
    a task that comes later opens another by joining.
"""

import itertools
import os
import shutil
import signal
import time
from typing import Any, Dict, Optional, Type

from . import kernel
from .exit_hook import HookRun
from .forks import Forks
from .guardian import Guardian
from .handler_run import HandlerRun
from .node import Node
from .planners import LOST, PlannerHandle
from .reactor import Reactor
from .settings import Settings
from .spare import Spares
from .tasks import TaskRun

#: Seconds of idleness after which a planner ends, and between two looks at that.
IDLE, SWEEP = 900.0, 60.0


class Server:
    """The launcher, once it is ready."""

    def __init__(self, settings: Settings, reactor: Reactor, guardian: Guardian, temporary: str) -> None:
        self.settings = settings
        self.reactor = reactor
        self.guardian = guardian
        self.temporary = temporary
        self.node = Node(reactor, self._request, self._node_gone)
        self._numbers = itertools.count()
        self._planners: Dict[str, PlannerHandle] = {}
        self._tasks: Dict[Any, TaskRun] = {}
        self._closing = False
        self.forks = Forks(settings, reactor, temporary, [3, 4, guardian.fd, *reactor.descriptors()], self._leave)
        self.spares = Spares(settings, reactor, self.forks)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.reactor.later(0, self._node_gone))

        self.reactor.later(SWEEP, self._sweep)

    def _sweep(self) -> None:
        for planner in [each for each in self._planners.values() if each.idle(IDLE)]:
            del self._planners[planner.run_id]
            planner.ask({"op": "quit"}, None)
        self.reactor.later(SWEEP, self._sweep)

    def next_number(self) -> int:
        """A number that no other task of this launcher has."""
        return next(self._numbers)

    def ended(self, task: TaskRun) -> None:
        """A task was answered."""
        if self._tasks.get(task.id) is task:
            del self._tasks[task.id]
            if task.planner is not None:
                task.planner.released()

    # Requests.

    def _request(self, message: Dict[str, Any]) -> None:
        handler = {
            "open": self._open,
            "task": self._task,
            "compensate": self._compensate,
            "exit_hook": self._exit_hook,
            "cancel": self._cancel,
            "close": self._close,
            "shutdown": self._shutdown,
        }.get(str(message.get("op")))
        request = message.get("id")
        if handler is None:
            self._refuse(request, "UNKNOWN_OP", f"There is no request \"{message.get('op')}\".")
            return
        try:
            handler(message)
        except KeyError as missing:
            self._refuse(request, "BAD_REQUEST", f"The request {message['op']} lacks {missing}.")
        except OSError as error:
            self.node.answer(request, {"kind": "lost", "message": f"The launcher could not do this: {error}", "retry": True})

    def _refuse(self, request: Any, code: str, message: str) -> None:
        self.node.answer(request, {"kind": "failed", "code": code, "message": message, "retry": False})

    def _open(self, message: Dict[str, Any]) -> None:
        existing = self._planners.get(message["run_id"])
        planner = existing or self._planner(message)

        def opened(opening: Dict[str, Any]) -> None:
            if opening is LOST:
                self.node.answer(message["id"], {"kind": "lost", "message": "The planner of the run died.", "retry": True})
            elif opening.get("opened"):
                self.node.answer(message["id"], **({"cloned": opening["cloned"]} if "cloned" in opening else {}))
            else:
                error = opening["error"]
                self.node.answer(message["id"], {"kind": "failed", "retry": False, **error})

        planner.when_open(opened)

    def _planner(self, message: Dict[str, Any]) -> PlannerHandle:
        def gone(planner: PlannerHandle) -> None:
            if self._planners.get(planner.run_id) is planner:
                del self._planners[planner.run_id]

        planner = PlannerHandle(self.reactor, self.forks, message, gone)
        self._planners[message["run_id"]] = planner
        return planner

    def planner_of(self, message: Dict[str, Any]) -> PlannerHandle:
        """The planner of a task's run; one that joins the run where there is none."""
        return self._planners.get(message["run_id"]) or self._planner({**message, "register": False, "params": {}})

    def _task(self, message: Dict[str, Any]) -> None:
        self._run(message, TaskRun)

    def _compensate(self, message: Dict[str, Any]) -> None:
        message["handler"]
        self._run(message, HandlerRun)

    def _exit_hook(self, message: Dict[str, Any]) -> None:
        for field in ("run_id", "hook"):
            message[field]
        if self._refused_for_closing(message):
            return
        hook = HookRun(self, message)
        self._tasks[hook.id] = hook
        hook.begin()

    def _refused_for_closing(self, message: Dict[str, Any]) -> bool:
        if self._closing:
            self.node.answer(message["id"], {"kind": "lost", "message": "The launcher is shutting down.", "retry": True})
        return self._closing

    def _run(self, message: Dict[str, Any], kind: Type[TaskRun]) -> None:
        if self._refused_for_closing(message):
            return
        for field in ("step", "task_id"):
            message[field]
        planner = self.planner_of(message)
        task = kind(self, message)
        self._tasks[task.id] = task
        planner.tasks += 1
        task.start(planner)

    def _cancel(self, message: Dict[str, Any]) -> None:
        task = self._tasks.get(message["of"])
        if task is not None:
            task.cancel(float(message.get("grace", 5.0)))
        self.node.answer(message["id"])

    def _close(self, message: Dict[str, Any]) -> None:
        planner = self._planners.pop(message["run_id"], None)
        if planner is None:
            # Nothing of this run was ever done here, or its planner has died.
            self.node.answer(message["id"])
            return
        if message.get("status") == "released":
            # The run goes on, here or elsewhere: its end is for another planner to tell the decorators.
            planner.when_open(lambda _: planner.ask({"op": "quit"}, None))
            self.node.answer(message["id"])
            return

        def opened(_: Dict[str, Any]) -> None:
            planner.ask({"op": "close", "id": message["id"], "status": message.get("status", "completed")}, closed)

        def closed(reply: Dict[str, Any]) -> None:
            if reply is not LOST and reply.get("error"):
                print(f"mft: closing {message['run_id']}: {reply['error'].get('message')}", flush=True)
            self.node.answer(message["id"])

        planner.when_open(opened)

    # Leaving.

    def _shutdown(self, message: Dict[str, Any]) -> None:
        self._closing = True
        deadline = time.monotonic() + float(message.get("grace", 10.0))
        while self._tasks and time.monotonic() < deadline:
            self.reactor.turn(max(0.0, deadline - time.monotonic()))
        for task in list(self._tasks.values()):
            task.abandon()
        until = time.monotonic() + 3.0
        while self._tasks and time.monotonic() < until:
            self.reactor.turn(max(0.0, until - time.monotonic()))
        self.node.answer(message["id"])
        self._leave()

    def _node_gone(self) -> None:
        self._closing = True
        self._leave()

    def _leave(self) -> None:
        """Kill what was started here and end. Never returns."""
        try:
            for task in self._tasks.values():
                task.kill()
            kill_descendants(keep=self.guardian.pid)
            self.node.flush_all()
            shutil.rmtree(self.temporary, ignore_errors=True)
        finally:
            os._exit(0)


def kill_descendants(keep: Optional[int]) -> None:
    """SIGKILL for all our children and for what becomes ours as they die (we are a subreaper), but for the guardian."""
    until = time.monotonic() + 5.0
    none = 0
    while time.monotonic() < until:
        found = [pid for pid in kernel.children() if pid != keep]
        # The kernel may leave some out while others come and go.
        none = 0 if found else none + 1
        if none > 1:
            return
        for pid in found:
            kernel.signal_group(pid, signal.SIGKILL)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not kernel.reap():
            return
        time.sleep(0.005)
