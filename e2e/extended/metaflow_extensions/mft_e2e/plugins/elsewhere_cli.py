"""
`elsewhere step …`: the other machine, played by an empty folder, an interpreter without Metaflow, and an environment that holds only
what such a machine would have been given. As there, the step's logs are stored by who runs it, and what is printed here are the
structured lines that a pod's log would give.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from io import BytesIO

from metaflow import util
from metaflow._vendor import click
from metaflow.cli_args import cli_args
from metaflow.mflog import TASK_LOG_SOURCE, mflog
from metaflow.package import MetaflowPackage

#: What the other machine knows of this one.
HANDED_OVER = ("PATH", "METAFLOW_DATASTORE_SYSROOT_LOCAL", "METAFLOW_USER", "METAFLOW_SERVICE_URL", "METAFLOW_RUNTIME_NAME", "RECORDED_HOOKS")


@click.group()
def cli():
    pass


@cli.group(help="Steps that run somewhere else.")
def elsewhere():
    pass


@elsewhere.command(help="Run a step from its code package.")
@click.argument("step-name")
@click.argument("code-package-metadata")
@click.argument("code-package-sha")
@click.argument("code-package-url")
@click.option("--interpreter")
@click.option("--kill")
@click.option("--run-id")
@click.option("--task-id")
@click.option("--input-paths")
@click.option("--split-index")
@click.option("--clone-path")
@click.option("--clone-run-id")
@click.option("--tag", multiple=True)
@click.option("--namespace")
@click.option("--retry-count", default=0)
@click.option("--max-user-code-retries", default=0)
@click.option("--ubf-context")
@click.option("--num-parallel")
@click.pass_context
def step(ctx, step_name, code_package_metadata, code_package_sha, code_package_url, interpreter=None, kill=None, **kwargs):
    store = ctx.obj.flow_datastore
    env = {name: os.environ[name] for name in HANDED_OVER if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as folder:
        blob = next(iter(store.load_data([code_package_sha], force_raw=True)))[1]
        MetaflowPackage.cls_extract_into(code_package_metadata, BytesIO(blob), folder)
        env.update(MetaflowPackage.get_post_extract_env_vars(code_package_metadata, folder))
        env.update(
            METAFLOW_CODE_SHA=code_package_sha,
            METAFLOW_CODE_URL=code_package_url,
            METAFLOW_CODE_DS=store.TYPE,
            METAFLOW_CODE_METADATA=code_package_metadata,
            METAFLOW_DEFAULT_DATASTORE=store.TYPE,
            METAFLOW_DEFAULT_METADATA=ctx.obj.metadata.TYPE,
            ELSEWHERE=folder,
            PYTHONUNBUFFERED="1",
        )
        command = cli_args.step_command(
            interpreter or util.to_unicode(sys.executable), os.path.basename(sys.argv[0]), step_name, step_kwargs=kwargs
        )
        status, logs = _run(command, folder, env, kill)
    attempt = int(kwargs["retry_count"])
    task = store.get_task_datastore(kwargs["run_id"], step_name, kwargs["task_id"], attempt=attempt, mode="w")
    task.save_logs(TASK_LOG_SOURCE, {name: BytesIO(b"".join(lines)) for name, lines in logs.items()})
    if status:
        print("The step failed elsewhere.", file=sys.stderr)
        sys.exit(status if status > 0 else 1)


def _run(command, folder, env, kill):
    """Run to the end; every line goes on in its structured form, and is kept."""
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    logs = {"stdout": [], "stderr": []}

    def pump(name, source, sink):
        for line in source:
            structured = mflog.decorate(TASK_LOG_SOURCE, line)
            logs[name].append(structured)
            sink.buffer.write(structured)
            sink.buffer.flush()

    threads = [
        threading.Thread(target=pump, args=("stdout", process.stdout, sys.stdout)),
        threading.Thread(target=pump, args=("stderr", process.stderr, sys.stderr)),
    ]
    for thread in threads:
        thread.start()
    if kill:
        # As a machine that is taken away.
        threading.Timer(float(kill), lambda: process.send_signal(signal.SIGKILL)).start()
    status = process.wait()
    for thread in threads:
        thread.join()
    return status, logs
