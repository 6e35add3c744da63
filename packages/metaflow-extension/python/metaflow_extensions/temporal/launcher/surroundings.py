"""
The surroundings that a step's decorators prepare, for a handler: secrets in the environment, an interpreter's folder on PATH, …

S1. `task_pre_step` is called of a decorator that only prepares: one that has no part in the rest of a task, by none of the hooks that
    change the step, look at how it ended or finish it. So @secrets and @conda prepare; @card, @catch, @timeout, @parallel do not.
S2. A decorator that knows better says so: `runs_before_compensation = True` (or False) in its class.
S3. What it registers as metadata of the task has been registered by the forward task: it is not registered again.
"""

from typing import Any

#: Hooks of a decorator that has a part in the making of a task.
_MAKING = (
    "task_decorate task_post_step task_exception task_finished task_decorate_ctx task_step_completed_ctx task_finished_ctx".split()
)


def prepares(deco: Any) -> bool:
    """Whether a handler wants the `task_pre_step` of this decorator."""
    said = getattr(deco, "runs_before_compensation", None)
    return not any(overrides(deco, name) for name in _MAKING) if said is None else bool(said)


def overrides(deco: Any, hook: str) -> bool:
    """Whether a decorator has a hook of its own; hooks that this version of Metaflow lacks count where they are defined."""
    from metaflow.decorators import StepDecorator

    return getattr(type(deco), hook, None) is not getattr(StepDecorator, hook, None)


def prepare(task: Any, stored: Any) -> None:
    """Have the decorators of the step prepare this process. `stored`: the forward task's datastore, to be read only."""
    flow, step = task.flow, stored.step_name
    decorators = [deco for deco in getattr(flow, step).decorators if prepares(deco)]
    if not decorators:
        return
    metadata: Any = _Quiet(task.metadata)
    _tell_system_context(stored)
    for deco in decorators:
        if getattr(deco, "task_pre_step_ctx", None) is not None:
            deco.task_pre_step_ctx(step)
        else:
            deco.task_pre_step(
                step, stored, metadata, stored.run_id, stored.task_id, flow, flow._graph, stored.attempt, stored.attempt, None, []
            )


def _tell_system_context(stored: Any) -> None:
    try:
        from metaflow.system_context import system_context
    except ImportError:
        return  # older than 2.19
    system_context._update(
        run_id=stored.run_id,
        task_id=stored.task_id,
        task_datastore=stored,
        retry_count=stored.attempt,
        max_user_code_retries=stored.attempt,
        ubf_context=None,
        split_index=None,
        input_paths=[],
        inputs=[],
    )


class _Quiet:
    def __init__(self, metadata: Any) -> None:
        self._metadata = metadata

    def __getattr__(self, name: str) -> Any:
        return getattr(self._metadata, name)

    def register_metadata(self, *_: Any, **__: Any) -> None:
        """Nothing: see S3."""
