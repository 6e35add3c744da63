"""
Resuming, on a planner's side: Metaflow's own `resume` command finds out what the origin has finished, and clones it before anything is run.

C1. What is cloned is decided once, by the planner that registers the run, and kept as a list beside `_parameters`. Who joins later
    answers by that list, whatever has become of the origin meanwhile.
C2. All or nothing: where Metaflow would run a task again that it could not clone, the start of the run fails, to be tried again.
C3. What the origin undid is not taken over (see `undone`).
C4. A clone has the id by which the task will be asked for: its step, its indices, and how often a loop came by.
"""

import types
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from metaflow.exception import MetaflowException

from . import outcome, undone

#: Name of the list in the datastore, below the run's `_parameters` task.
LIST = "temporal_cloned"


class Origin(NamedTuple):
    """The run to resume, and the step from which on all is run again."""

    run_id: str
    step: Optional[str]

    @staticmethod
    def of(request: Dict[str, Any]) -> "Optional[Origin]":
        """What a request of Node's says of it."""
        resume = request.get("resume")
        return Origin(resume["origin"], resume.get("step")) if resume else None

    def words(self, options: List[str]) -> List[str]:
        """Top-level options and the `resume` command. Configs come from the origin: Metaflow refuses them here."""
        kept, at = [], 0
        while at < len(options):
            if options[at] == "--config-value":
                at += 3
            else:
                kept.append(options[at])
                at += 1
        return [*kept, "resume", "--origin-run-id", self.run_id, *([self.step] if self.step else [])]

    def find(self, datastore: Any) -> None:
        """Have the runtime use what is found now; a MetaflowException of its own where there is no such run."""
        import metaflow.runtime

        found = metaflow.runtime.TaskDataStoreSet(
            datastore, self.run_id, prefetch_data_artifacts=metaflow.runtime.PREFETCH_DATA_ARTIFACTS
        )
        self._insist(found)
        metaflow.runtime.TaskDataStoreSet = lambda *_, **__: found

    def watch_configs(self, _: Any) -> None:
        """The same exception for a flow with Configs, where Metaflow looks for them before anything else and stumbles."""
        from metaflow import cli

        stores = cli.TaskDataStoreSet

        def found(*args: Any, **kwargs: Any) -> Any:
            parameters = stores(*args, **kwargs)
            self._insist(parameters)
            return parameters

        cli.TaskDataStoreSet = found

    def _insist(self, found: Any) -> None:
        import metaflow.runtime

        asking = types.SimpleNamespace(step="_parameters", origin_ds_set=found)
        metaflow.runtime.Task._find_origin_task(asking, self.run_id, None)

    @staticmethod
    def leave_alone() -> None:
        """Nothing is to be cloned here: spare the runtime looking at all of the origin."""
        import metaflow.runtime

        metaflow.runtime.TaskDataStoreSet = lambda *_, **__: None


def clone(runtime: Any, original: Callable[..., None]) -> Dict[str, Any]:
    """Let Metaflow clone the origin, keep the list of it, and return that."""
    import metaflow.runtime

    undone.run_again(runtime)
    errors: List[BaseException] = []

    def observed(act: Callable[..., Any]) -> Callable[..., Any]:
        def acting(*args: Any, **kwargs: Any) -> Any:
            try:
                return act(*args, **kwargs)
            except BaseException as error:
                errors.append(error)
                raise

        return acting

    ids = _ids(runtime._origin_ds_set)
    new_task = runtime._new_task
    runtime._new_task = observed(
        lambda step, pathspec_index, **options: new_task(
            step, pathspec_index=pathspec_index, task_id=ids[pathspec_index], **options
        )
    )
    helper = metaflow.runtime.clone_task_helper
    metaflow.runtime.clone_task_helper = observed(helper)
    try:
        original(runtime, generate_task_obj=True, verbose=False)
    finally:
        metaflow.runtime.clone_task_helper = helper
        del runtime._new_task
    if errors:
        raise errors[0]
    cloned = _list(runtime)
    runtime._params_task._ds._dangerous_save_metadata_post_done({LIST: cloned}, add_attempt=False)
    return cloned


def is_kept(parameters: Any) -> bool:
    """Whether the list is there: the last thing that is written at the start of a resumed run."""
    return bool(parameters.has_metadata(LIST, add_attempt=False))


def kept(parameters: Any) -> Dict[str, Any]:
    """The list, as the planner left it that cloned."""
    return parameters.load_metadata([LIST], add_attempt=False)[LIST]  # type: ignore[no-any-return]


def report(cloned: Dict[str, Any], step: str, task_id: str) -> Optional[Dict[str, Any]]:
    """What a cloned task tells of itself, as one that has just ended; None for a task that is to be run."""
    found = cloned["tasks"].get(f"{step}/{task_id}")
    if found is None:
        return None
    names, transition = found
    return {"artifacts": cloned["artifacts"][names], **transition}


def _ids(origin: Any) -> Dict[str, str]:
    """The id of each task of the origin's, by Metaflow's index of it."""
    loops: Dict[Tuple[str, Tuple[int, ...]], List[Tuple[int, str]]] = {}
    for store in origin:
        step = store.step_name
        if step == "_parameters":
            continue
        # The control task of an unbounded foreach has no index; it is asked for by the first.
        index = tuple(frame.index or 0 for frame in store.get("_foreach_stack", ()))
        rounds = store.get("_iteration_stack", ())
        loops.setdefault((step, index), []).append((rounds[-1] if rounds else 0, store.pathspec_index))
    ids = {}
    for (step, index), found in loops.items():
        # A loop that follows another goes on with its count, ours begins anew. What is finished has no gaps.
        rounds_of = {each: visit for visit, each in enumerate(sorted({each for each, _ in found}))}
        place = "_".join(map(str, index)) + "-" if index else ""
        ids.update({key: f"temporal-{step}-{place}{rounds_of[each]}" for each, key in found})
    return ids


def _list(runtime: Any) -> Dict[str, Any]:
    flow, graph = type(runtime._flow), runtime._graph
    artifacts: Dict[Tuple[str, ...], int] = {}
    tasks: Dict[str, Any] = {}
    for task in sorted(runtime._cloned_tasks, key=lambda each: each.path):
        store = task.results
        names = tuple(outcome.public_names(flow, store._objects))
        told = _transition(graph, task, store)
        tasks[f"{task.step}/{task.task_id}"] = [artifacts.setdefault(names, len(artifacts)), told]
    return {"artifacts": [list(names) for names in artifacts], "tasks": tasks}


def _transition(graph: Any, task: Any, store: Any) -> Dict[str, Any]:
    node = graph[task.step]
    chosen, foreach = store.get("_transition") or ((), None)
    if node.type == "split-switch":
        return {"branch": chosen[0]}
    if list(chosen) != list(node.out_funcs):
        expected = ", ".join(node.out_funcs) or "none"
        raise GraphChanged(
            f"Step *{task.step}* of the run to resume went to *{', '.join(chosen) or 'none'}*; now it is followed by *{expected}*. "
            f"Resume from that step, or from one before it: its tasks then run again."
        )
    told: Dict[str, Any] = {}
    if node.type == "foreach" and foreach:
        if store.get("_unbounded_foreach"):
            told["unbounded"] = True
        else:
            told["splits"] = int(store["_foreach_num_splits"])
    mappers = store.get("_control_mapper_tasks")
    if mappers:
        ids = [str(path).split("/")[-1] for path in mappers]
        # Mappers keep their ids; the control task, where it is one of them, has one of ours.
        own = store.task_id
        told["mappers"] = [task.task_id if each == own else each for each in ids]
    return told


class GraphChanged(MetaflowException):
    """What the origin finished does not fit the flow as it is now."""

    headline = "Flow has changed"
