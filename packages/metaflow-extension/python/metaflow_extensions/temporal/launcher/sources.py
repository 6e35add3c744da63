"""
What Metaflow's graph asks of each step, twice a task: the lines of its source and their syntax tree. Found once, in the launcher.

S1. Only `metaflow.graph` is answered from here, and only for functions of the flow file as it was compiled: for anything else it gets
    Python's own answer.
S2. An answer is what Python's own would be.
"""

import ast
import inspect
from types import CodeType, FunctionType
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple


class _Found(NamedTuple):
    #: Kept alive, so that its address is nobody else's.
    code: CodeType
    file: Optional[str]
    lines: Tuple[List[str], int]


_found: Dict[int, _Found] = {}
_trees: Dict[str, ast.Module] = {}


def keep(code: CodeType) -> None:
    """Find the sources of the methods in `code`, which is the flow file's, and forget those of the file before it changed."""
    from metaflow import graph

    _found.clear()
    _trees.clear()
    deindent = getattr(graph, "deindent_docstring", None)
    if deindent is None:
        return
    for method in _methods(code):
        try:
            found = _Found(method, inspect.getsourcefile(method), inspect.getsourcelines(method))
            text = deindent("".join(found.lines[0]))
            _trees[text] = ast.parse(text)
        except Exception:
            continue  # the flow will see the same error, in its own process
        _found[id(method)] = found
    graph.inspect = _Inspect()
    graph.ast = _Ast()


class _Inspect:
    """The module `inspect`, as the graph sees it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(inspect, name)

    def getsourcefile(self, function: Any) -> Optional[str]:
        """As `inspect`'s."""
        found = _of(function)
        return inspect.getsourcefile(function) if found is None else found.file

    def getsourcelines(self, function: Any) -> Tuple[List[str], int]:
        """As `inspect`'s."""
        found = _of(function)
        return inspect.getsourcelines(function) if found is None else (list(found.lines[0]), found.lines[1])


class _Ast:
    """The module `ast`, as the graph sees it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(ast, name)

    def parse(self, source: Any, *rest: Any, **named: Any) -> Any:
        """As `ast`'s. The graph only reads the tree."""
        known = _trees.get(source) if isinstance(source, str) and not rest and not named else None
        return ast.parse(source, *rest, **named) if known is None else known


def _of(function: Any) -> Optional[_Found]:
    # What wraps another function is asked for that one's source.
    if type(function) is not FunctionType or "__wrapped__" in function.__dict__:
        return None
    found = _found.get(id(function.__code__))
    return found if found is not None and found.code is function.__code__ else None


def _methods(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & inspect.CO_OPTIMIZED:
                yield inner
            else:
                yield from _methods(inner)
