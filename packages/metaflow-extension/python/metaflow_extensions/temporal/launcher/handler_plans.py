"""
How the planner plans a compensation handler: by the command line of the forward step, which is neither registered nor given an attempt.

H1. A decorator that replaces the command has the step run elsewhere, and knows nothing of handlers: it has no say, and the handler runs
    here, as the fallback of @catch does.
H2. A decorator that chooses the interpreter or the environment of a process here has its say, as for the step.
"""

from typing import Any, Callable, Dict, List, Tuple

from .commandline import Composed
from .surroundings import overrides

Compose = Callable[[Any], Tuple[List[str], Dict[str, str]]]


class HandlerPlan:
    """A command line, and what the process is to do instead of the step."""

    def __init__(self, runtime: Any, request: Dict[str, Any], compose: Compose, composed: Composed) -> None:
        self._runtime, self._compose, self._composed = runtime, compose, composed
        step, task_id = request["step"], request["task_id"]
        # The attempt that ended well; where there is none, there is nothing to undo, and this says so.
        stored = runtime._flow_datastore.get_task_datastore(runtime.run_id, step, task_id)
        self.task = self._task(step, task_id, stored.attempt)
        self.request = {name: request.get(name) for name in ("handler", "key", "failure", "attempt")}
        self.request["retry_count"] = stored.attempt
        function = getattr(type(runtime._flow), step)
        everywhere = function.decorators
        kept = [deco for deco in everywhere if not self._replaces(deco)]
        self.task.decos = kept
        try:
            # @conda has no interpreter for a step that runs elsewhere; this one does not.
            function.decorators = kept
            for deco in kept:
                self._created(deco, stored)
            self.argv, self.env = compose(self.task)
        finally:
            function.decorators = everywhere

    def _task(self, step: str, task_id: str, attempt: int) -> Any:
        import metaflow.runtime

        runtime = self._runtime
        task = metaflow.runtime.Task.__new__(metaflow.runtime.Task)
        vars(task).update(
            step=step, task_id=task_id, run_id=runtime.run_id, flow=runtime._flow, flow_name=runtime._flow.name,
            _path=f"{runtime.run_id}/{step}/{task_id}", input_paths=[], split_index=None, ubf_context=None, ubf_iter=None,
            decos=getattr(runtime._flow, step).decorators, entrypoint=runtime._entrypoint, environment=runtime._environment,
            environment_type=runtime._environment.TYPE, clone_run_id=runtime._clone_run_id, clone_origin=None, _is_cloned=False,
            metadata=runtime._metadata, metadata_type=runtime._metadata.TYPE, tags=runtime._metadata.sticky_tags,
            event_logger_type=runtime.event_logger.TYPE, monitor_type=runtime._monitor.TYPE, retries=attempt, user_code_retries=attempt,
            error_retries=0, datastore_type=runtime._flow_datastore.TYPE, _flow_datastore=runtime._flow_datastore,
            datastore_sysroot=runtime._flow_datastore.datastore_root, _logger=runtime._logger,
        )  # fmt: skip
        return task

    def _replaces(self, deco: Any) -> bool:
        if not _composes(deco):
            return False
        self.task.decos = [deco]
        self._compose(self.task)
        return not self._composed.is_step

    def _created(self, deco: Any, stored: Any) -> None:
        # Where @conda finds its interpreter. Who only watches tasks being created has seen this one.
        if not _composes(deco):
            return
        if getattr(deco, "runtime_task_created_ctx", None) is not None:
            self._tell_system_context(stored)
            deco.runtime_task_created_ctx(self.task.step)
        else:
            deco.runtime_task_created(stored, self.task.task_id, None, [], False, None)

    def _tell_system_context(self, stored: Any) -> None:
        from metaflow.system_context import system_context

        system_context._update(
            task_id=self.task.task_id, split_index=None, is_cloned=False, ubf_context=None, task_datastore=stored, input_paths=[]
        )


def _composes(deco: Any) -> bool:
    return overrides(deco, "runtime_step_cli") or overrides(deco, "runtime_step_cli_ctx")
