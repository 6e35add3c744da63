"""
How to undo a step, written next to it. Two spellings of one thing:

    from metaflow_extensions.temporal.plugins.temporal import compensate

    @compensate("book_hotel")
    def cancel_hotel(self): ...

    from metaflow_extensions.temporal.plugins.temporal import step

    @book_hotel.compensate
    def cancel_hotel(self): ...

D1. A handler is an ordinary method with a mark on it. Under plain `metaflow run` it is never called, and it is no step.
D2. What is wrong with the decorator itself is said when it is applied; what is wrong with the handler in its flow, when the flow is
    compiled (`inspection/compensation.py`).
D3. Importing this module imports nothing of Metaflow's.
"""

import math
import sys
import types
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..event import TemporalEvent

__all__ = ["TemporalEvent", "compensate", "step"]


def __getattr__(name: str) -> Any:
    # What `TemporalEvent.publish` raises is an exception of Metaflow's, imported by those who name it (D3).
    if name == "EventNotPublished":
        from ..event_refused import EventNotPublished

        return EventNotPublished
    raise AttributeError("module %r has no attribute %r" % (__name__, name))


#: Attribute of a handler: what it undoes, by the name of the step.
MARK = "__temporal_compensation__"

#: Module and qualified name of every method that was marked, and the step; a mark that is missing in its class was lost.
DECLARED: List[Tuple[str, str, str]] = []

RETRIES, MINUTES_BETWEEN_RETRIES, TIMEOUT = 3, 0, 300


class Undoing(NamedTuple):
    """How patiently a step is undone. A number may be an expression of Configs, which `settled` evaluates."""

    #: The decorator as it was written, for messages.
    where: str
    retries: Any
    #: Minutes.
    minutes_between: Any
    #: Seconds that one attempt may take.
    timeout: Any


def compensate(
    step: str,
    *,
    retries: int = RETRIES,
    minutes_between_retries: float = MINUTES_BETWEEN_RETRIES,
    timeout: float = TIMEOUT,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Declare that a method of the flow undoes a step, if the run does not complete after that step has.

    Parameters
    ----------
    step : str
        Name of the step.
    retries : int, default 3
        Further attempts of a handler that fails.
    minutes_between_retries : float, default 0
        Minutes from one attempt to the next.
    timeout : float, default 300
        Seconds that one attempt may take.

    Each number may be a `config_expr`.

    Returns
    -------
    Callable
        A decorator that marks a method and returns it.

    Raises
    ------
    MetaflowException
        Where no step is named, a number is out of range, or what is decorated is no method.

    Examples
    --------
    >>> @compensate("book_hotel", timeout=60)
    ... def cancel_hotel(self):
    ...     hotel.cancel(self.booking)
    """
    if not isinstance(step, str) or not step.isidentifier():
        named = getattr(step, "__name__", None) or repr(step)
        raise _refusal("@compensate needs the name of the step to undo, not *%s*. Write @compensate(\"book_hotel\")." % named)
    undoing = _undoing("@compensate(\"%s\")" % step, retries, minutes_between_retries, timeout)
    return lambda handler: _marked(handler, step, undoing)


def step(*args: Any, **options: Any) -> Any:
    """
    Metaflow's own `step`, whatever arguments it takes, whose steps can be followed by their handler.

    Returns
    -------
    Callable
        The step. Its attribute `compensate` declares the handler, as a plain decorator or with `retries`, `minutes_between_retries` and
        `timeout`, as those of `compensate`.

    Examples
    --------
    >>> @step
    ... def book_hotel(self):
    ...     self.next(self.pay)
    ...
    ... @book_hotel.compensate(retries=5)
    ... def cancel_hotel(self):
    ...     hotel.cancel(self.booking)
    """
    from metaflow.decorators import step as metaflow_step

    made = metaflow_step(*args, **options)
    # With arguments alone it is a decorator still.
    return _followed(made) if hasattr(made, "is_step") else lambda function: _followed(made(function))


def _followed(made: Any) -> Any:
    name = made.__name__

    def declare(
        handler: Optional[Callable[..., Any]] = None,
        *,
        retries: int = RETRIES,
        minutes_between_retries: float = MINUTES_BETWEEN_RETRIES,
        timeout: float = TIMEOUT,
    ) -> Any:
        """Declare the handler that undoes this step: bare, or with `retries`, `minutes_between_retries` and `timeout`."""
        undoing = _undoing("@%s.compensate" % name, retries, minutes_between_retries, timeout)
        return (lambda later: _marked(later, name, undoing)) if handler is None else _marked(handler, name, undoing)

    made.compensate = declare
    _reach_through_custom_decorators()
    return made


def _reach_through_custom_decorators() -> None:
    """A custom decorator that is written bare (`@traced`) stands in the class in place of its step: let that have the step's attribute."""
    try:
        from metaflow.user_decorators.user_step_decorator import UserStepDecoratorBase
    except ImportError:
        return  # no custom decorators in this version
    if not hasattr(UserStepDecoratorBase, "compensate"):
        UserStepDecoratorBase.compensate = property(lambda decorator: decorator().compensate)


def _marked(handler: Any, step_name: str, undoing: Undoing) -> Any:
    if not isinstance(handler, types.FunctionType):
        kind = type(handler).__name__
        raise _refusal("What undoes step *%s* must be a method that takes only self, not a %s: def cancel(self)." % (step_name, kind))
    if handler.__name__ == step_name:
        raise _refusal(
            "The handler *%s* has the name of the step that it undoes, and replaces it. Give it a name of its own: def undo_%s(self)."
            % (handler.__qualname__, step_name)
        )
    found: Dict[str, Undoing] = getattr(handler, MARK, {})
    if step_name in found:
        raise _refusal("*%s* is declared twice to undo step *%s*. Remove one of the two." % (handler.__qualname__, step_name))
    # A new dict: functools.wraps lets functions share the old one.
    setattr(handler, MARK, {**found, step_name: undoing})
    DECLARED.append((handler.__module__, handler.__qualname__, step_name))
    return handler


def settled(undoing: Undoing) -> Undoing:
    """
    The same with each expression of Configs evaluated: possible once Metaflow has read the flow's Configs.

    Raises
    ------
    MetaflowException
        Where a number is out of range, or an expression cannot be evaluated.
    """
    from metaflow.user_configs.config_parameters import resolve_delayed_evaluator

    where, *numbers = undoing
    try:
        return _checked(Undoing(where, *map(resolve_delayed_evaluator, numbers)))
    except (AttributeError, KeyError, NameError, TypeError, IndexError) as error:
        raise _refusal("What %s takes from the flow's Configs is not there: %s: %s" % (where, type(error).__name__, error)) from error


def _undoing(where: str, retries: Any, minutes: Any, timeout: Any) -> Undoing:
    return _checked(Undoing(where, retries, minutes, timeout))


def _checked(undoing: Undoing) -> Undoing:
    where, retries, minutes, timeout = undoing
    if not _whole(retries) or (not _delayed(retries) and retries < 0):
        raise _refusal("retries of %s must be a whole number from 0 on, not *%r*." % (where, retries))
    if not _number(minutes) or (not _delayed(minutes) and minutes < 0):
        raise _refusal("minutes_between_retries of %s must be a number of minutes from 0 on, not *%r*." % (where, minutes))
    if not _number(timeout) or (not _delayed(timeout) and timeout <= 0):
        raise _refusal("timeout of %s must be a number of seconds above 0, not *%r*." % (where, timeout))
    return undoing


def _whole(value: Any) -> bool:
    return _delayed(value) or (isinstance(value, int) and not isinstance(value, bool))


def _delayed(value: Any) -> bool:
    # Who wrote an expression of Configs has imported its class; there is none before Metaflow has Configs.
    configs = sys.modules.get("metaflow.user_configs.config_parameters")
    return configs is not None and isinstance(value, configs.DelayEvaluator)


def _number(value: Any) -> bool:
    return _delayed(value) or (isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value))


def _refusal(message: str) -> Exception:
    from ..bad_compensation import BadCompensation

    return BadCompensation(message)
