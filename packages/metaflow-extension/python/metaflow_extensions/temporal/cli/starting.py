"""What `trigger` and `resume` have in common: start a run, and tell the Deployer which one."""

import json
import os
import sys
import tempfile

from metaflow._vendor import click
from metaflow.tagging_util import validate_tags

from . import mft, options
from .names import settings

_OPTIONS = (
    click.option("--run-param", "run_params", multiple=True, help="A parameter as name=value. Can be given several times."),
    click.option("--params-file", default=None, help="Parameters as a file that holds one JSON object; '-' for stdin."),
    click.option("--tag", "tags", multiple=True, default=None, help="Tag the run. Can be given several times."),
    click.option("--run-id-file", default=None, help="Write the run's id to a file once the run is accepted."),
    click.option("--workflow-timeout", default=None, type=int, help="End the run after this many seconds."),
    click.option("--max-num-splits", default=None, type=int, help="Fail at a foreach over more than so many items. Default: the deployment's."),
    click.option("--compensate-parallel", default=None, type=int, help="Handlers at a time within one foreach. Default: the deployment's."),
    click.option("--wait", "wait_for_end", is_flag=True, help="Wait for the end; exit with status 1 if the run fails."),
    click.option("--deployer-attribute-file", default=None, hidden=True, help="For Metaflow's Deployer: names the run, once it is accepted."),
    options.name,
    options.as_json,
)


def run_options(function):
    """Add the options of a run to a verb."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def start(context, words, parameters, given):
    """Call `mft WORDS` with the options of a run. Does not return."""
    validate_tags(given.get("tags"))
    id_file, attributes = given.get("run_id_file"), given.get("deployer_attribute_file")
    more = options.words(
        ("--tag", given.get("tags")),
        ("--workflow-timeout", given.get("workflow_timeout")),
        ("--max-num-splits", given.get("max_num_splits")),
        ("--compensate-parallel", given.get("compensate_parallel")),
        ("--compensate-cloned", given.get("compensate_cloned")),
        ("--wait", given.get("wait_for_end")),
        ("--json", given.get("as_json")),
    ) + options.connection_words(settings(context))
    words = words + more
    if not attributes:
        mft.become(words + options.words(("--run-id-file", id_file)), parameters)
    with tempfile.TemporaryDirectory() as directory:
        # Without one of the user's, mft tells us the id by a file of ours.
        id_file = id_file or os.path.join(directory, "run-id")
        status, _ = mft.run(words + options.words(("--run-id-file", id_file)), parameters)
        if status == 0:
            with open(id_file, encoding="utf-8") as file:
                write_run(context, attributes, words[1], file.read().strip())
    sys.exit(status)


def write_run(context, file, name, run_id):
    """Tell the Deployer about a run that Temporal has accepted."""
    described = {
        "name": name,
        "metadata": context.obj.metadata.metadata_str(),
        "pathspec": "%s/%s" % (context.obj.flow.name, run_id),
    }
    with open(file, "w", encoding="utf-8") as out:
        json.dump(described, out)
