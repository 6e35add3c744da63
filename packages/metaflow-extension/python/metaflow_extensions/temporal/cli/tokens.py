"""
Metaflow's production tokens: who deployed a production flow first decides who else may.

T1. A deployment by `--production` under @project has one from its first version on, and keeps it. Nothing else has: no user branch,
    no run of `metaflow run` or `mft run`.
T2. The token lies in the deployment's record, and with its runs as one of their two namespaces (the other is their owner's). Tokens themselves, and where a person's are
    remembered, are Metaflow's own.
T3. It is settled in one place, the inspection of the flow, which asks `mft create` what is on record. Where no server is in reach,
    the remembered token stands for the recorded one.
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


class MisplacedToken(MetaflowException):
    headline = "Production tokens"
    mft_code = "CONFLICTING_OPTIONS"
    hint = "Deploy it by: mft create FLOW.py --production"


class IncorrectProductionToken(MetaflowException):
    headline = "Incorrect production token"
    #: Of the refusal, for `mft`.
    mft_code = "INCORRECT_TOKEN"
    hint = "For example: mft create FLOW.py --production --authorize TOKEN"


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
    Let those pass who made the deployment or have its token. `described`: its record, or None.

    Raises IncorrectProductionToken for others.
    """
    token = of(described)
    if token is None:
        return
    start = prefix(described["project"])
    authorize = load_token(start) if authorize is None else _plain(authorize)
    if described["user"] != get_username() and authorize != token:
        raise IncorrectProductionToken(
            "%s was deployed by %s. Ask for its production token, and give it once: --authorize TOKEN" % (described["name"], described["user"])
        )
    store_token(start, token)


def refuse_misplaced(context, given):
    """
    Refuse options that this deployment cannot have. `given`: the options of `create`, by name.

    Raises MisplacedToken.
    """
    if not is_production(context):
        if given["authorize"] or given["generate_new_token"] or given["given_token"]:
            raise MisplacedToken("Production tokens are for deployments of a flow with @project by --production.")
    elif given["given_token"]:
        # As with Metaflow's other orchestrators: the tokens of a project have a known beginning.
        raise MisplacedToken("--new-token is not for flows with @project: --generate-new-token makes a new one.")


def settle(context, given, ask):
    """
    Return the token of a new version of this deployment: the one that it has, else a new one; None where it needs none.

    `given`: the options of `create`, by name. `ask(name)` answers {"reached": whether the record could be read, "deployment": what
    it says, or None}; it is called for production deployments only. Raises IncorrectProductionToken.
    """
    refuse_misplaced(context, given)
    if not is_production(context):
        return None
    start = prefix({"name": current.project_name, "branch": current.branch_name})
    answer = ask(current.project_flow_name)
    described = answer.get("deployment")
    check(described, given["authorize"])
    before = of(described) if answer.get("reached") else load_token(start)
    token = new_token(start, before) if before is None or given["generate_new_token"] else before
    if token is None:
        raise MetaflowException("No token follows %s, which Metaflow did not make. Delete the deployment, then create it again." % before)
    store_token(start, token)
    click.secho("The namespace of this production flow is production:%s" % token, err=True)
    click.secho("Whoever else deploys it needs, once: create --production --authorize %s" % token, err=True)
    return token


def is_production(context):
    """Whether this is the production branch of a project."""
    return bool(context.obj.flow._flow_decorators.get("project")) and bool(current.is_production)


def show(name, connection):
    """What `mft show` says of a deployment; None where there is none, or no server that would know."""
    from ..deployer.calls import TemporalError, mft_call

    try:
        return mft_call(["show", name], connection)
    except TemporalError:
        return None


def presented(name, connection, authorize):
    """
    The token to hand on to a verb of `mft` that asks for it; None for a deployment that has none.

    Raises IncorrectProductionToken for who neither made the deployment nor has its token.
    """
    described = show(name, connection)
    check(described, authorize)
    return of(described)


def _plain(token):
    return token[len("production:") :] if token.startswith("production:") else token
