"""
What each task of a foreach stands for, as text. Metaflow keeps the list of all with the task that opened the foreach, and each task of it
reads the whole list for its one: time, memory and downloads that grow with the square of the width. The planner reads it once and tells.

V1. A task notes what it would have found. Where the planner does not tell, it reads the list itself.
V2. The planner has one request at a time: it reads a list only for a foreach of which it has planned several tasks.
"""

from collections import OrderedDict
from typing import Any, Dict, List, Optional, Union

#: Tasks of a foreach from which on its list is read.
_WORTH = 8
#: Texts that a planner keeps at most, of those foreach that were asked for last; of one that is wider, all.
_MOST = 500_000
_NAME = "_foreach_values"


class Values:
    """The planner's side."""

    def __init__(self, flow_datastore: Any) -> None:
        self._flow_datastore = flow_datastore
        #: By the task that opened the foreach: how often was asked, later the texts.
        self._known: "OrderedDict[str, Union[int, List[Any]]]" = OrderedDict()
        self._size = 0

    def of(self, opened_by: str, index: int) -> Optional[str]:
        """The text of the task with this index in the foreach that was opened by that task; None where it is not known."""
        known = self._known.get(opened_by, 0)
        if isinstance(known, int):
            known = known + 1 if known + 1 < _WORTH else self._read(opened_by)
            self._keep(opened_by, known)
        self._known.move_to_end(opened_by)
        if isinstance(known, int) or index >= len(known):
            return None
        return known[index] if isinstance(known[index], str) else None

    def forget(self, opened_by: str) -> None:
        """That task is run again: its list may become another."""
        self._size -= _size(self._known.pop(opened_by, None))

    def _keep(self, opened_by: str, known: Union[int, List[Any]]) -> None:
        self.forget(opened_by)
        self._known[opened_by] = known
        self._size += _size(known)
        while len(self._known) > 1 and self._size > _MOST:
            self._size -= _size(self._known.popitem(last=False)[1])

    def _read(self, pathspec: str) -> Union[int, List[Any]]:
        try:
            stored = self._flow_datastore.get_task_datastore(*pathspec.split("/"))
            values = stored[_NAME] if _NAME in stored else None
        except Exception:
            return 0  # asked again later; a task that meets the same says so
        return values if isinstance(values, list) else []


def _size(known: Union[None, int, List[Any]]) -> int:
    return 0 if known is None else 1 if isinstance(known, int) else 1 + len(known)


def note(index: int, text: str) -> None:
    """In the process of a task: it is the one with `index`, and stands for `text`."""
    from metaflow.task import MetaflowTask

    init = MetaflowTask._init_foreach

    def init_foreach(self: Any, step_name: Any, join_type: Any, inputs: Any, split_index: Any) -> Any:
        return init(self, step_name, join_type, [_Input(each, {index: text}) for each in inputs], split_index)

    MetaflowTask._init_foreach = init_foreach


class _Input:
    """The datastore of a task's input, as far as the beginning of a foreach looks at it."""

    def __init__(self, stored: Any, values: Dict[int, str]) -> None:
        self._stored = stored
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values if name == _NAME else self._stored[name]

    def __contains__(self, name: str) -> bool:
        return name in self._stored

    def is_none(self, name: str) -> bool:
        """As the datastore's, which reads the list for it."""
        return name != _NAME and self._stored.is_none(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stored, name)
