"""What a deployment of this flow is called."""

from metaflow import current


def settings(context):
    """Values of the options that stand before the verb (`temporal --name x trigger`)."""
    return getattr(context.obj, "temporal", None) or {}


def deployment(context, given=None):
    """
    Name of this flow's deployment, as the compiler chooses it: `--name` after or before the verb, else
    `project.branch.Flow` under @project, else the flow's name.
    """
    named = given or settings(context).get("name")
    if named:
        return named
    flow = context.obj.flow
    return current.project_flow_name if flow._flow_decorators.get("project") else flow.name
