"""
Which method undoes which step, and how patiently; checked as far as that can be without running anything.

H1. A method that overrides a handler is the handler, marked again or not: undoing must not be lost by overriding. `cancel = None` in a
    subclass ends it.
H2. What was marked and is not found marked in its class is refused: something took its place.
H3. Where a source cannot be read, `self.next` is refused when the handler runs.
"""

import ast
import difflib
import inspect
import types

from ..bad_compensation import BadCompensation
from ..plugins.temporal import DECLARED, MARK, settled


def describe(flow, graph):
    """
    Return {step: {"handler", "retries", "minutesBetween", "timeout"}} of the steps that have a handler.

    Raises BadCompensation, with one sentence that names class, method and step.
    """
    cls = type(flow)
    _check_lost(cls)
    found = {}
    for name in dir(cls):
        for step, undoing in _marks(cls, name).items():
            where = "*%s.%s*, which undoes step *%s*," % (cls.__name__, name, step)
            _check_step(cls, name, step, graph)
            _check_handler(inspect.getattr_static(cls, name), where)
            if step in found:
                raise BadCompensation(
                    "*%s.%s* and *%s.%s* both undo step *%s*, but a step has one handler. Keep one, and let it call the other."
                    % (cls.__name__, found[step]["handler"], cls.__name__, name, step)
                )
            undoing = settled(undoing)
            found[step] = {
                "handler": name,
                "retries": undoing.retries,
                "minutesBetween": undoing.minutes_between,
                "timeout": undoing.timeout,
            }
    return found


def _marks(cls, name):
    if inspect.getattr_static(cls, name) is None:
        return {}
    for base in cls.__mro__:
        marks = _marks_of(vars(base).get(name))
        if marks:
            return marks
    return {}


def _marks_of(attribute):
    try:
        # Not `getattr`: what a Config hands out answers to any name.
        return object.__getattribute__(_function(attribute), "__dict__").get(MARK) or {}
    except AttributeError:
        return {}


def _check_lost(cls):
    for base in cls.__mro__:
        own = {"%s.%s" % (base.__qualname__, name): attribute for name, attribute in vars(base).items()}
        for module, name, step in DECLARED:
            if module != base.__module__ or name.rpartition(".")[0] != base.__qualname__:
                continue
            if step not in _marks_of(own.get(name)):
                raise BadCompensation(
                    "*%s*, which undoes step *%s*, is not what its class has by that name. Either a later definition of the same name "
                    "replaces it: rename one of the two; or a decorator above it hides it: have that use functools.wraps." % (name, step)
                )


def _function(attribute):
    if isinstance(attribute, property):
        return attribute.fget
    return attribute.__func__ if isinstance(attribute, (staticmethod, classmethod, types.MethodType)) else attribute


def _check_step(cls, name, step, graph):
    if step == name:
        raise BadCompensation(
            "*%s.%s* has the name of the step that it undoes, *%s*, and replaces it. Give the handler a name of its own."
            % (cls.__name__, name, step)
        )
    if step in graph:
        return
    near = difflib.get_close_matches(step, list(graph.nodes), 1)
    raise BadCompensation(
        "*%s.%s* undoes step *%s*, which %s does not have.%s Steps: %s"
        % (cls.__name__, name, step, cls.__name__, " Did you mean *%s*?" % near[0] if near else "", ", ".join(graph.nodes))
    )


def _check_handler(attribute, where):
    if not isinstance(attribute, types.FunctionType):
        kind = {"staticmethod": "a static method", "classmethod": "a class method"}.get(type(attribute).__name__, type(attribute).__name__)
        raise BadCompensation("%s is %s. Make it an ordinary method: def cancel(self)." % (where, kind))
    if hasattr(attribute, "is_step"):
        raise BadCompensation("%s is itself a step. A handler is a method without @step, outside the graph." % where)
    layers = _layers(attribute)
    if any(inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each) for each in layers):
        raise BadCompensation("%s is a generator, which does nothing when it is called. Remove the *yield*." % where)
    if not _takes_only_self(attribute):
        raise BadCompensation(
            "%s takes the arguments %s, but is called with self alone. Read what it needs from the step's artifacts (self.x) and from "
            "current.compensation." % (where, inspect.signature(attribute))
        )
    if any(_names_next(each) for each in layers):
        raise BadCompensation("%s calls self.next. Undoing goes back, not on: remove the call." % where)


def _layers(function):
    """The function and, below wrappers that say so, what they wrap."""
    found = [function]
    while isinstance(getattr(found[-1], "__wrapped__", None), types.FunctionType):
        found.append(found[-1].__wrapped__)
    return found


def _takes_only_self(function):
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = list(inspect.signature(function).parameters.values())
    named = [each for each in parameters if each.kind not in several]
    if not named:
        # A wrapper that takes whatever it is given.
        return any(each.kind == inspect.Parameter.VAR_POSITIONAL for each in parameters)
    return len(named) == 1 and named[0].kind != inspect.Parameter.KEYWORD_ONLY


def _names_next(function):
    """Whether the source of the function mentions `next` of its flow, by whatever name that goes there."""
    try:
        source = inspect.getsource(function.__code__)
        # As it stands in its class: texts that go over several lines may begin at the margin.
        tree = ast.parse("if True:\n" + source if source[:1].isspace() else source)
    except (OSError, TypeError, SyntaxError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args.posonlyargs + node.args.args
            if not arguments:
                return False
            search = _NextOf(arguments[0].arg)
            for statement in node.body:
                search.visit(statement)
            return search.found
    return False


class _NextOf(ast.NodeVisitor):
    """Looks for `next` of the flow that goes by the name `name`, and by those that are assigned from it."""

    def __init__(self, name):
        self._names = {name}
        self.found = False

    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            if self._is_flow(node.value) and isinstance(target, ast.Name):
                self._names.add(target.id)
            else:
                self.visit(target)

    def visit_Attribute(self, node):
        if node.attr == "next" and (self._is_flow(node.value) or _is_super(node.value)):
            self.found = True
        self.generic_visit(node)

    def visit_Call(self, node):
        # HelloFlow.next(self, …)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "next" and node.args and self._is_flow(node.args[0]):
            self.found = True
        self.generic_visit(node)

    def _nested(self, node):
        arguments = node.args
        own = arguments.posonlyargs + arguments.args + arguments.kwonlyargs + [each for each in (arguments.vararg, arguments.kwarg) if each]
        outer, self._names = self._names, self._names - {each.arg for each in own}
        self.generic_visit(node)
        self._names = outer

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _nested

    def _is_flow(self, node):
        return isinstance(node, ast.Name) and node.id in self._names


def _is_super(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
