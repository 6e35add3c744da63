"""
`current.trigger`: what started a run, as Metaflow's own class, with the payload of each event in addition.

T1. The launcher leaves what triggered the run in a file that `METAFLOW_TEMPORAL_TRIGGERS` names, so that every process of a task on this
    machine finds it, those that a task starts itself (mappers of `@parallel`) among them.
T2. The steps of another run, which a step may have started, are none of them: the file says whose it is.
T3. Pickled, it is Metaflow's own class: an artifact can be read where this extension is not.
"""

import json
import os
import sys
from typing import Any, Dict, List, Optional, Tuple

from metaflow.events import MetaflowEvent, Trigger

#: Names the file. A contract between versions: the code package of a deployment carries its own copy of this module.
VARIABLE = "METAFLOW_TEMPORAL_TRIGGERS"
#: Fields of an event that Metaflow knows.
FIELDS = ("type", "name", "id", "timestamp")


class Event(MetaflowEvent):
    """One event: `name`, `id`, `timestamp` and `type` as Metaflow's, and `payload`, a dict."""

    payload: Dict[str, Any]

    def __reduce__(self) -> Tuple[Any, ...]:
        return MetaflowEvent, tuple(self)


class TemporalTrigger(Trigger):
    """Metaflow's `Trigger`, whose events have a `payload`."""

    def __init__(self, triggers: List[Dict[str, Any]]) -> None:
        super().__init__(plain(triggers))
        payloads = {(each["name"], each["id"]): each.get("payload") or {} for each in triggers}
        self._events = [_with_payload(event, payloads.get((event.name, event.id), {})) for event in self._events]

    @property
    def payload(self) -> Dict[str, Any]:
        """What was published with the event; with the latest, where several triggered the run."""
        return self.event.payload if self.event else {}

    def __reduce__(self) -> Tuple[Any, ...]:
        return Trigger, ([event._asdict() for event in self._events],)


def _with_payload(event: MetaflowEvent, payload: Dict[str, Any]) -> Event:
    found = Event(*event)
    found.payload = payload
    return found


def plain(triggers: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """What Metaflow's `Trigger` takes, and the metadata `execution-triggers` holds."""
    return [{name: each.get(name) for name in FIELDS} for each in triggers]


def install(triggers: List[Dict[str, Any]]) -> None:
    """Make it `current.trigger` of this process."""
    from metaflow.metaflow_current import current

    if triggers:
        current._update_env({"trigger": TemporalTrigger(triggers)})


def write_file(path: str, run_id: str, triggers: List[Dict[str, Any]]) -> None:
    """Leave it to processes of the run's tasks."""
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"run": run_id, "triggers": triggers}, out)


def install_from_environment() -> None:
    """Take what `write_file` left to this process, where it did."""
    found = _left()
    if found:
        install(found["triggers"])


def install_in_step() -> None:
    """The same in a fresh interpreter, where it executes a step of that run: Metaflow's command line is all that is known so early."""
    found = _left()
    if found and _run_of(sys.argv) == found["run"]:
        install(found["triggers"])


def _left() -> Optional[Dict[str, Any]]:
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as source:
            return json.load(source)  # type: ignore[no-any-return]
    except (OSError, ValueError):
        # A process that outlived its launcher.
        return None


def _run_of(argv: List[str]) -> Optional[str]:
    for at, word in enumerate(argv):
        if word == "--run-id" and at + 1 < len(argv):
            return argv[at + 1]
        if word.startswith("--run-id="):
            return word[len("--run-id=") :]
    return None
