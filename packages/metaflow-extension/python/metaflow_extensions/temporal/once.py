"""
Metaflow refuses to start when it finds two copies of one extension: the one that is pip-installed and the one that Node puts on
PYTHONPATH. A process that was started from the second steps aside for the first before it imports Metaflow.
"""

import os
import sys

_MARK = os.path.join("metaflow_extensions", "temporal", "plugins", "mfextinit_temporal.py")


def step_aside():
    """Take our own folder off the path where another entry holds the extension too. Modules loaded from here stay in use."""
    ours = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

    def is_ours(entry):
        return os.path.realpath(entry or os.getcwd()) == ours

    if any(not is_ours(entry) and os.path.isfile(os.path.join(entry or os.getcwd(), _MARK)) for entry in sys.path):
        sys.path[:] = [entry for entry in sys.path if not is_ours(entry)]
        # Interpreters that are started from here must not find two either.
        given = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join(entry for entry in given.split(os.pathsep) if entry and not is_ours(entry))
