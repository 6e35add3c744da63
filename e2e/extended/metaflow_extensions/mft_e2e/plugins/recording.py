"""
Decorators that write down which of their hooks Metaflow calls, in which process, and with what. `RECORDED_HOOKS` names the file, one
JSON object a line; without it they do nothing.
"""

import json
import os
import sys

from metaflow.decorators import FlowDecorator, StepDecorator


def role():
    """What kind of process this is."""
    for word in ("run", "resume", "step"):
        if word in sys.argv:
            return word
    return "other"


def record(hook, **said):
    """One line."""
    path = os.environ.get("RECORDED_HOOKS")
    if path:
        line = {"pid": os.getpid(), "role": role(), "hook": hook, **said}
        with open(path, "a", encoding="utf-8") as out:
            out.write(json.dumps(line, default=str) + "\n")


def kind(value):
    """The family that an object belongs to, whatever the class beneath."""
    names = [base.__name__ for base in type(value).__mro__]
    for family in ("FlowSpec", "FlowGraph", "FlowDataStore", "TaskDataStore", "MetadataProvider", "MetaflowEnvironment", "MetaflowPackage"):
        if family in names:
            return family
    return type(value).__name__


class RecordedDecorator(StepDecorator):
    """Every hook of a step decorator."""

    name = "recorded"
    defaults = {"note": None}

    def init(self):
        record("init", note=self.attributes["note"])

    def step_init(self, flow, graph, step_name, decorators, environment, flow_datastore, logger):
        self._step = step_name
        record(
            "step_init",
            step=step_name,
            kinds=[kind(each) for each in (flow, graph, environment, flow_datastore)],
            decorators=[deco.name for deco in decorators if deco.name != "temporal_internal"],
            logger=callable(logger),
        )

    def package_init(self, flow, step_name, environment):
        record("package_init", step=step_name, kinds=[kind(flow), kind(environment)])

    def add_to_package(self):
        record("add_to_package", step=self._step)
        return [(os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "packed.txt"), "packed.txt")]

    def step_task_retry_count(self):
        return 0, 0

    def runtime_init(self, flow, graph, package, run_id):
        self._retries = 0
        record("runtime_init", step=self._step, kinds=[kind(flow), kind(graph), kind(package)], run_id=bool(run_id))

    def runtime_task_created(self, task_datastore, task_id, split_index, input_paths, is_cloned, ubf_context):
        record(
            "runtime_task_created",
            step=self._step,
            kinds=[kind(task_datastore)],
            attempt=task_datastore.attempt,
            split_index=split_index,
            inputs=[path.split("/")[1] for path in input_paths],
            is_cloned=is_cloned,
            ubf_context=ubf_context,
        )

    def runtime_step_cli(self, cli_args, retry_count, max_user_code_retries, ubf_context):
        cli_args.env["RECORDED_BY_CLI"] = "%s after %d" % (self._step, retry_count)
        record(
            "runtime_step_cli",
            step=self._step,
            retry_count=retry_count,
            max_user_code_retries=max_user_code_retries,
            ubf_context=ubf_context,
            commands=cli_args.commands,
            command_args=cli_args.command_args,
            options=sorted(cli_args.command_options),
            top=sorted(cli_args.top_level_options),
            entrypoint=len(cli_args.entrypoint),
            tags=sorted(cli_args.command_options["tag"]),
            namespace=cli_args.command_options["namespace"],
        )

    def runtime_finished(self, exception):
        record("runtime_finished", step=self._step, failed=exception is not None)

    def task_pre_step(
        self, step_name, task_datastore, metadata, run_id, task_id, flow, graph, retry_count, max_user_code_retries, ubf_context, inputs
    ):
        record(
            "task_pre_step",
            step=step_name,
            kinds=[kind(each) for each in (task_datastore, metadata, flow, graph)],
            attempt=task_datastore.attempt,
            ids=[bool(run_id), bool(task_id)],
            retry_count=retry_count,
            max_user_code_retries=max_user_code_retries,
            ubf_context=ubf_context,
            inputs=len(inputs),
            env=os.environ.get("RECORDED_BY_CLI"),
        )

    def task_decorate(self, step_func, flow, graph, retry_count, max_user_code_retries, ubf_context):
        record("task_decorate", retry_count=retry_count, max_user_code_retries=max_user_code_retries, ubf_context=ubf_context)

        def decorated(*inputs):
            record("called", inputs=len(inputs))
            step_func(*inputs)
            flow.decorated_by = "recorded"

        return decorated

    def task_post_step(self, step_name, flow, graph, retry_count, max_user_code_retries):
        record("task_post_step", step=step_name, retry_count=retry_count, max_user_code_retries=max_user_code_retries)

    def task_exception(self, exception, step_name, flow, graph, retry_count, max_user_code_retries):
        record("task_exception", step=step_name, exception=type(exception).__name__, retry_count=retry_count, max=max_user_code_retries)
        return False

    def task_finished(self, step_name, flow, graph, is_task_ok, retry_count, max_user_code_retries):
        record("task_finished", step=step_name, ok=is_task_ok, retry_count=retry_count, max=max_user_code_retries)


class RecordedFlowDecorator(FlowDecorator):
    """A flow decorator with an option of its own, which its steps must be given."""

    name = "recorded_flow"
    options = {"shade": {"default": "grey", "help": "A word.", "show_default": True}}

    def flow_init(self, flow, graph, environment, flow_datastore, metadata, logger, echo, options):
        self._shade = options["shade"]
        flow._shade = self._shade
        record(
            "flow_init",
            kinds=[kind(each) for each in (flow, graph, environment, flow_datastore, metadata)],
            callables=[callable(logger), callable(echo)],
            options=options,
        )

    def get_top_level_options(self):
        return [("shade", self._shade)]

    def add_to_package(self):
        record("flow add_to_package")
        return []
