"""Verbs about deployments and their runs, each by way of `mft`."""

from metaflow._vendor import click

from . import mft, options, tokens
from .names import deployment, settings

_STATES = ("running", "completed", "failed", "cancelled", "terminated", "timed_out")


def _become(context, words):
    mft.become(words + options.connection_words(settings(context)))


def _states(function):
    for state in reversed(_STATES):
        word = "--" + state.replace("_", "-")
        # Metaflow's other orchestrators say "succeeded".
        words = (word, "--succeeded") if state == "completed" else (word,)
        function = click.option(*words, state, is_flag=True, help="Only %s runs." % state.replace("_", " "))(function)
    return function


@click.command("list-runs", help="List the runs of this flow's deployment, the newest first.")
@_states
@click.option("--tag", "tags", multiple=True, default=None, help="Only runs with this tag. Can be given several times.")
@click.option("--user", default=None, help="Only runs of this owner.")
@click.option("--limit", default=None, type=int, help="List at most this many.")
@options.name
@options.as_json
@click.pass_context
def list_runs(context, tags, user, limit, deployment, as_json, **states):
    chosen = [state for state in _STATES if states[state]]
    if len(chosen) > 1:
        raise click.UsageError("Choose one of %s." % ", ".join("--" + state.replace("_", "-") for state in chosen))
    name = ("--deployment", _name(context, deployment))
    which = (("--status", chosen), ("--tag", tags), ("--user", user), ("--limit", limit))
    _become(context, ["runs"] + options.words(name, *which, ("--json", as_json)))


@click.command("list-templates", help="List the deployments of this flow: one, or under @project one for each branch.")
@click.option("--all", "everything", is_flag=True, help="Those of all flows.")
@options.as_json
@click.pass_context
def list_templates(context, everything, as_json):
    flow = None if everything else context.obj.flow.name
    _become(context, ["list"] + options.words(("--flow", flow), ("--json", as_json)))


@click.command("list", help="List all deployments of the namespace.")
@options.as_json
@click.pass_context
def list_all(context, as_json):
    _become(context, ["list"] + options.words(("--json", as_json)))


@click.command(help="Delete this flow's deployment. Runs that are under way go on; what they have stored is kept.")
@tokens.authorize_option
@options.name
@options.as_json
@click.pass_context
def delete(context, deployment, authorize, as_json):
    name = _name(context, deployment)
    if tokens.is_production(context):
        authorize = tokens.presented(name, settings(context), authorize)
    _become(context, ["delete", name] + options.words(("--authorize", authorize), ("--json", as_json)))


def _name(context, given):
    return deployment(context, given)
