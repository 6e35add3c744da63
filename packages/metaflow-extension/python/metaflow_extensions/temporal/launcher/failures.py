"""How a step's process ended, said in the words of PROTOCOL.md."""

import os
import re
import signal
from typing import Any, Dict, Optional

_MFLOG = re.compile(rb"^\[MFLOG\|[^\]]*\]")
#: Exceptions of the services behind Metaflow, by name: they may be back a moment later.
_BACKEND = re.compile(r"^(ServiceException|MetaflowS3Exception|.*ConnectionError|.*Timeout(Error)?)$")


def return_code(status: int) -> int:
    """A wait status as `subprocess` gives it: negative for a signal."""
    return os.waitstatus_to_exitcode(status)


def last_words(code: int) -> bytes:
    """What Metaflow's runtime appends to the log of a failed task."""
    return b"Task failed with a segmentation fault." if code == -signal.SIGSEGV else b"Task failed."


def exit_fields(code: int) -> Dict[str, Any]:
    """`exit_code` or `signal`."""
    if code >= 0:
        return {"exit_code": code}
    try:
        return {"signal": signal.Signals(-code).name}
    except ValueError:
        return {"signal": f"SIG{-code}"}


def of_backend(error: Dict[str, str]) -> bool:
    """Whether this error, raised before the step began, tells of a datastore or a service that did not answer: nobody's failure."""
    return bool(_BACKEND.match(error.get("type") or ""))


def describe(code: int, told: Optional[Dict[str, str]], stderr: bytes, peak: int = 0, what: str = "step") -> Dict[str, Any]:
    """
    The error of a step that failed: what it told of itself, else what can be seen from outside.

    `peak`: the most memory that its process used, in bytes. `what`: the step, or the handler, that the messages speak of.
    """
    from metaflow.exception import METAFLOW_EXIT_DISALLOW_RETRY

    error: Dict[str, Any] = {"kind": "failed", **exit_fields(code), "retry": code != METAFLOW_EXIT_DISALLOW_RETRY}
    if told:
        error.update(told)
    elif code < 0:
        error["message"] = f"The {what} was killed by {error['signal']}."
        if code == -signal.SIGKILL:
            # Nobody but the kernel, or whoever plays it, leaves a process no time for a last word.
            error["message"] += f" That is what happens when memory runs out; it had used up to {peak / 2**20:.0f} MB."
    else:
        lines = [_MFLOG.sub(b"", line).decode("utf-8", "replace") for line in stderr.split(b"\n")][:-1]
        said = [line for line in lines if line.strip()]
        error["message"] = f"The {what} exited with status {code}" + (f": {said[-1].strip()}" if said else ".")
        if said:
            error["traceback"] = "\n".join(lines[-60:])
    return error
