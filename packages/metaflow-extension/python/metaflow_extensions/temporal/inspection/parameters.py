"""The flow's parameters; Configs are not among them."""

import json

from metaflow.includefile import IncludeFile
from metaflow.parameters import DeployTimeField, JSONTypeClass, deploy_time_eval

_TYPES = {str: "str", int: "int", float: "float", bool: "bool"}
# click's own types, which a Parameter may name instead of Python's.
_CLICK = {"integer": "int", "integer range": "int", "float": "float", "float range": "float", "boolean": "bool"}


def _type(parameter, kind):
    if isinstance(parameter, IncludeFile):
        return "file"
    if isinstance(kind, JSONTypeClass) or kind in (dict, list):
        return "json"
    if kind in _TYPES:
        return _TYPES[kind]
    return _CLICK.get(getattr(kind, "name", None), "str")


def _plain(value):
    # Only what survives JSON unchanged is a default that Node can show and send.
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False, None
    return True, json.loads(text)


def _typed(kind, text):
    # deploy_time_eval answers with strings; a default has the type of the parameter.
    if not isinstance(text, str):
        return text
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    if kind == "bool":
        return text.lower() not in ("false", "0", "")
    if kind == "json":
        return json.loads(text)
    return text


def describe(flow, evaluate):
    """
    Return a list of parameters.

    With `evaluate`, defaults that are functions are called and files that are defaults are uploaded, as every
    deployment does (`"deployed": true` marks them: their value must be passed to each run); without it they have no default here.
    """
    parameters = []
    for _, parameter in flow._get_parameters():
        if getattr(parameter, "IS_CONFIG_PARAMETER", False):
            continue
        options = parameter.kwargs
        kind = _type(parameter, options.get("type"))
        default = options.get("default")
        described = {
            "name": parameter.name,
            "type": kind,
            "required": bool(options.get("required")) and default is None,
        }
        if getattr(parameter, "separator", None):
            described["separator"] = parameter.separator
        if options.get("multiple"):
            described["multiple"] = True
        choices = getattr(options.get("type"), "choices", None)
        if choices:
            described["choices"] = [str(choice) for choice in choices]
        if isinstance(default, DeployTimeField) or callable(default):
            if evaluate:
                described["default"] = _typed(kind, deploy_time_eval(default))
                described["deployed"] = True
        elif default is not None:
            ok, value = _plain(_typed(kind, default))
            if ok:
                described["default"] = value
        if options.get("help"):
            described["help"] = str(options["help"])
        parameters.append(described)
    return parameters
