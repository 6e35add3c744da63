"""The flow's parameters; Configs are not among them."""

import json
import math
import os

from metaflow.includefile import IncludeFile
from metaflow.parameters import DeployTimeField, JSONTypeClass, deploy_time_eval

_TYPES = {str: "str", int: "int", float: "float", bool: "bool"}
# The largest integer that JavaScript reads without rounding.
_SAFE = 2**53 - 1
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
    # Only what survives JSON, and JavaScript, unchanged is a default that Node can show and send.
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False, None
    return True, json.loads(text)


def _typed(kind, text):
    # deploy_time_eval answers with strings; a default has the type of the parameter, but for what only Python's JSON can write.
    if not isinstance(text, str):
        return text
    try:
        if kind == "int":
            number = int(text)
            return number if abs(number) <= _SAFE else text
        if kind == "float":
            number = float(text)
            return number if math.isfinite(number) else text
        if kind == "bool":
            return text.lower() not in ("false", "0", "")
        if kind == "json":
            value = json.loads(text)
            # A text would be read as JSON once more, null as no value at all.
            return value if isinstance(value, (dict, list, int, float)) and _safe(value) else text
    except ValueError:
        # A deploy-time function may return anything; the run refuses it as `metaflow run` does.
        pass
    return text


def _safe(value):
    # Whether JavaScript would write it as Python does.
    if isinstance(value, dict):
        return all(isinstance(key, str) and not key.isdigit() and _safe(part) for key, part in value.items())
    if isinstance(value, list):
        return all(map(_safe, value))
    if isinstance(value, float):
        return math.isfinite(value) and value != int(value)
    return not isinstance(value, int) or abs(value) <= _SAFE


def _limits(described, kind):
    # What the type says of the values that it takes.
    if not getattr(kind, "_is_text", True):
        described["binary"] = True
    elif (getattr(kind, "_encoding", None) or "utf-8") != "utf-8":
        described["encoding"] = kind._encoding
    choices = getattr(kind, "choices", None)
    if choices:
        described["choices"] = [str(choice) for choice in choices]
        if not getattr(kind, "case_sensitive", True):
            described["caseless"] = True
    if getattr(kind, "clamp", False):
        return
    for bound in ("min", "max"):
        limit = getattr(kind, bound, None)
        if isinstance(limit, (int, float)) and _safe(int(limit)):
            described[bound] = limit


def _in_environment(parameter, deploying):
    # `run` takes what it is not given from variables; a deployment's runs see another environment.
    return not deploying and "METAFLOW_RUN_" + parameter.name.replace("-", "_").upper() in os.environ


def describe(flow, evaluate):
    """
    Return a list of parameters.

    With `evaluate`, defaults that are functions are called and files that are defaults are uploaded, as every
    deployment does (`"deployed": true` marks them: their value must be passed to each run); without it they have no default here.
    """
    # What `run` checks first, before it writes anything.
    flow._check_parameters(config_parameters=False)
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
            "required": bool(options.get("required")) and default is None and not _in_environment(parameter, evaluate),
        }
        if getattr(parameter, "separator", None):
            described["separator"] = parameter.separator
        if options.get("multiple"):
            described["multiple"] = True
        if options.get("nargs", 1) != 1:
            described["nargs"] = options["nargs"]
        _limits(described, options.get("type"))
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
