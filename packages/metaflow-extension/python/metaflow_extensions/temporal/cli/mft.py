"""
Finding `mft`, the Node program that does the work, and handing over to it.

M1. It is sought as MFT_CLI, then on PATH, then through `npx --no-install` in the working directory and in the flow's.
M2. It gets the top-level options word for word as they were typed, and this interpreter.
M3. Values of parameters never stand on its command line, where 128 KB is the most that one may have: they reach it on stdin.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from metaflow.exception import MetaflowException


class MftNotFound(MetaflowException):
    headline = "mft not found"


def command(directory, environment=None):
    """Return the argument vector that starts `mft`, found by `environment` (default: this process's). Raises MftNotFound."""
    env = os.environ if environment is None else environment
    path = env.get("PATH", os.defpath)
    given = env.get("MFT_CLI")
    if given:
        if given.endswith((".js", ".mjs")):
            return [_node(path), given]
        if shutil.which(given, path=path) is None:
            raise MftNotFound("MFT_CLI names *%s*, which cannot be started." % given)
        return [given]
    found = shutil.which("mft", path=path)
    if found:
        return [found]
    npx = shutil.which("npx", path=path)
    if npx:
        for folder in dict.fromkeys([os.getcwd(), directory]):
            # npx looks for node_modules from the working directory upwards.
            asked = subprocess.run(
                [npx, "--no-install", "mft", "--version"],
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if asked.returncode == 0:
                return [npx, "--prefix", folder, "--no-install", "mft"] if folder != os.getcwd() else [npx, "--no-install", "mft"]
    raise MftNotFound(
        "Runs on Temporal are made by the program *mft*, which is neither on PATH nor in a node_modules folder here. "
        "Install it with: npm install -g @mft/cli (it needs Node.js 20 or newer), or name it: MFT_CLI=/path/to/mft"
    )


def _node(path):
    node = shutil.which("node", path=path)
    if node is None:
        raise MftNotFound("MFT_CLI names a JavaScript file, but there is no *node* on PATH. Install Node.js 20 or newer.")
    return node


def flow_file():
    """The flow's file, as this process was started with it."""
    return os.path.abspath(sys.argv[0])


def typed_options(context):
    """Metaflow's top-level options as they were typed, between the flow's file and `temporal`."""
    root = context.find_root()
    # Metaflow keeps the words from the subcommand on; what stands before them are the top-level options.
    rest = len(getattr(root, "saved_args", []))
    return sys.argv[1 : len(sys.argv) - rest]


def handed_over(typed):
    """
    The same options as words of `mft`'s. It cannot know them all, since decorators declare options of their own, so each
    word goes along as it is, and comes back to the flow file's command line in the same order.
    """
    quiet = [word for word in typed if word in ("--quiet", "--not-quiet")]
    return quiet[-1:] + ["--metaflow-option=%s" % word for word in typed]


def _prepared(words, parameters):
    argv = command(os.path.dirname(flow_file())) + list(words)
    stdin = None
    if parameters is not None:
        argv.append("--params-file=-")
        # A file without a name: it takes any size, outlives an exec, and leaves nothing behind.
        stdin = tempfile.TemporaryFile()
        stdin.write(json.dumps(parameters).encode("ascii"))
        stdin.seek(0)
    sys.stdout.flush()
    sys.stderr.flush()
    return argv, stdin, dict(os.environ, METAFLOW_PYTHON=sys.executable)


def become(words, parameters=None):
    """
    Replace this process by `mft WORDS`, so that its signals, its output and its exit status are this command's.

    `parameters`: a dict of JSON values, given to it on stdin.
    """
    argv, stdin, environment = _prepared(words, parameters)
    if stdin is not None:
        os.dup2(stdin.fileno(), 0)
    os.execvpe(argv[0], argv, environment)


def run(words, parameters=None, capture=False):
    """
    Run `mft WORDS` to its end and return its exit status and, with `capture`, what it printed to stdout: for commands that
    have something to do afterwards. Ctrl-C reaches it by the terminal, SIGTERM is passed on; this process waits for it in
    both cases.
    """
    argv, stdin, environment = _prepared(words, parameters)
    started = []

    def forward(number, _frame):
        if started:
            started[0].send_signal(number)

    # A handler, unlike SIG_IGN, is not inherited.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None), signal.SIGTERM: signal.signal(signal.SIGTERM, forward)}
    try:
        started.append(subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE if capture else None, env=environment))
        printed, _ = started[0].communicate()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    status = started[0].returncode
    return (128 - status if status < 0 else status), (printed or b"").decode("utf-8", "replace")
