"""
Where in foreach and @parallel a task stood, taken up again by the process of its handler.

P1. `self.input` and `self.foreach_stack()` give what they gave when the step began: from the input of the task, since the step may have
    set the list that the foreach goes over anew. A join has none, as in Metaflow.
P2. Nothing is read before the handler asks. Where the input is not found by its id, the task's own artifacts answer.
"""

import os
import re
from typing import Any, Callable, List, Optional

_MAPPER = re.compile(r"^(.*)_node_\d+$")
_VISIT = re.compile(r"\d+$")


def take_up(task: Any, stored: Any) -> None:
    """Give the flow of this process the place of its task; `stored` is the datastore of the forward task."""
    flow = task.flow
    node = flow._graph[stored.step_name]
    if node.type == "join":
        flow._find_input = lambda stack_index=None: None
    else:
        _remember_input(task, stored, node)
    if getattr(node, "parallel_step", False) and "_parallel_ubf_iter" in stored:
        _parallel(flow, stored)


def _remember_input(task: Any, stored: Any, node: Any) -> None:
    flow = task.flow
    find = type(flow)._find_input
    source: List[Any] = []

    class Before:
        """The flow as it was when the step began, as far as `_find_input` looks at it."""

        _cached_input: Any = {}

        def __getattr__(self, name: str) -> Any:
            if name == "_foreach_stack":
                return flow._foreach_stack
            if not source:
                source.append(_input_of(task.flow_datastore, flow._graph, stored, node) or stored)
            if name in source[0]:
                return source[0][name]
            raise AttributeError(name)

    before = Before()
    flow._find_input = lambda stack_index=None: find(before, stack_index)


def _input_of(datastore: Any, graph: Any, stored: Any, node: Any) -> Optional[Any]:
    """The task that handed over to this one. A step can come back to itself and to no other, so ids and the graph's order tell which."""
    from metaflow.datastore.exceptions import DataException

    path = [frame.index or 0 for frame in stored["_foreach_stack"]]

    def task(step: str, visit: int) -> Optional[Any]:
        index = path[:-1] if graph[step].type == "foreach" else path
        place = "_".join(map(str, index)) + "-" if index else ""
        try:
            return datastore.get_task_datastore(stored.run_id, step, f"temporal-{step}-{place}{visit}")
        except DataException:
            return None

    own = _VISIT.search(stored.task_id)
    if own and int(own.group()) and node.name in node.out_funcs:
        return task(node.name, int(own.group()) - 1)
    # Not `in_funcs`, which holds only the way by which Metaflow first came here.
    for step in reversed(graph.sorted_nodes):
        if step != node.name and node.name in graph[step].out_funcs:
            found = _last(lambda visit: task(step, visit)) if step in graph[step].out_funcs else task(step, 0)
            if found is not None:
                return found
    return None


def _last(task: Callable[[int], Optional[Any]]) -> Optional[Any]:
    """The last visit there is: they follow each other without a gap."""
    low, found, high = 0, task(0), 1
    while found is not None:
        later = task(high)
        if later is None:
            break
        low, found, high = high, later, 2 * high
    while found is not None and high - low > 1:
        middle = (low + high) // 2
        later = task(middle)
        if later is None:
            high = middle
        else:
            low, found = middle, later
    return found


def _parallel(flow: Any, stored: Any) -> None:
    """What @parallel reads `current.parallel` from; on one machine, which is where a handler runs."""
    from metaflow import current

    mapper = _MAPPER.match(stored.task_id)
    os.environ.setdefault("MF_PARALLEL_MAIN_IP", "127.0.0.1")
    os.environ["MF_PARALLEL_NUM_NODES"] = str(flow._parallel_ubf_iter.num_parallel)
    os.environ["MF_PARALLEL_NODE_INDEX"] = str(flow._foreach_stack[-1].index or 0)
    os.environ["MF_PARALLEL_CONTROL_TASK_ID"] = mapper.group(1) if mapper else stored.task_id
    current._update_env({"is_parallel": True})
