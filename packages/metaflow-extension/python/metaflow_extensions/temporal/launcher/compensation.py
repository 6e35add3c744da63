"""
Running a compensation handler: the forward step's own command line in a process of its own, with Metaflow's `run_step` replaced by the
handler. So datastore, decorators' environment, parameters and `current` are what they were for the step.

H1. The forward task is read, never written: no attempt, no artifact, no DONE marker.
H2. An artifact is loaded when the handler touches it, not before.
"""

import asyncio
import inspect
from typing import Any, Dict, NamedTuple, Optional

from . import outcome


class Compensation(NamedTuple):
    """`current.compensation`: why the handler runs."""

    #: Step that failed; None where no step did (the run was cancelled, its deadline passed).
    failed_step: Optional[str]
    #: Type and message of the error that ended the run.
    type: str
    message: str
    #: Stable over the attempts of this handler for this task: an idempotency key.
    key: str


def handle_instead_of_step(path: str, request: Dict[str, Any]) -> None:
    """Replace `MetaflowTask.run_step` in this fork by the handler that `request` names; the outcome goes to `path`."""
    from metaflow.task import MetaflowTask

    def run_handler(self: Any, step_name: str, run_id: str, task_id: str, *_: Any, **__: Any) -> None:
        try:
            _prepare(self, step_name, run_id, task_id, request)
            handler = getattr(self.flow, request["handler"])
            returned = handler()
            if inspect.isawaitable(returned):
                asyncio.run(_wait(returned))
        except BaseException as error:
            outcome.write(path, {"error": outcome.describe_error(error)})
            raise
        outcome.write(path, {"artifacts": []})

    MetaflowTask.run_step = run_handler


async def _wait(returned: Any) -> Any:
    return await returned


def _prepare(task: Any, step_name: str, run_id: str, task_id: str, request: Dict[str, Any]) -> None:
    from metaflow import current
    from metaflow.util import get_username, resolve_identity

    flow = task.flow
    stored = task.flow_datastore.get_task_datastore(run_id, step_name, task_id)
    flow._current_step = step_name
    flow._set_datastore(stored)
    names = task._init_parameters(stored, passdown=False)
    failure = request.get("failure") or {}
    why = Compensation(failure.get("step"), failure.get("type", ""), failure.get("message", ""), request.get("key", ""))
    setattr(type(current), "compensation", property(lambda _: why))
    current._set_env(
        flow=flow,
        run_id=run_id,
        step_name=step_name,
        task_id=task_id,
        retry_count=stored.attempt,
        origin_run_id=None,
        namespace=resolve_identity(),
        username=get_username(),
        metadata_str=task.metadata.metadata_str(),
        is_running=True,
        tags=task.metadata.sticky_tags,
    )
    current._update_env({"parameter_names": names, "graph_info": flow._graph_info})
