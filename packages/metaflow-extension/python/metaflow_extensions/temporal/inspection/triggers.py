"""
`@trigger` and `@trigger_on_finish`, as Metaflow itself resolves them when a flow is deployed.

The checks and names are those of `_process_triggers` in Metaflow's plugin for Argo Workflows, with these differences: parameters keep their
own spelling, both decorators may be used on one flow (all that they name must come), and `options` may hold `within`.
"""

import re

from metaflow.exception import MetaflowException


class BadTrigger(MetaflowException):
    """The triggers of a flow cannot be deployed."""

    headline = "Bad trigger"


def describe(flow, evaluate):
    """
    Return {"on": [{"type", "name", "parameters"?}], "resetAt"?: {"cron", "timezone"?}, "within"?: seconds}, None where nothing triggers the flow.

    With `evaluate` refusals are raised; without, for a run that is not deployed, what is wrong with a trigger does not matter.
    """
    try:
        return _describe(flow)
    except MetaflowException:
        if evaluate:
            raise
        return None


def _describe(flow):
    trigger = (flow._flow_decorators.get("trigger") or [None])[0]
    finish = (flow._flow_decorators.get("trigger_on_finish") or [None])[0]
    if trigger is None and finish is None:
        return None
    on = (_events(flow, trigger) if trigger else []) + (_runs(finish) if finish else [])
    if trigger and len(on) == 1 and not on[0]["parameters"]:
        # Of a single event without a mapping each parameter has the field of its name.
        on[0]["parameters"] = {name: name for name in _parameters(flow).values()}
    names = [each["name"] for each in on]
    for name in names:
        if names.count(name) > 1:
            raise BadTrigger("The flow waits for *%s* twice. Name it once." % name)
    on = [{key: value for key, value in each.items() if value} for each in on]
    return {"on": on, **_options([each for each in (trigger, finish) if each], len(on))}


def _parameters(flow):
    # Metaflow's command line does not tell case apart.
    found = [each for _, each in flow._get_parameters() if not getattr(each, "IS_CONFIG_PARAMETER", False)]
    return {each.name.lower(): each.name for each in found}


def _events(flow, decorator):
    parameters = _parameters(flow)
    seen = set()
    decorator.format_deploytime_value()
    events = []
    for event in decorator.triggers:
        name = event["name"]
        if not re.match(r"^[A-Za-z0-9_.-]+$", name):
            raise BadTrigger(
                "Invalid event name *%s* in *@trigger*: only letters, digits, underscores (_), dashes (-) and dots (.) are allowed." % name
            )
        mapping = {}
        for key, field in (event.get("parameters") or {}).items():
            if not re.match(r"^[A-Za-z0-9_]+$", field):
                raise BadTrigger(
                    "Invalid field *%s* of event *%s* in *@trigger*: only letters, digits and underscores (_) are allowed." % (field, name)
                )
            found = key.lower() if key.lower() in parameters else key.lower().replace("_", "-")
            if found not in parameters:
                raise BadTrigger("Event *%s* of *@trigger* gives a parameter *%s*, which the flow does not have." % (name, key))
            if found in seen:
                raise BadTrigger("Parameter *%s* is given more than once by the events of *@trigger*." % parameters[found])
            seen.add(found)
            mapping[parameters[found]] = field
        events.append({"type": "event", "name": name, "parameters": mapping})
    return events


def _runs(decorator):
    from metaflow import current

    decorator.format_deploytime_value()
    runs = []
    for flow in decorator.triggers:
        project = flow.get("project") or current.get("project_name")
        branch = flow.get("branch") or current.get("branch_name")
        if bool(project) != bool(branch):
            raise BadTrigger(
                "*@trigger_on_finish* of flow *%s* names a %s and no %s. Name both, or use *@project*."
                % (flow["flow"], *(("project", "branch") if project else ("branch", "project")))
            )
        name = ".".join(part for part in (project, branch, flow["flow"]) if part)
        runs.append({"type": "run", "name": "metaflow.%s.end" % name, "parameters": {}})
    return runs


def _options(decorators, count):
    found = {}
    for decorator in decorators:
        options = dict(decorator.options or {})
        reset = options.pop("reset_at", None)
        within = options.pop("within", None)
        if options:
            raise BadTrigger(
                "*@%s* has the option *%s*, which Temporal does not know. Options: reset_at, within." % (decorator.name, sorted(options)[0])
            )
        if reset:
            if not isinstance(reset, dict) or not isinstance(reset.get("cron"), str):
                raise BadTrigger("*reset_at* of *@%s* must name a cron expression: {\"cron\": \"0 6 * * *\"}." % decorator.name)
            found["resetAt"] = {key: reset[key] for key in ("cron", "timezone") if reset.get(key)}
        if within is not None:
            if isinstance(within, bool) or not isinstance(within, (int, float)) or not 0 < within < float("inf"):
                raise BadTrigger("*within* of *@%s* must be a number of seconds above 0, not *%r*." % (decorator.name, within))
            found["within"] = within
    # A single event waits for no other.
    return found if count > 1 else {}
