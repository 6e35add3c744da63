"""
Running a compensation handler: the forward step's own command line in a process of its own, with Metaflow's `run_step` replaced by the
handler. So datastore, decorators' environment, parameters and `current` are what they were for the step.

H1. The forward task is read, never written: no attempt, no artifact, no DONE marker.
H2. An artifact is loaded when the handler touches it, not before.
H3. A handler cannot move the run on.
"""

import asyncio
import inspect
import json
import os
from typing import Any, Dict, NamedTuple, Optional

from . import outcome, standing, surroundings

#: Names a file with the request, for a process that the launcher did not fork. A contract between versions, as those of the decorator.
REQUEST_VARIABLE = "METAFLOW_TEMPORAL_COMPENSATION"


class Compensation(NamedTuple):
    """`current.compensation`: why the handler runs."""

    #: Step that failed; None where no step did (the run was cancelled, its deadline passed).
    failed_step: Optional[str]
    #: Type and message of the error that ended the run.
    type: str
    message: str
    #: Stable over the attempts of this handler for this task: an idempotency key.
    key: str
    #: Which attempt of the handler this is, from 0.
    attempt: int


def handle_instead_of_step(path: str, request: Dict[str, Any]) -> None:
    """Replace `MetaflowTask.run_step` in this process by the handler that `request` names; the outcome goes to `path`."""
    from metaflow.task import MetaflowTask

    def run_handler(self: Any, step_name: str, run_id: str, task_id: str, origin_run_id: Any = None, *_: Any, **__: Any) -> None:
        try:
            _prepare(self, step_name, run_id, task_id, origin_run_id, request)
            returned = getattr(self.flow, request["handler"])()
            if inspect.isawaitable(returned):
                asyncio.run(_wait(returned))
        except BaseException as error:
            if not (isinstance(error, SystemExit) and error.code in (None, 0)):
                outcome.write(path, {"error": outcome.describe_error(error)})
            raise
        outcome.write(path, {"artifacts": []})

    MetaflowTask.run_step = run_handler


def write_request(request: Dict[str, Any], path: str) -> None:
    """Leave the request to a fresh interpreter, by its environment."""
    with open(path, "w", encoding="utf-8") as out:
        json.dump(request, out)
    os.environ[REQUEST_VARIABLE] = path


def take_request(result: str) -> None:
    """In a fresh interpreter: find the request that `write_request` left there, and act by it."""
    # Not for subprocesses: what they run are no handlers.
    path = os.environ.pop(REQUEST_VARIABLE)
    with open(path, encoding="utf-8") as source:
        request = json.load(source)
    os.unlink(path)
    handle_instead_of_step(result, request)


async def _wait(returned: Any) -> Any:
    return await returned


def _prepare(task: Any, step_name: str, run_id: str, task_id: str, origin_run_id: Any, request: Dict[str, Any]) -> None:
    from metaflow import current
    from metaflow.util import get_username, resolve_identity

    flow = task.flow
    stored = task.flow_datastore.get_task_datastore(run_id, step_name, task_id, attempt=request.get("retry_count"))
    flow._current_step = step_name
    flow._set_datastore(stored)
    flow.next = _refuse_next
    names = task._init_parameters(stored, passdown=False)
    failure = request.get("failure") or {}
    why = Compensation(
        failure.get("step"), failure.get("type", ""), failure.get("message", ""), request.get("key", ""), int(request.get("attempt") or 0)
    )
    current._set_env(
        flow=flow,
        run_id=run_id,
        step_name=step_name,
        task_id=task_id,
        retry_count=stored.attempt,
        origin_run_id=origin_run_id,
        namespace=resolve_identity(),
        username=get_username(),
        metadata_str=task.metadata.metadata_str(),
        is_running=True,
        tags=task.metadata.sticky_tags,
    )
    current._update_env({"parameter_names": names, "compensation": why})
    # As the step had it, but read when it is asked for.
    setattr(type(current), "graph_info", property(lambda _: flow._graph_info))
    standing.take_up(task, stored)
    surroundings.prepare(task, stored)


def _refuse_next(*_: Any, **__: Any) -> None:
    from metaflow.exception import MetaflowException

    raise MetaflowException("A compensation handler cannot call self.next: undoing goes back, not on. Remove the call.")
