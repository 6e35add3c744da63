"""
`TemporalEvent`: publishing an event from Python, in a step or anywhere else. What `ArgoEvent` is for Argo Workflows.

E1. `mft` does the work. A worker says in `METAFLOW_TEMPORAL_PUBLISH` how its tasks call it: by the worker's own file where there is one,
    so that nothing need be installed beside it. Credentials are not in there: those are in the worker's environment, or nowhere.
E2. Importing this module imports nothing of Metaflow's.
"""

import json
import os
import subprocess
import sys
import uuid
from typing import Any, Callable, Dict, List, Optional, Union

#: `{"command": [...], "deployed": true}`: the words that publish, and whether the runs there are those of deployments.
VARIABLE = "METAFLOW_TEMPORAL_PUBLISH"
#: Seconds until a publication that hangs is given up.
PATIENCE = 120


class TemporalEvent:
    """
    An event that starts the flows which were deployed with `@trigger` to wait for it.

    Parameters
    ----------
    name : Union[str, Callable[[], str]]
        Name of the event, or a callable without arguments that returns it (`namespaced_event_name("data_ready")`).
    payload : Dict, optional
        Fields of the event. Parameters of the flows that wait for it get their values from them.

    Examples
    --------
    >>> TemporalEvent("data_ready").publish({"table": "sales"})
    """

    def __init__(self, name: Union[str, Callable[[], str]], payload: Optional[Dict[str, Any]] = None) -> None:
        if callable(name):
            name = name()
        if not isinstance(name, str):
            raise _refusal("The name of an event must be a string, not *%s*." % type(name).__name__)
        self._name = name
        self._payload = dict(payload or {})

    def add_to_payload(self, key: str, value: Any) -> "TemporalEvent":
        """
        Add a field, in place of one of the same name.

        Returns
        -------
        TemporalEvent
            This event.
        """
        self._payload[key] = value
        return self

    def safe_publish(self, payload: Optional[Dict[str, Any]] = None, ignore_errors: bool = True) -> Optional[str]:
        """
        Publish the event in a run of a deployment on Temporal, and do nothing elsewhere.

        Parameters
        ----------
        payload : Dict, optional
            Further fields.
        ignore_errors : bool, default True
            Print what goes wrong, and go on.

        Returns
        -------
        str, optional
            Id of the event; None where it was not published.
        """
        return self.publish(payload=payload, force=False, ignore_errors=ignore_errors)

    def publish(self, payload: Optional[Dict[str, Any]] = None, force: bool = True, ignore_errors: bool = True) -> Optional[str]:
        """
        Publish the event. Returns when Temporal has accepted the runs that it starts; does not wait for them.

        A deployment whose parameters do not take what the event gives refuses it, which is printed; the others have theirs. Where all
        that wait for the event refuse it, it counts as not published. Where none waits for it, it is published, and nothing starts.

        Parameters
        ----------
        payload : Dict, optional
            Further fields. `id` is the id of the event (default: a new one): each subscriber drops what it has had of that id.
        force : bool, default True
            Publish also where no deployment runs.
        ignore_errors : bool, default True
            Print what goes wrong, and go on.

        Returns
        -------
        str, optional
            Id of the event; None where it was not published.
        """
        try:
            return self._publish({**self._payload, **(payload or {})}, force)
        except Exception as error:
            if not ignore_errors:
                raise
            print("Event %s was not published: %s" % (self._name, error), file=sys.stderr)
            return None

    def _publish(self, payload: Dict[str, Any], force: bool) -> str:
        told = _told()
        if not force and not told.get("deployed"):
            raise _refusal("This is no run of a deployment on Temporal. Publish all the same with .publish().")
        payload.setdefault("id", str(uuid.uuid4()))
        # Values that are not JSON travel as their text: dates, numbers of numpy.
        text = json.dumps(payload, default=str)
        argv = [*(told.get("command") or _mft()), self._name, "--payload-file=-", "--json"]
        try:
            done = subprocess.run(
                argv, input=text.encode("utf-8"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(), timeout=PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _refusal("%s cannot publish: %s" % (argv[0], error)) from error
        answer = _last(done.stdout)
        refused = ["%s does not take it: %s" % (each["deployment"], each["message"]) for each in answer.get("refused", [])]
        if done.returncode != 0:
            said = (answer.get("error") or {}).get("message") or " ".join(refused) or done.stderr.decode("utf-8", "replace").strip()
            raise _refusal("%s" % said)
        for each in refused:
            print("Event %s: %s" % (self._name, each), file=sys.stderr)
        return str(answer["id"])


def _told() -> Dict[str, Any]:
    return json.loads(os.environ.get(VARIABLE) or "{}")  # type: ignore[no-any-return]


def _mft() -> List[str]:
    from .cli import mft

    return [*mft.command(os.getcwd()), "publish"]


def _environment() -> Dict[str, str]:
    # Node reads these as options of its own process; a step may have set them for something else.
    return {name: value for name, value in os.environ.items() if name not in ("NODE_OPTIONS", "NODE_CHANNEL_FD")}


def _last(printed: bytes) -> Dict[str, Any]:
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}


def _refusal(message: str) -> Exception:
    from .event_refused import EventNotPublished

    return EventNotPublished(message)
