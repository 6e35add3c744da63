"""
A run's planner: a fork that has executed the flow's own `run …` (or `resume …`) command up to the point where Metaflow's local runtime would begin to
schedule. From there on it answers what Node asks: the command line and environment of an attempt, its markers, its logs.

P1. Everything before the serving loop is Metaflow's own: checks, tags, `--with`, packaging, `runtime_init`, `_parameters`, heartbeat.
P2. A planner that joins a run writes nothing of the run: not the registration, not `_parameters`, not the latest run id.
P3. One request at a time, in the order they came: decorators are not made for threads. Only saving may overlap.
"""

import os
import re
from typing import Any, Dict, List, Optional

from metaflow.exception import MetaflowException

from . import flowfile, given, hooks, outcome, packages, resuming, triggers
from .frames import BlockingChannel
from .planning import Plans
from .settings import PARAMETERS_TASK_ID, Settings, forget_configs


class RunIdTaken(MetaflowException):
    """Another execution has registered the run id."""

    headline = "Run not started"


class RunNotJoined(MetaflowException):
    """The run that another worker began cannot be gone on with here."""

    headline = "Run not joined"


class Planner:
    """The child's side."""

    def __init__(self, settings: Settings, channel: BlockingChannel, request: Dict[str, Any], temporary: str) -> None:
        self.settings = settings
        self.channel = channel
        self.run_id: str = request["run_id"]
        self.params: Dict[str, Any] = request.get("params") or {}
        self.tags: List[str] = list(request.get("tags") or [])
        self.namespace = request.get("namespace")
        self.token = request.get("token")
        self.register = bool(request.get("register"))
        self.resume = resuming.Origin.of(request)
        #: Of a resumed run: what was cloned, as `resuming` keeps it.
        self.cloned: Optional[Dict[str, Any]] = None
        #: What triggered the run, once that is known; for a run to be joined it lies in the datastore.
        self.triggers: triggers.Triggers = list(request.get("triggers") or [])
        self.triggered = bool(request.get("triggered")) or self.resume is not None
        self.temporary = temporary
        self._opened = False

    def run(self) -> None:
        """Never returns."""
        self._patch()
        flowfile.execute(self.settings.path, [self.settings.path] + self._words(), self._refused_by)

    def _words(self) -> List[str]:
        options = ["--quiet", "--no-pylint", *self.settings.options]
        words = self.resume.words(options) if self.resume else [*options, "run"]
        words += [f"--tag={tag}" for tag in self.tags]
        if self.namespace is not None and self.resume is None:
            words.append(f"--namespace={self.namespace}")
        return words

    # What is replaced, in this fork only.

    def _patch(self) -> None:
        import metaflow.runtime
        import metaflow.util
        from metaflow import parameters
        from metaflow.flowspec import FlowSpec

        planner = self
        runtime = metaflow.runtime.NativeRuntime
        init, persist, clone = runtime.__init__, runtime.persist_constants, runtime.clone_original_run

        def initialise(self: Any, flow: Any, graph: Any, datastore: Any, metadata: Any, *args: Any, **kwargs: Any) -> None:
            kwargs["run_id"] = planner.run_id
            planner._claim(flow, datastore, metadata)
            try:
                init(self, flow, graph, datastore, metadata, *args, **kwargs)
            finally:
                planner._claimed(metadata)

        def persist_constants(self: Any, task_id: Any = None) -> None:
            if planner.register:
                planner._keep_triggers(self)
                persist(self, task_id=PARAMETERS_TASK_ID)
            else:
                planner._adopt_parameters(self)

        def clone_original_run(self: Any, *_: Any, **__: Any) -> None:
            planner.cloned = resuming.clone(self, clone) if planner.register else planner._adopt_list(self)

        runtime.__init__ = initialise
        runtime.persist_constants = persist_constants
        runtime.clone_original_run = clone_original_run
        runtime.execute = lambda self: planner._serve(self)
        runtime.print_workflow_info = lambda self: None
        hooks.report_refusals(self._refused)
        if self.settings.package:
            packages.use_stored_package(self.settings.package)
        else:
            packages.package_late()
        # Configs that a flow file names by variables of its own were read when it was compiled: the options have their values.
        hooks.before_cli(lambda _: forget_configs())
        if self.resume:
            hooks.before_cli(self.resume.watch_configs)
        if self.register and self.resume is None:
            given.give(self.params, deployed=bool(self.settings.package))
        elif not self.register:
            metaflow.util.write_latest_run_id = lambda *_: None
            parameters.add_custom_parameters = lambda deploy_mode=False: lambda command: command
            FlowSpec._set_constants = lambda *_: None

    # Registration.

    def _claim(self, flow: Any, datastore: Any, metadata: Any) -> None:
        mark = f"temporal_execution:{self.token}" if self.token else None
        if self.register:
            found = metadata.get_object("run", "self", {}, None, flow.name, self.run_id)
            if found:
                if mark is None or mark not in (found.get("system_tags") or []):
                    raise RunIdTaken(f"Run id {self.run_id} of {flow.name} is already registered by another execution.")
                # Our own earlier attempt: go on where it stopped.
                self.register = not self._started(datastore)
        if self.resume and self.register:
            # Before the run is registered: what is not there cannot be resumed.
            self.resume.find(datastore)
        elif self.resume:
            self.resume.leave_alone()
        if self.register:
            metadata.add_sticky_tags(sys_tags=[*([mark] if mark else []), *self._owner()])
        else:
            metadata.register_run_id = lambda *_, **__: False

    def _owner(self) -> List[str]:
        """A run in the namespace of a production token is in its owner's too, as it is under `metaflow run --production`."""
        from metaflow.util import get_username

        return [f"user:{get_username()}"] if os.environ.get("METAFLOW_PRODUCTION_TOKEN") else []

    def _claimed(self, metadata: Any) -> None:
        # These are the run's, not its tasks'.
        metadata.sticky_sys_tags.difference_update([f"temporal_execution:{self.token}", *self._owner()])
        metadata.__dict__.pop("register_run_id", None)

    def _started(self, datastore: Any) -> bool:
        from metaflow.datastore.exceptions import DataException

        try:
            parameters = datastore.get_task_datastore(self.run_id, "_parameters", PARAMETERS_TASK_ID)
        except DataException:
            return False
        return self.resume is None or resuming.is_kept(parameters)

    def _adopt_list(self, runtime: Any) -> Dict[str, Any]:
        try:
            return resuming.kept(runtime._flow_datastore.get_task_datastore(self.run_id, "_parameters", PARAMETERS_TASK_ID))
        except Exception as error:
            raise RunNotJoined(f"Run {self.run_id} cannot be joined: what it cloned is not in the datastore ({error}).") from error

    def _adopt_parameters(self, runtime: Any) -> None:
        """Let decorators that read `flow.x` in this process find the run's parameters, loaded only when asked for."""
        from metaflow.task import MetaflowTask

        try:
            stored = runtime._flow_datastore.get_task_datastore(self.run_id, "_parameters", PARAMETERS_TASK_ID)
            reader = MetaflowTask.__new__(MetaflowTask)
            reader.flow = runtime._flow
            reader._init_parameters(stored, passdown=False)
        except Exception as error:
            raise RunNotJoined(f"Run {self.run_id} cannot be joined: its parameters are not in the datastore ({error}).") from error

    def _keep_triggers(self, runtime: Any) -> None:
        if self.resume and not self.triggers:
            self.triggers = triggers.kept(runtime._flow_datastore, self.resume.run_id)
        triggers.keep(runtime._flow_datastore, self.run_id, self.triggers)

    # Serving.

    def _serve(self, runtime: Any) -> None:
        if self.resume and self.namespace is not None:
            # What `run` does by its option, which `resume` lacks; what is cloned was found in every namespace.
            from metaflow import namespace

            namespace(self.namespace or None)
        if self.triggered and not self.register:
            self.triggers = triggers.kept(runtime._flow_datastore, self.run_id)
        for_tasks = triggers.ForTasks(self.run_id, self.triggers, self.temporary)
        if self.register and self.cloned:
            self._tell_start(runtime, for_tasks)
        plans = Plans(runtime, self.settings, self.temporary, for_tasks, self.cloned)
        self._opened = True
        try:
            self.channel.send({"opened": True, **({"cloned": len(self.cloned["tasks"])} if self.cloned else {})})
            self._answer(plans)
        except EOFError:  # the launcher is gone
            os._exit(0)

    def _answer(self, plans: Plans) -> None:
        while True:
            message = self.channel.receive()
            if message["op"] == "quit":
                return
            if message["op"] == "close":
                error = None
                try:
                    plans.finish(message["status"])
                except Exception as raised:
                    error = outcome.describe_error(raised)
                self.channel.send({"re": message["id"], "error": error})
                return
            plans.handle(message, self.channel)

    def _tell_start(self, runtime: Any, for_tasks: triggers.ForTasks) -> None:
        """Of a start task that was cloned, and so will not be planned."""
        task_id = f"temporal-{triggers.start_of(runtime)}-0"
        if f"{triggers.start_of(runtime)}/{task_id}" in (self.cloned or {"tasks": {}})["tasks"]:
            for_tasks.tell(runtime, task_id, 0)

    # Refusals.

    def _refused(self, error: Dict[str, str]) -> None:
        if not self._opened:
            self._opened = True
            code = "RUN_ID_TAKEN" if error.get("type") == "RunIdTaken" else "RUN_NOT_STARTED"
            message = re.sub(r"^(Run not started|Run not joined|RunIdTaken|RunNotJoined): ", "", error["message"])
            self.channel.send({"opened": False, "error": {**error, "message": message, "code": code}})

    def _refused_by(self, error: BaseException) -> None:
        self._refused(outcome.describe_error(error))
