"""
Keeps the launcher out of the stacks that a user sees. `@timeout` puts the whole stack into its message, Metaflow prints tracebacks of
steps: in a fork they would begin with the launcher's own event loop.
"""

import os
import sys
import traceback
from typing import Any, Callable, Iterator, Tuple

#: Named here, since annotations of inner functions are worked out in each fork.
_Frames = Iterator[Tuple[Any, int]]
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def hide_launcher_frames(bottom: Callable[..., Any]) -> None:
    """In this process, let the `traceback` module see neither our frames nor anything below `bottom`, which executes the flow."""
    floor = bottom.__code__
    walk_stack = traceback.walk_stack

    def above(frame: Any) -> _Frames:
        for found, line in walk_stack(frame if frame is not None else sys._getframe(1)):
            if found.f_code is floor:
                return
            if not found.f_code.co_filename.startswith(_OURS):
                yield found, line

    traceback.walk_stack = above
    # The second is what Python 3.11 and later use for exceptions.
    for name in ("walk_tb", "_walk_tb_with_full_positions"):
        walk = getattr(traceback, name, None)
        if walk is not None:
            setattr(traceback, name, _without_ours(walk))


def _without_ours(walk: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    def others(tb: Any) -> Iterator[Any]:
        return (item for item in walk(tb) if not item[0].f_code.co_filename.startswith(_OURS))

    return others
