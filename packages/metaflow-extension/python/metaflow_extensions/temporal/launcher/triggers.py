"""
What triggered a run, on a planner's side.

G1. It lies beside the run's `_parameters`, and is written before them: who finds a run that is registered finds it as well.
G2. A run that resumes another has been triggered by what triggered that, unless its starter says otherwise: its steps ask for the same.
G3. The start task says so in its metadata, from where Metaflow's `Run.trigger` takes it.
"""

import json
import os
import tempfile
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional

from metaflow.metadata_provider import MetaDatum

from .. import trigger
from .settings import PARAMETERS_TASK_ID

#: Name of the list in the datastore, below the run's `_parameters` task.
LIST = "temporal_triggers"

Triggers = List[Dict[str, Any]]


def keep(datastore: Any, run_id: str, triggers: Triggers) -> None:
    """Write the list of a run that is about to be registered."""
    if triggers:
        parameters = datastore.get_task_datastore(run_id, "_parameters", PARAMETERS_TASK_ID, attempt=0, mode="w")
        parameters._dangerous_save_metadata_post_done({LIST: {"triggers": triggers}}, add_attempt=False)


def kept(datastore: Any, run_id: str) -> Triggers:
    """The list of a run; empty where nothing triggered it, or it is none of ours."""
    from metaflow.datastore.exceptions import DataException

    try:
        return of_parameters(datastore.get_task_datastore(run_id, "_parameters", PARAMETERS_TASK_ID))
    except DataException:
        return []


def of_parameters(parameters: Any) -> Triggers:
    """The list beside a `_parameters` task."""
    if not parameters.has_metadata(LIST, add_attempt=False):
        return []
    return parameters.load_metadata([LIST], add_attempt=False)[LIST]["triggers"]  # type: ignore[no-any-return]


def metadata(triggers: Triggers, attempt: int) -> List[Any]:
    """Metadata of the start task."""
    tags = ["attempt_id:%d" % attempt]
    found = {"execution-triggers": json.dumps(trigger.plain(triggers))}
    due = [each["timestamp"] for each in triggers if each["type"] == "schedule"]
    if due:
        found["scheduled-at"] = datetime.fromtimestamp(due[0], timezone.utc).isoformat().replace("+00:00", "Z")
    return [MetaDatum(field=name, value=value, type=name, tags=tags) for name, value in found.items()]


class ForTasks:
    """What the tasks of one run are given."""

    def __init__(self, run_id: str, triggers: Triggers, temporary: str) -> None:
        self.triggers = triggers
        self._path: Optional[str] = None
        if triggers:
            handle, self._path = tempfile.mkstemp(suffix=".triggers", dir=temporary)
            os.close(handle)
            trigger.write_file(self._path, run_id, triggers)

    @property
    def environment(self) -> Dict[str, str]:
        """Variables of each task."""
        return {trigger.VARIABLE: self._path} if self._path else {}

    def tell(self, runtime: Any, task_id: str, attempt: int) -> None:
        """Write the metadata of the start task."""
        if self.triggers:
            runtime._metadata.register_metadata(runtime.run_id, start_of(runtime), task_id, metadata(self.triggers, attempt))


def start_of(runtime: Any) -> str:
    """Name of the first step; older versions of Metaflow have no other than `start`."""
    return getattr(runtime._graph, "start_step", None) or "start"
