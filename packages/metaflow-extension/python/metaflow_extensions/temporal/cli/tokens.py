"""
Metaflow's production tokens: who deployed a production flow first decides who else may.

T1. Only a deployment by `--production` under @project has one, once it was asked for, and keeps it. A run of `metaflow run` or
    `mft run` never does.
T2. The token lies in the deployment's record, and with its runs as their namespace. Tokens themselves, and where a person's are
    remembered, are Metaflow's own.
"""

import base64
import hashlib
import os

from metaflow import current
from metaflow._vendor import click
from metaflow.exception import MetaflowException
from metaflow.plugins.aws.step_functions.production_token import load_token, new_token, store_token
from metaflow.util import get_username

from .names import settings

VARIABLE = "METAFLOW_PRODUCTION_TOKEN"
#: How `create` hands the token to the inspection of the flow.
HANDED = "MFT_PRODUCTION_TOKEN"


class IncorrectProductionToken(MetaflowException):
    headline = "Incorrect production token"


def options(function):
    """The options of `create`."""
    for option in (
        click.option("--new-token", "given_token", default=None, help="Not for flows with @project, which alone have tokens here.", hidden=True),
        click.option("--generate-new-token", is_flag=True, help="Make a new production token; moves the flow to a new namespace."),
        authorize_option,
    ):
        function = option(function)
    return function


def authorize_option(function):
    """The option of verbs that ask for the token."""
    text = "Production token of the deployment, where somebody else made it. It is remembered in METAFLOW_HOME."
    return click.option("--authorize", default=None, help=text)(function)


def of(described):
    """The token of a deployment as `mft show` describes it; None where it has none."""
    return (described or {}).get("environment", {}).get(VARIABLE)


def prefix(project):
    """How the tokens of a project's branch begin, for all its flows. `project`: {"name", "branch"}."""
    digest = hashlib.sha1(("%s.%s" % (project["name"], project["branch"])).encode("utf-8")).digest()
    return "mfprj-%s" % base64.b32encode(digest).decode("ascii")[:16].lower()


def check(described, authorize=None):
    """
    Let those pass who made the deployment or have its token.

    Raises IncorrectProductionToken for others.
    """
    token = of(described)
    if token is None:
        return
    start = prefix(described["project"])
    authorize = load_token(start) if authorize is None else _plain(authorize)
    if described["user"] != get_username() and authorize != token:
        raise IncorrectProductionToken(
            "*%s* was deployed by *%s*. Ask for its production token, and give it once: --authorize TOKEN" % (described["name"], described["user"])
        )
    store_token(start, token)


def resolve(context, name, given):
    """
    The token that a new version of the deployment gets: the one that it has, a new one, or None where it needs none.

    `given`: the options of `create`, by name.
    """
    authorize, generate, chosen = given["authorize"], given["generate_new_token"], given["given_token"]
    if not is_production(context):
        if authorize or generate or chosen:
            raise MetaflowException("Production tokens are for deployments of a flow with @project by *--production*.")
        return None
    if chosen:
        # As with Metaflow's other orchestrators: the tokens of a project have a known beginning.
        raise MetaflowException("--new-token is not for flows with @project: --generate-new-token makes a new one.")
    described = show(name, settings(context))
    check(described, authorize)
    token = of(described)
    start = prefix({"name": current.project_name, "branch": current.branch_name})
    if generate:
        token = new_token(start, token)
    if token is None:
        return None
    store_token(start, token)
    click.secho("The namespace of this production flow is production:%s" % token, err=True)
    click.secho("Whoever else deploys it needs: temporal create --authorize %s" % token, err=True)
    return token


def is_production(context):
    """Whether this is the production branch of a project."""
    return bool(context.obj.flow._flow_decorators.get("project")) and bool(current.is_production)


def hand_over(token):
    """Let the inspection of the flow, which this process's `mft create` starts, know the token."""
    os.environ.pop(HANDED, None)
    if token is not None:
        os.environ[HANDED] = token


def show(name, connection):
    """What `mft show` says of a deployment; None where there is none, or no server that would know."""
    from ..deployer.calls import TemporalError, mft_call

    try:
        return mft_call(["show", name], connection)
    except TemporalError:
        return None


def _plain(token):
    return token[len("production:") :] if token.startswith("production:") else token
