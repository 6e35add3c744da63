"""
Finding `mft`, the Node program that does the work, and becoming it.

M1. It is sought as MFT_CLI, then on PATH, then through `npx --no-install` in the working directory and in the flow's.
M2. It gets the top-level options word for word as they were typed, and this interpreter.
"""

import os
import shutil
import subprocess
import sys

from metaflow.exception import MetaflowException


class MftNotFound(MetaflowException):
    headline = "mft not found"


def command(directory):
    """Return the argument vector that starts `mft`. Raises MftNotFound."""
    given = os.environ.get("MFT_CLI")
    if given:
        if given.endswith((".js", ".mjs")):
            return [_node(), given]
        if shutil.which(given) is None:
            raise MftNotFound("MFT_CLI names *%s*, which cannot be started." % given)
        return [given]
    found = shutil.which("mft")
    if found:
        return [found]
    npx = shutil.which("npx")
    if npx:
        for folder in dict.fromkeys([os.getcwd(), directory]):
            # npx looks for node_modules from the working directory upwards.
            asked = subprocess.run(
                [npx, "--no-install", "mft", "--version"],
                cwd=folder,
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


def _node():
    node = shutil.which("node")
    if node is None:
        raise MftNotFound("MFT_CLI names a JavaScript file, but there is no *node* on PATH. Install Node.js 20 or newer.")
    return node


def typed_options(context):
    """Metaflow's top-level options as they were typed, between the flow's file and `temporal`."""
    root = context.find_root()
    # Metaflow keeps the words from the subcommand on; what stands before them are the top-level options.
    rest = len(getattr(root, "saved_args", []))
    return sys.argv[1 : len(sys.argv) - rest]


def become(context, verb, words):
    """Replace this process by `mft VERB FLOW [top-level options] WORDS`."""
    file = os.path.abspath(sys.argv[0])
    argv = command(os.path.dirname(file)) + [verb, file] + typed_options(context) + list(words)
    environment = dict(os.environ, METAFLOW_PYTHON=sys.executable)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvpe(argv[0], argv, environment)
