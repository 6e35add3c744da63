"""`temporal create`: deploy this flow, by way of `mft create`."""

import json
import sys

from metaflow._vendor import click
from metaflow.exception import MetaflowException
from metaflow.tagging_util import validate_tags

from . import mft, options, schedule_verbs, tokens
from .names import deployment, settings


class BadOutput(MetaflowException):
    headline = "Not a worker file"


class NotRecorded(MetaflowException):
    headline = "Not recorded"


@click.command(help="Deploy this flow: save its code package, record the deployment in Temporal, write a worker FILE (JavaScript).")
@click.argument("file", required=False)
@click.option("--output", "-o", default=None, help="Worker file to write; the same as FILE. Default: <flow>_worker.mjs")
@click.option("--name", default=None, help="Name of the deployment. Default: the flow's name.")
@click.option("--task-queue", default=None, help="Temporal task queue. Default: metaflow-<name>.")
@click.option("--workflow-timeout", default=None, type=int, help="End each run after this many seconds.")
@click.option("--max-workers", default=None, type=int, help="Tasks at a time, for workers that are not told otherwise.")
@click.option("--preload", default=None, help="Python modules to import once for all tasks, separated by commas; auto: what the flow imports.")
@click.option("--max-num-splits", default=None, type=int, help="Fail a run at a foreach over more than so many items. Default: no limit.")
@click.option("--compensate-parallel", default=None, type=int, help="Handlers at a time within one foreach. Default: 1.")
@click.option("--exit-hook-timeout", default=None, type=int, help="Seconds that each exit hook may take. Default: 3600.")
@click.option("--tag", "tags", multiple=True, default=None, help="Tag every run. Can be given several times.")
@click.option("--namespace", "user_namespace", default=None, help="Namespace that the flow's own client calls see.")
@schedule_verbs.create_options
@tokens.options
@click.option("--only-json", is_flag=True, help="Print the compiled flow as JSON; write, save and record nothing.")
@click.option("--deployer-attribute-file", default=None, hidden=True, help="For Metaflow's Deployer: names the deployment, once it stands.")
@options.as_json
@click.pass_context
def create(context, file, **given):
    output, attributes = given["output"], given["deployer_attribute_file"]
    if file and output and file != output:
        raise BadOutput("Two worker files are named, *%s* and *%s*. Name one." % (file, output))
    target = output or file
    if target and target.lower().endswith(".py"):
        raise BadOutput(
            "*%s* ends in .py, but the worker is a JavaScript file. Name it, for example, *%s_worker.mjs*." % (target, target[:-3])
        )
    validate_tags(given["tags"])
    name = given["name"] or settings(context).get("name")
    tokens.refuse_misplaced(context, given)
    words = ["create", mft.flow_file()] + mft.handed_over(mft.typed_options(context))
    for option, value in (
        ("--output", target),
        ("--name", name),
        ("--task-queue", given["task_queue"]),
        ("--workflow-timeout", given["workflow_timeout"]),
        ("--max-workers", given["max_workers"]),
        ("--preload", given["preload"]),
        ("--max-num-splits", given["max_num_splits"]),
        ("--compensate-parallel", given["compensate_parallel"]),
        ("--exit-hook-timeout", given["exit_hook_timeout"]),
        ("--namespace", given["user_namespace"]),
        ("--authorize", given["authorize"]),
    ):
        if value is not None:
            words += [option, str(value)]
    for tag in given["tags"]:
        words += ["--tag", tag]
    words += schedule_verbs.create_words(given)
    words += options.words(("--generate-new-token", given["generate_new_token"]), ("--only-json", given["only_json"])) + options.connection_words(settings(context))
    if not attributes:
        mft.become(words + options.words(("--json", given["as_json"])))
    status, printed = mft.run(words + ["--json"], capture=True)
    if status == 0:
        _tell(context, attributes, deployment(context, name), json.loads(printed.splitlines()[-1]), given["only_json"])
    if given["as_json"] or given["only_json"]:
        sys.stdout.write(printed)
    sys.exit(status)


def _tell(context, file, name, answer, only_json):
    """Tell the Deployer about a deployment that stands, or about the compiled flow where nothing else was asked for."""
    if not only_json:
        if not answer.get("recorded"):
            raise NotRecorded("*%s* is compiled, but no Temporal server is in reach that could record it. Start one: mft server" % name)
        click.secho("%s is deployed, as %s." % (context.obj.flow.name, name), err=True)
    described = {"name": name, "flow_name": context.obj.flow.name, "metadata": context.obj.metadata.metadata_str()}
    described["additional_info"] = {"config" if only_json else "deployment": answer}
    with open(file, "w", encoding="utf-8") as out:
        json.dump(described, out)
