"""`temporal trigger`: start a run of this flow's deployment."""

from metaflow._vendor import click

from . import given as parameters
from . import starting
from .names import deployment


@click.command(
    cls=parameters.VerbWithParameters,
    # METAFLOW_RUN_ALPHA gives a parameter to `run`, too.
    environment=("METAFLOW_TEMPORAL_TRIGGER_", "METAFLOW_RUN_"),
    help="Start a run of this flow as it was deployed by `create`, with the parameters given here; the others have the values "
    "that they had when it was deployed. Prints the run's pathspec and returns.",
)
@starting.run_options
@click.pass_context
def trigger(context, **given):
    name = deployment(context, given.get("deployment"))
    values = parameters.values(context, given.get("run_params"), given.get("params_file"))
    starting.start(context, ["trigger", name], values, given)
