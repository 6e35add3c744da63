"""
What a flow file imports when it is executed, read from its text: nothing of it is executed.

I1. Only what runs at import: the top level, the bodies of `if`, `try`, `with`, `for` and `while` there, and of classes; not functions.
I2. What only a type checker sees (`if TYPE_CHECKING:`) does not count.
"""

import ast
from typing import Iterator, List


def imported_names(source: bytes) -> List[str]:
    """
    Dotted names in the order of the file, each once: `import a.b` gives `a.b`; `from a import b` gives `a` and `a.b`, which may be a
    module or not. Relative imports are left out. Empty where the text is no Python: the flow itself will say so.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    return list(dict.fromkeys(_names(tree.body)))


def _names(body: List[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield node.module
                for alias in node.names:
                    if alias.name != "*":
                        yield node.module + "." + alias.name
        elif isinstance(node, ast.If) and _for_type_checkers(node.test):
            yield from _names(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for block in ("body", "orelse", "finalbody"):
                yield from _names(getattr(node, block, []))
            for handler in getattr(node, "handlers", []):
                yield from _names(handler.body)


def _for_type_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"
