"""`temporal inspect`: all that a deployment needs of this flow, as one line of JSON."""

from metaflow._vendor import click
from metaflow.tagging_util import validate_tags

from .. import channel
from ..inspection import answer, compensation, package
from . import tokens


@click.command(help="Describe this flow as JSON, for the compiler.", hidden=True)
@click.option("--package", "save_package", is_flag=True, help="Also save the code package and name it in the answer.")
@click.option("--save-config", is_flag=True, help="Then read a config from MFT_FD_IN and store it beside the package.")
@click.option("--settle-token", is_flag=True, help="Settle the production token: what is on record is asked for, as PROTOCOL.md says.")
@tokens.options
@click.option("--tag", "tags", multiple=True, help="Tag that each run will have; checked, not stored.")
@click.pass_context
def inspect(context, save_package, save_config, settle_token, tags, **given):
    obj = context.obj
    # Before Metaflow's own checks, which would call a step that is meant to be a handler unreachable.
    compensation.describe(obj.flow, obj.graph)
    obj.check(obj.graph, obj.flow, obj.environment, pylint=obj.pylint)
    validate_tags(tags)
    # What Node refuses is refused before a default is evaluated or anything is saved.
    if save_config and channel.ask(answer.question(obj.flow)) is None:
        context.exit(1)
    token = tokens.settle(context, given, _recorded) if settle_token else None
    described = answer.build(context, obj, evaluate=save_package)
    if token is not None:
        # The namespace of the deployment's runs, which is no secret.
        described["environment"][tokens.VARIABLE] = token
    if save_package:
        described["package"] = package.save(obj)
    channel.write(described)
    if save_config:
        request = channel.read()
        package.save_config(obj, request["hash"], request["config"])
        channel.write({"saved": True})


def _recorded(name):
    return channel.ask({"deployment": name})
