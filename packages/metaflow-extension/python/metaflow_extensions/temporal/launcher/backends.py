"""
What remote backends cost every task anew, done once in the launcher, or left out where the planner did it a moment ago.

B1. Nothing here opens a connection: forks that share one mix up its answers.
B2. A warm-up that fails says nothing: what is wrong shows where it is needed.
"""

import functools
import importlib
from typing import Any

from .settings import Settings

#: What Metaflow's providers for each backend import late.
_DATASTORES = {
    "s3": "boto3 botocore.session metaflow.plugins.datastores.s3_storage metaflow.plugins.datatools.s3 metaflow.plugins.aws.aws_client",
    "azure": "metaflow.plugins.datastores.azure_storage",
    "gs": "metaflow.plugins.datastores.gs_storage",
}
_SERVICE = "metaflow.plugins.metadata_providers.service metaflow.metadata_provider.heartbeat metaflow.sidecar.sidecar_worker"


def warm(settings: Settings) -> None:
    """Import what the deployment's datastore and metadata provider need."""
    kind = settings.datastore.get("type", "local")
    names = _DATASTORES.get(kind, "").split()
    if uses_service(settings):
        names += _SERVICE.split()
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    if kind == "s3":
        try:
            _warm_s3()
        except Exception:
            pass


def uses_service(settings: Settings) -> bool:
    """Whether the deployment's metadata goes to a service."""
    options = settings.options
    return any(options[at : at + 2] == ["--metadata", "service"] for at in range(len(options))) or "--metadata=service" in options


def _warm_s3() -> None:
    """
    Read the description of S3's API once. Every client reads it anew, unless it comes from the same session: let all sessions of this
    process and of its forks share what one session's clients share.
    """
    import boto3.session
    import botocore.session

    botocore.session.create_loader = functools.lru_cache(maxsize=None)(botocore.session.create_loader)
    # With credentials of nobody's: looking for real ones may ask the network.
    boto3.session.Session(aws_access_key_id="-", aws_secret_access_key="-", region_name="us-east-1").client("s3")


def skip_registration(settings: Settings) -> None:
    """
    In a fork that runs a step: its planner has registered run and task, so that the step need not ask a service whether they are there.
    Local metadata, where that costs nothing, is left as `metaflow run` leaves it.
    """
    if not uses_service(settings):
        return
    from metaflow.task import MetaflowTask

    run_step = MetaflowTask.run_step

    def registered(self: Any, step_name: str, run_id: str, task_id: str, *args: Any, **kwargs: Any) -> Any:
        metadata = self.metadata
        register_run, register_task = metadata.register_run_id, metadata.register_task_id

        def run(run: str, *rest: Any, **named: Any) -> Any:
            return False if run == run_id else register_run(run, *rest, **named)

        def task(run: str, step: str, task: str, attempt: int = 0, *rest: Any, **named: Any) -> Any:
            # A later attempt has metadata of its own to register.
            known = attempt == 0 and (run, step, task) == (run_id, step_name, task_id)
            return False if known else register_task(run, step, task, attempt, *rest, **named)

        metadata.register_run_id, metadata.register_task_id = run, task
        return run_step(self, step_name, run_id, task_id, *args, **kwargs)

    MetaflowTask.run_step = registered
