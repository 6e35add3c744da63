"""The click group `temporal`. A verb is one module here and one line in VERBS; it is imported when it is called."""

import importlib

from metaflow._vendor import click

#: verb -> (module in this package, name of its click command)
VERBS = {
    "create": ("create_verb", "create"),
    "inspect": ("inspect_verb", "inspect"),
}


class _Verbs(click.Group):
    def list_commands(self, ctx):
        return sorted(VERBS)

    def get_command(self, ctx, name):
        if name not in VERBS:
            return None
        module, attribute = VERBS[name]
        return getattr(importlib.import_module("%s.%s" % (__package__, module)), attribute)


@click.group()
def cli():
    pass


# Metaflow wants a group with exactly one command of the plugin's name.
@cli.group(cls=_Verbs, help="Run this flow on Temporal.")
@click.pass_obj
def temporal(obj):
    pass
