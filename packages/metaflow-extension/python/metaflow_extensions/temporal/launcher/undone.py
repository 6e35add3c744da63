"""
Which steps of a run were undone, so that whoever resumes it runs them again: what was cancelled does not stand.

N1. A mark lies beside the run's `_parameters`, one file for each step, so that it does not matter who writes it first, or twice.
N2. It is written when a handler has ended well. What could not be undone still stands, and is taken over.
"""

import sys
from typing import Any, Set

_MARK = "temporal_undone_"


class Marks:
    """The marks of one run, as its planner writes them."""

    def __init__(self, datastore: Any, run_id: str, parameters_id: str) -> None:
        self._datastore, self._run_id, self._parameters_id = datastore, run_id, parameters_id
        self._written: Set[str] = set()

    def write(self, step: str) -> None:
        """Note that a task of this step was undone."""
        if step in self._written:
            return
        parameters = self._datastore.get_task_datastore(self._run_id, "_parameters", self._parameters_id, attempt=0, mode="w")
        parameters._dangerous_save_metadata_post_done({_MARK + step: {}}, add_attempt=False)
        self._written.add(step)


def run_again(runtime: Any) -> None:
    """Have a runtime that resumes run again what its origin undid, and all that came after it."""
    if "metaflow_extensions.temporal.plugins.temporal" not in sys.modules:
        return  # no handlers in this flow
    parameters = next((store for store in runtime._origin_ds_set if store.step_name == "_parameters"), None)
    if parameters is None:
        return
    graph = runtime._graph
    again = {step for step in graph.nodes if parameters.has_metadata(_MARK + step, add_attempt=False)}
    if not again:
        return
    again |= set(runtime._steps_to_rerun)
    # As Metaflow does for the step that a person names; a loop leads back to a step that is in already.
    waiting = list(again)
    while waiting:
        following = set(graph[waiting.pop()].out_funcs or ()) - again
        again |= following
        waiting += following
    runtime._steps_to_rerun = again
