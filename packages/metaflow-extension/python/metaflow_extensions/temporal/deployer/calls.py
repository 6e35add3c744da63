"""
How the Deployer's objects reach `mft`.

D1. Verbs that take parameters go through the flow's own command line, where Metaflow converts them; all others call `mft` itself, and
    need no flow file.
D2. No value of a parameter above 4 KB stands on a command line: such values travel in a private file.
"""

import json
import os
import subprocess
import sys
import tempfile

from metaflow.exception import MetaflowException
from metaflow.runner.utils import get_lower_level_group, handle_timeout, temporary_fifo

from ..cli import mft, options

_LONG = 4096


class TemporalError(MetaflowException):
    """What `mft` refused; `code` is its error code, if it said one."""

    headline = "Temporal"

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


def listed(kwargs):
    """The same keyword arguments with lists for tuples, which Metaflow would pass on as one word."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in kwargs.items()}


def mft_call(words, deployer_kwargs, env=None, cwd=None):
    """
    Run `mft WORDS --json` and return the object that it answers with.

    Raises TemporalError with mft's own message where it refuses.
    """
    environment = dict(os.environ) if env is None else dict(env)
    environment.setdefault("METAFLOW_PYTHON", sys.executable)
    argv = mft.command(cwd or os.getcwd(), environment) + words + ["--json"] + options.connection_words(deployer_kwargs)
    done = subprocess.run(
        argv, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False
    )
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else {}
    except ValueError:
        answer = {}
    if done.returncode != 0:
        error = answer.get("error") or {}
        text = done.stderr.decode("utf-8", "replace").strip() or "mft ended with exit status %d." % done.returncode
        told = " ".join(error[field] for field in ("message", "hint") if error.get(field))
        raise TemporalError(told or text, error.get("code"))
    return answer


def start_run(deployer, verb, kwargs, parameters=None):
    """
    Call `python flow.py temporal VERB`; return what it writes for the Deployer.

    `kwargs`: options and parameters as Metaflow's API checks and spells them; `parameters`: further ones, as they are.
    """
    with temporary_fifo() as (path, descriptor), tempfile.TemporaryDirectory() as private:
        group = get_lower_level_group(deployer.api, deployer.top_level_kwargs, deployer.TYPE, deployer.deployer_kwargs)
        command = getattr(group, verb)(deployer_attribute_file=path, **listed(kwargs))
        command, long = _divided([str(word) for word in command])
        values = {**(parameters or {}), **long}
        if values:
            command += ["--params-file", _private(os.path.join(private, "parameters.json"), values)]
        pid = deployer.spm.run_command(
            [sys.executable, *command], env=deployer.env_vars, cwd=deployer.cwd, show_output=deployer.show_output
        )
        process = deployer.spm.get(pid)
        content = handle_timeout(descriptor, process, deployer.file_read_timeout)
        process.sync_wait()
        if process.process.returncode == 0:
            return content
    raise TemporalError("%s of %s on Temporal has failed." % (verb, deployer.name))


def _divided(command):
    """The command without its long parameters, and these by name: all values of a parameter, where one of several is long."""
    pairs = list(zip(command, command[1:]))
    names = {option for option, value in pairs if option.startswith("--") and len(value) > _LONG}
    if not names:
        return command, {}
    short, long, at = [], {}, 0
    while at < len(command):
        if command[at] in names:
            long.setdefault(command[at][2:], []).append(command[at + 1])
        else:
            short.append(command[at])
        at += 2 if command[at] in names else 1
    return short, {name: values if len(values) > 1 else values[0] for name, values in long.items()}


def _private(file, values):
    with open(file, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        json.dump(values, out)
    return file
