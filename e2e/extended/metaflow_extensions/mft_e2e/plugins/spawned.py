"""
What Metaflow's @kubernetes and @batch would be started with. In a process whose command is `kubernetes step` or `batch step`, the command
line is written to the file that `RECORDED_COMMANDS` names, and the step is then run here, since there is no cluster.
"""

import json
import os
import sys

#: Options of Metaflow's own `step`.
KNOWN = ("run-id", "task-id", "input-paths", "split-index", "retry-count", "max-user-code-retries", "tag", "namespace")


def record_instead():
    """Does not return in such a process; elsewhere it does nothing."""
    path = os.environ.get("RECORDED_COMMANDS")
    at = next((i for i in range(len(sys.argv) - 1) if sys.argv[i] in ("kubernetes", "batch") and sys.argv[i + 1] == "step"), None)
    if not path or at is None:
        return
    with open(path, "a", encoding="utf-8") as out:
        out.write(json.dumps([sys.executable, *sys.argv]) + "\n")
    words = sys.argv[at + 3 :]
    kept = []
    for i, word in enumerate(words[:-1]):
        if word.startswith("--") and word[2:] in KNOWN:
            kept += [word, words[i + 1]]
    os.execv(sys.executable, [sys.executable, "-u", *sys.argv[:at], "step", sys.argv[at + 2], *kept])
