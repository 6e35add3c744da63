"""
Parameters of a run, handed to Metaflow's own `run` command.

G1. They are asked of the command itself, once it is made: what mutators added and what configs decided is in it then.
G2. Each value goes into one word with its option, so that one with a leading dash is no option.
G3. Only the flow's parameters can be given, never another option of `run`.
G4. A deployment's parameters do not depend on variables of the worker (`METAFLOW_RUN_ALPHA`, which `run` would take).
"""

import difflib
import json
import os
from typing import Any, Callable, Dict, List


def give(params: Dict[str, Any], deployed: bool) -> None:
    """Append options that say `params` to the command line of `run`, in this process."""
    from metaflow._vendor.click import core

    make_context = core.BaseCommand.make_context

    def with_parameters(self: Any, info_name: Any, args: List[str], parent: Any = None, **extra: Any) -> Any:
        if info_name == "run" and parent is not None and parent.parent is None:
            args = [*args, *words(self, parent, params)]
            if deployed:
                for name in _declared(parent):
                    os.environ.pop("METAFLOW_RUN_" + name.replace("-", "_").upper(), None)
        return make_context(self, info_name, args, parent=parent, **extra)

    core.BaseCommand.make_context = with_parameters


def words(command: Any, context: Any, params: Dict[str, Any]) -> List[str]:
    """The words that give `params`, by click's own options. Raises click's errors for a name that is none of the flow's."""
    from metaflow._vendor.click.exceptions import NoSuchOption

    declared = _declared(context)
    options = {option.opts[0]: option for option in command.params if getattr(option, "opts", None)}
    found: List[str] = []
    for given, value in params.items():
        if value is None:
            continue
        name = _resolve(given, declared)
        if name is None or "--" + name not in options:
            near = difflib.get_close_matches("--" + given, ["--" + one for one in declared])
            raise NoSuchOption("--" + given, possibilities=near, ctx=context)
        found += _words("--" + name, options["--" + name], getattr(declared[name], "separator", None), value)
    return found


def _declared(context: Any) -> Dict[str, Any]:
    return {p.name: p for _, p in context.obj.flow._get_parameters() if not getattr(p, "IS_CONFIG_PARAMETER", False)}


def _resolve(given: str, declared: Dict[str, Any]) -> Any:
    # Dashes and underscores stand for each other where that is one parameter only, as everywhere in mft.
    if given in declared:
        return given
    alike = [name for name in declared if name.replace("-", "_") == given.replace("-", "_")]
    return alike[0] if len(alike) == 1 else None


def _words(name: str, option: Any, separator: Any, value: Any) -> List[str]:
    text = _spelled(option, separator)
    if getattr(option, "is_flag", False):
        return _flag(name, option, value)
    if getattr(option, "count", False):
        return [name] * int(value)
    several = value if option.multiple and isinstance(value, list) else [value]
    found: List[str] = []
    for each in several:
        parts = each if option.nargs != 1 and isinstance(each, list) else [each]
        # Further values of one option stand as they are: click counts them.
        found += ["%s=%s" % (name, text(parts[0])), *map(text, parts[1:])] if parts else []
    return found


def _flag(name: str, option: Any, value: Any) -> List[str]:
    from metaflow._vendor.click import BOOL

    if isinstance(option.flag_value, bool):
        value = BOOL.convert(value if isinstance(value, (bool, str)) else str(value), option, None)
    # A flag that is not given has its default, which is what its flag value is not.
    return [name] if value == option.flag_value else []


def _spelled(option: Any, separator: Any) -> Callable[[Any], str]:
    from metaflow.parameters import JSONTypeClass

    def text(value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(option.type, JSONTypeClass):
            return json.dumps(value)
        if isinstance(value, list) and separator:
            return str(separator).join(str(item) for item in value)
        return json.dumps(value) if isinstance(value, (list, dict)) else str(value)

    return text
