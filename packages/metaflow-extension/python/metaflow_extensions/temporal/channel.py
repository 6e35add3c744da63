"""
How an answer reaches Node: one JSON object, one line.

C1. With `MFT_FD_OUT` in the environment the line goes to that descriptor, which nothing else writes to; else to stdout.
C2. At most one line is written for an inspection, be it the answer or the refusal (questions, and `saved` of `--save-config`, excepted).
"""

import json
import os
import sys

_answered = False


def answered():
    """Whether a line has been written."""
    return _answered


def write(value):
    """Write one answer. NaN and infinities are refused: JSON has none."""
    global _answered
    _send(value)
    _answered = True


def ask(value):
    """Write a question, which is no answer yet, and read what Node says to it; None where Node does not agree."""
    _send(value)
    return read()


def _send(value):
    line = (json.dumps(value, allow_nan=False, ensure_ascii=True) + "\n").encode("ascii")
    descriptor = os.environ.get("MFT_FD_OUT")
    if descriptor:
        view = memoryview(line)
        while view:
            view = view[os.write(int(descriptor), view) :]
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def read():
    """Read one object, from the descriptor that `MFT_FD_IN` names, else from stdin; None where there is none any more."""
    descriptor = os.environ.get("MFT_FD_IN")
    if descriptor:
        with os.fdopen(int(descriptor), "r", encoding="utf-8", closefd=False) as stream:
            line = stream.readline()
    else:
        line = sys.stdin.readline()
    return json.loads(line) if line else None
