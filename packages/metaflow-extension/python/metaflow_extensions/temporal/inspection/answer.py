"""The whole answer of `temporal inspect`, without code package."""

import os
import platform
import sys

from metaflow.metaflow_version import get_version
from metaflow.util import get_username

from .. import PROTOCOL_VERSION
from . import exit_hooks, graph, parameters, policies, settings, triggers


def _first(flow, name):
    found = flow._flow_decorators.get(name) or [None]
    return found[0]


def _project(flow):
    from metaflow import current

    if _first(flow, "project") is None:
        return None
    return {
        "name": current.project_name,
        "branch": current.branch_name,
        "production": bool(current.is_production),
        "userBranch": bool(current.is_user_branch),
        "flowName": current.project_flow_name,
    }


def _schedule(flow):
    decorator = _first(flow, "schedule")
    cron = getattr(decorator, "schedule", None)
    if not cron:
        return None
    timezone = getattr(decorator, "timezone", None)
    return {"cron": cron, "timezone": timezone} if timezone else {"cron": cron}


def question(flow):
    """What Node must agree to before anything of a deployment is saved."""
    asked = {"schedule": _schedule(flow), "project": _project(flow), "parameters": parameters.describe(flow, evaluate=False)}
    return {"question": _without_none(asked)}


def build(context, obj, evaluate):
    """Return the introspection as a dict that is plain JSON. `evaluate`: call deploy-time functions (see parameters)."""
    flow = obj.flow
    file = os.path.abspath(sys.argv[0])
    environment = settings.environment(obj, context.find_root().params)
    project = _project(flow)
    if project and project["userBranch"]:
        # The branch is named after a person: a worker that runs as another one must still find this branch.
        environment["METAFLOW_OWNER"] = project["branch"][len("user.") :]
    answer = {
        "protocol": PROTOCOL_VERSION,
        "flow": {
            "name": flow.name,
            "file": os.path.basename(file),
            "directory": os.path.dirname(file),
            "doc": graph.first_lines(flow.__doc__),
        },
        "graph": graph.describe(obj.graph),
        "policies": policies.describe(flow, obj.graph),
        "parameters": parameters.describe(flow, evaluate),
        "metaflow": {"version": get_version().split("+")[0], "python": platform.python_version()},
        "interpreter": sys.executable,
        "options": settings.options(context, obj, flow),
        "environment": environment,
        "datastore": {"type": obj.datastore_impl.TYPE, "root": settings.datastore_root(obj)},
        "metadata": {"type": obj.metadata.TYPE, "info": obj.metadata.metadata_str().split("@", 1)[-1]},
        "user": get_username() or "unknown",
        "project": project,
        "schedule": _schedule(flow),
        "exitHooks": exit_hooks.describe(flow),
        "triggers": triggers.describe(flow, evaluate),
        "decorators": policies.decorator_names(flow, obj.graph),
    }
    return _without_none(answer)


def _without_none(described):
    # What is absent is left out; None is no value of its own anywhere in the answer's fixed part.
    return {
        key: {name: part for name, part in value.items() if part is not None} if key == "flow" else value
        for key, value in described.items()
        if value is not None
    }
