"""What the command line and the environment of a task say about the process that it needs."""

from typing import Any, Dict, List, Optional

from .fork_safe import READ_AT_IMPORT

#: Prefixes of variables that only a fresh interpreter obeys, and those among them that forks read when they need them.
_IMPORT_TIME = ("PYTHON", "LD_", "DYLD_", "METAFLOW_")
_READ_LATE = frozenset(
    "METAFLOW_RUN_ID METAFLOW_RUNTIME_NAME METAFLOW_PRODUCTION_TOKEN METAFLOW_OWNER METAFLOW_FLOW_CONFIG_VALUE "
    "METAFLOW_CODE_SHA METAFLOW_CODE_URL METAFLOW_CODE_DS METAFLOW_CODE_METADATA".split()
)
INTERNAL_DECORATOR = "temporal_internal"


def needs_fresh_interpreter(changes: Dict[str, Optional[str]], preloaded: bool = False) -> bool:
    """Whether a fork would not obey these changes of the environment; `preloaded`: libraries that read some have been imported."""
    late = _IMPORT_TIME + READ_AT_IMPORT if preloaded else _IMPORT_TIME
    return any(name.startswith(late) and name not in _READ_LATE for name in changes)


class Composed:
    """The command line that was composed last, as decorators left it."""

    args: Any = None

    @property
    def is_step(self) -> bool:
        """Whether it is Metaflow's own `step`; otherwise a decorator has replaced it by a command that has the step run elsewhere."""
        return list(self.args.commands) == ["step"]


def add_internal_decorator() -> Composed:
    """Steps that may run elsewhere report how they ended; a decorator is what reaches them through any command line."""
    import metaflow.runtime

    init = metaflow.runtime.CLIArgs.__init__
    composed = Composed()

    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self.top_level_options["with"] = [*self.top_level_options["with"], INTERNAL_DECORATOR]
        composed.args = self

    metaflow.runtime.CLIArgs.__init__ = initialise
    return composed


def without_internal(argv: List[str]) -> List[str]:
    """The command line of a fork, which reports by itself: attaching the decorator would build the graph once more."""
    for at in range(len(argv) - 1):
        if argv[at] == "--with" and argv[at + 1] == INTERNAL_DECORATOR:
            return argv[:at] + argv[at + 2 :]
    return argv
