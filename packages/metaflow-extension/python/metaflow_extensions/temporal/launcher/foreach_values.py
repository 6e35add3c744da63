"""
What each task of a foreach stands for, as text. Metaflow keeps the list of all with the task that opened the foreach, and each task of it
reads the whole list for its one: time, memory and downloads that grow with the square of the width. The planner reads it once and tells.

V1. A task notes what it would have found. Where the planner cannot tell, it reads the list itself.
"""

from collections import OrderedDict
from typing import Any, Dict, List, Optional

#: Texts that a planner keeps at most, of those foreach that were asked for last; of one that is wider, all.
_MOST = 500_000
_NAME = "_foreach_values"


class Values:
    """The planner's side."""

    def __init__(self, flow_datastore: Any) -> None:
        self._flow_datastore = flow_datastore
        self._lists: "OrderedDict[str, List[Any]]" = OrderedDict()

    def of(self, opened_by: str, index: int) -> Optional[str]:
        """The text of the task with this index in the foreach that was opened by that task; None where it is not known."""
        values = self._lists.get(opened_by)
        if values is None:
            values = self._lists[opened_by] = self._read(opened_by)
            while len(self._lists) > 1 and sum(map(len, self._lists.values())) > _MOST:
                self._lists.popitem(last=False)
        self._lists.move_to_end(opened_by)
        value = values[index] if index < len(values) else None
        return value if isinstance(value, str) else None

    def _read(self, pathspec: str) -> List[Any]:
        try:
            stored = self._flow_datastore.get_task_datastore(*pathspec.split("/"))
            values = stored[_NAME] if _NAME in stored else None
        except Exception:
            return []  # the task meets the same, and says so
        return values if isinstance(values, list) else []


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
