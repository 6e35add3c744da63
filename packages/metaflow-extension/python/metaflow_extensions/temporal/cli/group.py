"""
The click group `temporal`. A verb is one click command in a module here and one line in VERBS; it is imported when it is
called. Options before the verb say which deployment is meant and how to reach Temporal.
"""

import copy
import importlib

from metaflow._vendor import click

from . import options

#: verb -> (module in this package, name of its click command), in the order of the help text
VERBS = {
    "create": ("create_verb", "create"),
    "trigger": ("trigger_verb", "trigger"),
    "resume": ("resume_verb", "resume"),
    "status": ("run_verbs", "status"),
    "logs": ("run_verbs", "logs"),
    "cancel": ("run_verbs", "cancel"),
    "terminate": ("run_verbs", "terminate"),
    "suspend": ("run_verbs", "suspend"),
    "unsuspend": ("run_verbs", "unsuspend"),
    "list-runs": ("deployment_verbs", "list_runs"),
    "list-templates": ("deployment_verbs", "list_templates"),
    "list": ("deployment_verbs", "list_all"),
    "schedule": ("schedule_verbs", "schedule"),
    "delete": ("deployment_verbs", "delete"),
    "inspect": ("inspect_verb", "inspect"),
}


class _Verbs(click.Group):
    def list_commands(self, ctx):
        return list(VERBS)

    def get_command(self, ctx, name):
        if name not in VERBS:
            return None
        module, attribute = VERBS[name]
        return getattr(importlib.import_module("%s.%s" % (__package__, module)), attribute)

    @property
    def commands(self):
        # Metaflow's Deployer reads this and puts a flow's parameters into the commands that take some; it gets copies, so
        # that those of one flow are never seen with the next.
        found = {name: copy.copy(self.get_command(None, name)) for name in VERBS}
        for each in found.values():
            each.params = list(each.params)
        return found

    @commands.setter
    def commands(self, _value):
        pass


@click.group()
def cli():
    pass


# Metaflow wants a group with exactly one command of the plugin's name.
@cli.group(
    cls=_Verbs,
    help="Run this flow on Temporal.\n\n"
    "Deploy it with `create`, start runs with `trigger`, see them with `list-runs`, `status` and `logs`. "
    "A worker must be running: `mft serve`, or the worker file that `create --output FILE` writes.",
)
@click.option("--name", default=None, help="Name of the deployment. Default: the flow's name, with @project project.branch.Flow.")
@options.connection
@click.pass_obj
def temporal(obj, **given):
    obj.temporal = given
