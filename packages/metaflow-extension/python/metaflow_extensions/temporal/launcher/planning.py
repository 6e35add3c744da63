"""
What Metaflow's local runtime does for an attempt of a task, by Metaflow's own classes.

M1. Before attempt n, every earlier attempt has its marker: across a gap Metaflow silently reads an older attempt's artifacts.
M2. The command line is composed by `Worker._launch` with everything that the installed version wants; only its `Popen` is ours.
"""

import io
import json
import os
import tempfile
import types
from collections import OrderedDict, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Optional, Tuple

from metaflow.metadata_provider import MetaDatum

from . import outcome, resuming, undone
from .commandline import add_internal_decorator, needs_fresh_interpreter, without_internal
from .foreach_values import Values
from .frames import BlockingChannel
from .handler_plans import HandlerPlan
from .settings import PARAMETERS_TASK_ID, Settings
from .triggers import ForTasks, start_of

#: Failed tasks kept for a retry; one that is not kept is set up anew.
_MOST_KEPT = 1000
#: Field of the metadata of a task: how a handler that undoes it ended.
COMPENSATION_FIELD = "temporal-compensation"


class Plans:
    """All attempts that this planner has set up."""

    def __init__(
        self, runtime: Any, settings: Settings, temporary: str, triggers: ForTasks, cloned: Optional[Dict[str, Any]] = None
    ) -> None:
        from metaflow.user_configs.config_parameters import dump_config_values

        self._runtime = runtime
        self._settings = settings
        self._triggers = triggers
        self._base = dict(os.environ)
        self._kept: "OrderedDict[Tuple[str, str], Any]" = OrderedDict()
        self._running: Dict[Any, Any] = {}
        #: Of a resumed run: the tasks that were cloned when it was started.
        self._cloned = cloned
        # What was to be cloned is cloned; Metaflow asks for each input.
        runtime._is_cloned = defaultdict(bool)
        remote = runtime._flow_datastore.TYPE != "local"
        self._pool: Optional[ThreadPoolExecutor] = ThreadPoolExecutor(8) if remote else None
        self._undone = undone.Marks(runtime._flow_datastore, runtime.run_id, PARAMETERS_TASK_ID)
        self._values = Values(runtime._flow_datastore)
        self._config_file: Optional[str] = None
        configs = dump_config_values(runtime._flow)
        if configs:
            handle, self._config_file = tempfile.mkstemp(suffix=".json", dir=temporary)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(configs, out)
        self._composed = add_internal_decorator()

    def handle(self, message: Dict[str, Any], channel: BlockingChannel) -> None:
        """Answer one request of the launcher."""
        if message["op"] == "plan":
            try:
                answer = self._plan_handler(message) if "handler" in message else self._plan(message)
            except Exception as error:
                answer = {"error": outcome.describe_error(error)}
            channel.send({"re": message["id"], **answer})
        elif message["op"] == "forget":
            self._running.pop(message["id"], None)
        elif message["op"] in ("logs", "done", "compensated"):
            save = self._register if message["op"] == "compensated" else self._save
            if self._pool is not None:
                self._pool.submit(save, message, channel)
            else:
                save(message, channel)

    def finish(self, status: str) -> None:
        """End of the run: every decorator's `runtime_finished`."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        failure = None if status == "completed" else RuntimeError(f"The run was {status}.")
        for step in self._runtime._flow:
            for deco in step.decorators:
                if getattr(deco, "runtime_finished_ctx", None) is not None:
                    deco.runtime_finished_ctx(step.__name__, failure)
                else:
                    deco.runtime_finished(failure)

    def _plan(self, message: Dict[str, Any]) -> Dict[str, Any]:
        from metaflow.metaflow_config import MAX_ATTEMPTS

        if self._cloned is not None:
            report = resuming.report(self._cloned, message["step"], message["task_id"])
            if report is not None:
                return {"cloned": report}
        attempt = message["attempt"]
        if attempt >= MAX_ATTEMPTS:
            raise RuntimeError(f"Attempt {attempt} is beyond Metaflow's limit of {MAX_ATTEMPTS} attempts.")
        self._name_package()
        self._values.forget("%s/%s/%s" % (self._runtime.run_id, message["step"], message["task_id"]))
        task = self._task(message, attempt)
        task.user_code_retries = task._mft_retries + int(message.get("extra_retries") or 0)
        argv, env = self._compose(task)
        task._mft_elsewhere = not self._composed.is_step
        if task.step == start_of(self._runtime):
            self._triggers.tell(self._runtime, task.task_id, attempt)
        self._running[message["id"]] = task
        process = self._process(task, argv, env)
        return {**process, **self._stands_for(message)} if process["fork"] else process

    def _stands_for(self, message: Dict[str, Any]) -> Dict[str, Any]:
        index = message.get("split_index")
        if index is None or message.get("ubf_context"):
            return {}
        text = self._values.of(message["input_paths"][0], index)
        return {} if text is None else {"stands_for": [index, text]}

    def _plan_handler(self, message: Dict[str, Any]) -> Dict[str, Any]:
        plan = HandlerPlan(self._runtime, message, self._compose, self._composed)
        return {**self._process(plan.task, plan.argv, plan.env), "handler": plan.request}

    def _process(self, task: Any, argv: List[str], env: Dict[str, str]) -> Dict[str, Any]:
        """What kind of process the command line and its environment want."""
        entry = list(task.entrypoint)
        changes = self._changes(env)
        # A replaced command only sees to it that the step runs: the report must come from where it does.
        plain = self._composed.is_step and argv[: len(entry)] == entry
        fork = self._settings.mode == "fork" and plain and not needs_fresh_interpreter(changes, bool(self._settings.preload))
        if fork:
            argv = without_internal(argv)
        # Not among what a fork may not be told: it reads this when it needs it.
        changes.update(self._triggers.environment)
        return {"argv": argv, "env": changes, "fork": fork, "plain": self._composed.is_step, "skip": len(entry) - 1}

    def _register(self, message: Dict[str, Any], channel: BlockingChannel) -> None:
        """How a handler ended, as metadata of the task that it undoes."""
        error = None
        datum = MetaDatum(
            field=COMPENSATION_FIELD,
            value=json.dumps(message["report"], ensure_ascii=False),
            type=COMPENSATION_FIELD,
            tags=["attempt_id:%d" % message["retry_count"]],
        )
        try:
            self._runtime._metadata.register_metadata(self._runtime.run_id, message["step"], message["task_id"], [datum])
            if message["report"]["ok"]:
                self._undone.write(message["step"])
        except Exception as raised:
            error = outcome.describe_error(raised)
        channel.send({"re": message["id"], "error": error})

    def _task(self, message: Dict[str, Any], attempt: int) -> Any:
        task = self._kept.pop((message["step"], message["task_id"]), None)
        if task is None or task.retries > attempt:
            task = self._new_task(message)
            task._mft_retries = task.user_code_retries
        elif task.retries == attempt:
            task.new_attempt()
        while task.retries < attempt:
            task.retries += 1
            task.new_attempt()
        return task

    def _new_task(self, message: Dict[str, Any]) -> Any:
        split = message.get("split_index")
        ubf = message.get("ubf_context")
        inputs = list(message["input_paths"])
        options: Dict[str, Any] = {"task_id": message["task_id"]}
        # The control task of an unbounded foreach has no index of its own; `@parallel` adds one where it wants it.
        if split is not None and not ubf:
            options["split_index"] = str(split)
        if message.get("join_type"):
            options["join_type"] = message["join_type"]
        if ubf:
            parent = self._runtime._flow_datastore.get_task_datastore(*inputs[0].split("/"))
            options.update(ubf_context=ubf, ubf_iter=parent[parent["_foreach_var"]])
        return self._runtime._new_task(message["step"], input_paths=inputs, **options)

    def _compose(self, task: Any) -> Tuple[List[str], Dict[str, str]]:
        import metaflow.runtime

        worker = object.__new__(metaflow.runtime.Worker)
        vars(worker).update(
            task=task,
            _config_file_name=self._config_file,
            _orig_flow_datastore=None,
            _spin_pathspec=None,
            _artifacts_module=None,
            _skip_decorators=False,
            _persist=True,
        )
        caught: List[Tuple[List[str], Dict[str, str]]] = []

        def popen(command: List[str], env: Optional[Dict[str, str]] = None, **_: Any) -> Any:
            caught.append((list(command), dict(env or {})))
            return types.SimpleNamespace(pid=0)

        real = metaflow.runtime.subprocess
        metaflow.runtime.subprocess = types.SimpleNamespace(Popen=popen, PIPE=real.PIPE)
        try:
            worker._launch()
        finally:
            metaflow.runtime.subprocess = real
        return caught[0]

    def _changes(self, env: Dict[str, str]) -> Dict[str, Optional[str]]:
        changes: Dict[str, Optional[str]] = {k: v for k, v in env.items() if self._base.get(k) != v}
        changes.update((k, None) for k in self._base if k not in env)
        return changes

    def _name_package(self) -> None:
        """As the local runtime: tasks that start once the package is uploaded carry it in their metadata."""
        package = self._runtime._package
        if "METAFLOW_CODE_SHA" in os.environ or getattr(package, "_flow_datastore", None) is None:
            return
        sha = package.package_sha(timeout=0.01)
        if sha:
            os.environ["METAFLOW_CODE_SHA"] = sha
            os.environ["METAFLOW_CODE_URL"] = package.package_url()
            os.environ["METAFLOW_CODE_DS"] = self._runtime._flow_datastore.TYPE
            os.environ["METAFLOW_CODE_METADATA"] = package.package_metadata

    def _save(self, message: Dict[str, Any], channel: BlockingChannel) -> None:
        final = message["op"] == "done"
        task = self._running.pop(message["id"], None) if final else self._running.get(message["id"])
        if task is None and "task" in message:
            # Its planner has died.
            task = self._task(message["task"], message["task"]["attempt"])
        if task is None:
            if final:
                channel.send({"re": message["id"], "error": None, "told": None})
            return
        error, told = None, None
        try:
            if final:
                if not message["told"] and (message["metadata"]["success"] or getattr(task, "_mft_elsewhere", False)):
                    told = self._told_by_metadata(task)
                task.save_metadata("runtime", message["metadata"])
                if not message["metadata"]["success"]:
                    self._keep(task)
            task.save_logs({stream: io.BytesIO(data) for stream, data in message["logs"].items()})
        except Exception as raised:
            error = outcome.describe_error(raised)
        if final:
            channel.send({"re": message["id"], "error": error, "told": told})

    def _told_by_metadata(self, task: Any) -> Any:
        """The report of a step that ran on another machine."""
        found = task.metadata.get_object(
            "task", "metadata", {}, None, task.flow_name, task.run_id, task.step, task.task_id
        )
        field = "temporal-outcome"
        attempt = f"attempt_id:{task.retries}"
        reports = [item for item in found or [] if item.get("field_name") == field and attempt in (item.get("tags") or [attempt])]
        reports.sort(key=lambda item: item.get("ts_epoch") or 0)
        told = [json.loads(item["value"]) for item in reports]
        # An exception that @catch took was reported before the end that it came to.
        return next((each for each in reversed(told) if "error" not in each), told[-1] if told else None)

    def _keep(self, task: Any) -> None:
        self._kept[(task.step, task.task_id)] = task
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
