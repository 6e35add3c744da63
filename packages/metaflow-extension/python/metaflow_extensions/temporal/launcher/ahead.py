"""
Metaflow's command line, imported before there is a flow, so that forks need not import it each by itself. Of all its commands only
`start` takes something from the flow: options for its configs and its decorators. Each fork adds them when it has its flow.

A1. Nothing else of the command line depends on a flow. That is certain where its functions carry no decorators but those known here;
    with a Metaflow that has others, each fork imports it as ever.
"""

import ast
import importlib
import os
from typing import Any, Iterator, Set

_MODULES = ("metaflow.cli", "metaflow.cli_components.utils", "metaflow.cli_components.step_cmd")

#: Decorators that ask for the flow, and those that do not.
_OF_FLOW = {"decorators.add_decorator_options", "config_options"}
_OF_NONE = {"cli.command", "tracing.cli"} | {"click." + name for name in ("argument", "command", "group", "option", "pass_context", "pass_obj")}

_waiting: Any = None


def import_cli() -> None:
    """Import the command line, without a flow, if nothing in it is unknown."""
    global _waiting
    try:
        if _decorators() - _OF_NONE != _OF_FLOW:
            return
        for name in _MODULES:
            importlib.import_module(name)
        from metaflow.cli import start
    except (ImportError, OSError, SyntaxError):
        return
    _waiting = start


def bind() -> None:
    """In a fork that has its flow, within its `flow_context`: have `start` take what the flow adds to it."""
    global _waiting
    start, _waiting = _waiting, None
    if start is None:
        return
    from metaflow.decorators import add_decorator_options
    from metaflow.user_configs.config_options import config_options

    # The order of the decorators in `metaflow.cli`; both add to the command that they are given.
    add_decorator_options(config_options(start))


def _decorators() -> Set[str]:
    import metaflow

    home = os.path.dirname(metaflow.__file__ or "")
    found: Set[str] = set()
    for name in _MODULES:
        with open(os.path.join(home, *name.split(".")[1:]) + ".py", "rb") as source:
            found.update(_named(ast.parse(source.read())))
    return found


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                yield ast.unparse(called)
