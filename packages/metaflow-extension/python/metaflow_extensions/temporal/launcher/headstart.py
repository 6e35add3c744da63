"""
What every fork would read or work out anew though it comes out the same each time: done once in the launcher.

H1. Nothing is executed that depends on a flow: code of `metaflow.cli` is read here and executed in each fork (W1 of `warm.py`).
H2. Whoever asks for something else than what is kept gets what Python would have answered, in the same way.
"""

import importlib.machinery
import importlib.util
import inspect
import os
import sys
from types import CodeType
from typing import Any, Dict, Iterator, List, Optional, Tuple

#: Modules that each fork executes by itself.
_LATE = ("metaflow.cli", "metaflow.cli_components", "metaflow.cli_components.utils", "metaflow.cli_components.step_cmd")

_blocks: Dict[Tuple[int, str], Tuple[List[str], List[str]]] = {}
_getblock = inspect.getblock


def keep_code() -> None:
    """Read the compiled code of what forks execute, so that they need not look for it on disk."""
    import metaflow

    home = os.path.dirname(metaflow.__file__ or "")
    codes: Dict[str, Tuple[Any, CodeType]] = {}
    for name in _LATE:
        # Not `importlib.util.find_spec`, which would import the package around it.
        folder = os.path.join(home, *name.split(".")[1:-1])
        try:
            spec = importlib.machinery.PathFinder.find_spec(name, [folder])
            if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
                code = spec.loader.get_code(name)
                if code is not None:
                    codes[name] = (spec, code)
        except (ImportError, OSError, SyntaxError):
            pass
    sys.meta_path.insert(0, _Kept(codes))  # type: ignore[arg-type]


class _Kept:
    """Finds the modules whose code is kept."""

    def __init__(self, codes: Dict[str, Tuple[Any, CodeType]]) -> None:
        self._codes = codes

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[Any]:
        """As `importlib` asks."""
        if name not in self._codes or target is not None:
            return None
        spec, code = self._codes[name]
        loader = _Loader(name, spec.origin)
        loader.kept = code
        found = importlib.util.spec_from_file_location(
            name, spec.origin, loader=loader, submodule_search_locations=spec.submodule_search_locations
        )
        if found is not None:
            found.cached = spec.cached
        return found


class _Loader(importlib.machinery.SourceFileLoader):
    kept: Optional[CodeType] = None

    def get_code(self, fullname: str) -> Optional[CodeType]:
        """The code that was read before the fork."""
        return self.kept if self.kept is not None else super().get_code(fullname)


def keep_blocks(code: CodeType, lines: List[str]) -> None:
    """
    Find where the methods of the flow file's classes end, which Metaflow asks of each step, twice a task. `code` is the file's, `lines`
    are its text.
    """
    _blocks.clear()
    for first in _methods(code):
        rest = lines[first - 1 :]
        try:
            _blocks[len(rest), rest[0]] = (rest, _getblock(rest))
        except Exception:
            continue  # the flow will see the same error, in its own process
    inspect.getblock = _known_block  # type: ignore[assignment]


def _known_block(lines: List[str]) -> List[str]:
    known = _blocks.get((len(lines), lines[0])) if lines else None
    return list(known[1]) if known is not None and known[0] == lines else _getblock(lines)


def _methods(code: CodeType) -> Iterator[int]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & inspect.CO_OPTIMIZED:
                yield inner.co_firstlineno
            else:
                yield from _methods(inner)


def compile_expressions() -> None:
    """Have the regular expressions compiled with which sources are found, and docstrings taken apart, for the usual indentations."""
    from metaflow import graph

    inspect.findsource(compile_expressions)

    deindent = getattr(graph, "deindent_docstring", None)
    if deindent is not None:
        for indent in ("  ", "    ", "        ", "\t"):
            deindent("A line\n%sand another" % indent)
            deindent("\n%sA line" % indent)
