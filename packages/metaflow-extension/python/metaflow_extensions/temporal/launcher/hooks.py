"""
Where a fork listens in on Metaflow: the end of a step, and the errors that Metaflow's command line would only print.

Everything here is patched in a fork, never in the launcher.
"""

from typing import Any, Callable, Dict, Optional

from . import ahead, outcome


def report_step(path: str) -> None:
    """Write the outcome of `MetaflowTask.run_step` to `path` the moment it is known."""
    from metaflow.datastore.task_datastore import TaskDataStore
    from metaflow.task import MetaflowTask

    run_step = MetaflowTask.run_step
    persist = TaskDataStore.persist
    stored: Dict[str, Any] = {}

    def observed_persist(self: Any, flow: Any) -> Any:
        # Before: persisting deletes the artifacts from the flow.
        stored.update(outcome.transition(flow))
        result = persist(self, flow)
        stored["artifacts"] = outcome.public_names(type(flow), self._objects)
        return result

    def observed_run_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = run_step(self, *args, **kwargs)
        except BaseException as error:
            outcome.write(path, {"error": outcome.describe_error(error)})
            raise
        outcome.write(path, stored)
        return result

    TaskDataStore.persist = observed_persist
    MetaflowTask.run_step = observed_run_step


def report_refusals(report: Callable[[Dict[str, str]], None]) -> None:
    """Tell `report` of errors before or around a step: a bad parameter, a refused graph, a decorator's complaint."""
    before_cli(lambda flow: _watch_cli(report))


def before_cli(act: Callable[[Any], None]) -> None:
    """Call `act(flow)` when the flow hands over to Metaflow's command line: the flow exists, nothing is bound yet."""
    from metaflow import parameters
    from metaflow.flowspec import FlowSpec

    original = FlowSpec.__init__

    def init(self: Any, use_cli: bool = True) -> None:
        if use_cli:
            # Metaflow's commands take the flow's parameters from this context when they are first imported.
            with parameters.flow_context(type(self)):
                ahead.bind()
                act(self)
        original(self, use_cli)

    FlowSpec.__init__ = init


def _watch_cli(report: Callable[[Dict[str, str]], None]) -> None:
    from metaflow import cli
    from metaflow._vendor.click import exceptions

    print_metaflow, print_unknown = cli.print_metaflow_exception, cli.print_unknown_exception
    show = exceptions.ClickException.show
    show_usage = exceptions.UsageError.show

    def metaflow_exception(error: Any) -> Any:
        message = f"{error.headline}: {error.message}" if getattr(error, "headline", None) else str(error)
        report({**outcome.describe_error(error), "message": message})
        return print_metaflow(error)

    def unknown_exception(error: Any) -> Any:
        report(outcome.describe_error(error))
        return print_unknown(error)

    def observe(original: Any) -> Any:
        def shown(self: Any, file: Optional[Any] = None) -> Any:
            report({"type": type(self).__name__, "message": self.format_message()})
            return original(self, file)

        return shown

    cli.print_metaflow_exception = metaflow_exception
    cli.print_unknown_exception = unknown_exception
    exceptions.ClickException.show = observe(show)
    exceptions.UsageError.show = observe(show_usage)
