"""`temporal create`: deploy this flow, by way of `mft create`."""

from metaflow._vendor import click
from metaflow.exception import MetaflowException
from metaflow.tagging_util import validate_tags

from . import mft


class BadOutput(MetaflowException):
    headline = "Not a worker file"


@click.command(help="Deploy this flow: save its code package and write a worker FILE for Temporal (JavaScript).")
@click.argument("file", required=False)
@click.option("--output", "-o", default=None, help="Worker file to write; the same as FILE. Default: <flow>_worker.mjs")
@click.option("--name", default=None, help="Name of the deployment. Default: the flow's name.")
@click.option("--task-queue", default=None, help="Temporal task queue. Default: metaflow-<name>.")
@click.option("--workflow-timeout", default=None, type=int, help="End each run after this many seconds.")
@click.option("--tag", "tags", multiple=True, default=None, help="Tag every run. Can be given several times.")
@click.option("--namespace", "user_namespace", default=None, help="Namespace that the flow's own client calls see.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.pass_context
def create(context, file, output, name, task_queue, workflow_timeout, tags, user_namespace, as_json):
    if file and output and file != output:
        raise BadOutput("Two worker files are named, *%s* and *%s*. Name one." % (file, output))
    target = output or file
    if target and target.lower().endswith(".py"):
        raise BadOutput(
            "*%s* ends in .py, but the worker is a JavaScript file. Name it, for example, *%s_worker.mjs*." % (target, target[:-3])
        )
    validate_tags(tags)
    words = []
    for option, value in (
        ("--output", target),
        ("--name", name),
        ("--task-queue", task_queue),
        ("--workflow-timeout", workflow_timeout),
        ("--namespace", user_namespace),
    ):
        if value is not None:
            words += [option, str(value)]
    for tag in tags:
        words += ["--tag", tag]
    if as_json:
        words.append("--json")
    mft.become(context, "create", words)
