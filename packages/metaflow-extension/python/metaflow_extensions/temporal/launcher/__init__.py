"""
The launcher of PROTOCOL.md, section 2: a long-lived process that has imported Metaflow and nothing of the flow, and forks planners
and tasks.

Started as `python -c "import metaflow_extensions.temporal.launcher as _l; _l.main()"`: the real `__main__` stays in place, because
Metaflow plants `ForeachFrame` into it and because classes of the flow file must be found there when they are unpickled.
"""


def main() -> None:
    """Serve until descriptor 3 closes, then leave. Never returns."""
    import sys

    # `-c` puts the working directory on the path; a script's path begins with its own folder instead.
    sys.path[:] = [entry for entry in sys.path if entry]
    from ..once import step_aside

    step_aside()
    # The flow will be executed in this very module: leave no name of ours behind.
    space = sys.modules["__main__"].__dict__
    for name in ("_l", "_s"):
        space.pop(name, None)
    from .main import run

    run()
