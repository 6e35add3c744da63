"""
What a step decided and what it failed of, taken in the step's own process while both are at hand: reading them afterwards from the
datastore would cost a download and an unpickling each.

The answer is one JSON object. The process that the launcher forked tells it on its line. Others, and those whose line the user's code has
closed, leave it in a file, which the launcher reads when the process has ended: a file is slow to make where many were removed lately, as
ext4 looks at each of them.
"""

import json
import os
import sys
import traceback
from typing import Any, Dict, Iterable, List, Optional

from . import leave

#: Artifact names in an answer, at most.
MOST_ARTIFACTS = 48
#: Characters of a message and of a traceback, at most.
MOST_MESSAGE, MOST_TRACEBACK = 2000, 16000

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def transition(flow: Any) -> Dict[str, Any]:
    """Number of splits, chosen branch and mapper tasks, of a flow whose step has just ended."""
    found: Dict[str, Any] = {}
    # Only what the step itself has set: anything else would be loaded from the datastore.
    own = flow.__dict__
    chosen = own.get("_transition")
    if chosen and chosen[0] and _is_switch(flow):
        found["branch"] = chosen[0][0]
    splits = own.get("_foreach_num_splits")
    if splits is not None:
        found["splits"] = int(splits)
    iterator = own.get("_parallel_ubf_iter")
    if iterator is not None and found.get("splits") is None:
        found["splits"] = int(iterator.num_parallel)
    if own.get("_unbounded_foreach") and own.get("_foreach_var"):
        # The step opens one control task, whatever the graph says: only now is it known that the foreach has no bound.
        found["unbounded"] = True
    mappers = own.get("_control_mapper_tasks")
    if mappers:
        found["mappers"] = [str(path).split("/")[-1] for path in mappers]
    strayed = _strayed(flow, list(chosen[0] or []) if chosen else [])
    if strayed:
        found["strayed"] = strayed
    return found


def _strayed(flow: Any, steps: List[str]) -> Optional[str]:
    """Why Metaflow's runtime does not go on: what `self.next` was called with, or that it was not, is not what the graph says."""
    try:
        node = flow._graph[flow._current_step]
    except (AttributeError, KeyError):
        return None
    expected = list(node.out_funcs)
    if node.type == "split-switch":
        if len(steps) == 1 and steps[0] in expected:
            return None
    elif steps == expected:
        return None
    return (
        "Step %s ended without an error, but its self.next() was called with %s, where the graph has %s. "
        "Make sure there is only one unconditional self.next() call at the end of the step."
        % (node.name, ", ".join(steps) or "nothing", ", ".join(expected) or "nothing")
    )


def _is_switch(flow: Any) -> bool:
    try:
        return flow._graph[flow._current_step].type == "split-switch"
    except (AttributeError, KeyError):
        return False


def public_names(flow_class: type, names: Iterable[str]) -> List[str]:
    """Names of artifacts that a person would ask for: no internals, nothing that belongs to the class."""
    shown = [n for n in sorted(names) if not n.startswith("_") and n != "name" and not hasattr(flow_class, n)]
    return shown[:MOST_ARTIFACTS]


def describe_error(error: BaseException) -> Dict[str, str]:
    """Type, message and traceback of the user's own exception, without Metaflow's frames and ours above it."""
    tb = error.__traceback__
    while tb is not None and _internal(tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    if tb is None:
        # Not the user's code at all: then every frame may matter.
        tb = error.__traceback__
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:
        text = "<message not printable>"
    # @timeout's message goes on with the whole stack, which the traceback has anyway.
    text = text.split("\nStack when the timeout was raised:")[0]
    lines = traceback.format_exception(type(error), error, tb)
    return {
        "type": name,
        "message": _shorten(f"{name}: {text}" if text else name, MOST_MESSAGE),
        "traceback": _shorten_head("".join(lines), MOST_TRACEBACK),
    }


def write(path: str, answer: Dict[str, Any]) -> None:
    """Tell the answer, or store it where this is not the process that the launcher forked; a later call replaces an earlier one."""
    if leave.report(answer):
        return
    partial = f"{path}.{os.getpid()}"
    try:
        with open(partial, "w", encoding="utf-8", errors="backslashreplace") as out:
            json.dump(answer, out)
        os.replace(partial, path)
    except OSError as error:
        print(f"mft: cannot write {path}: {error}", file=sys.stderr)


def read(path: str) -> Dict[str, Any]:
    """The answer, once; empty where there is none."""
    answer: Optional[Dict[str, Any]] = None
    try:
        with open(path, encoding="utf-8") as source:
            answer = json.load(source)
        os.unlink(path)
    except (OSError, ValueError):
        pass
    return answer if isinstance(answer, dict) else {}


def _internal(filename: str) -> bool:
    metaflow = sys.modules.get("metaflow")
    home = os.path.dirname(metaflow.__file__ or "") + os.sep if metaflow is not None else _OURS
    return filename.startswith((_OURS, home))


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _shorten_head(text: str, most: int) -> str:
    # The end of a traceback is what matters.
    return text if len(text) <= most else "…" + text[-(most - 1) :]
