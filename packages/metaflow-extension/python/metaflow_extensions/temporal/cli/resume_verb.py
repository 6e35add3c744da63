"""`temporal resume`: a new run that takes over what an earlier one has finished."""

from metaflow._vendor import click

from . import given as parameters
from . import starting
from .names import deployment


@click.command(
    cls=parameters.VerbWithParameters,
    help="Start a new run that takes over the finished tasks of an earlier one and goes on from there; with STEP_TO_RERUN, that "
    "step and all after it are run again. The parameters are those of the earlier run.",
)
@click.argument("step-to-rerun", required=False)
@click.option("--origin-run-id", required=True, help="The earlier run; one that `run` made on this machine will do as well.")
@click.option("--compensate-cloned", is_flag=True, help="If the run does not complete, undo what it took over, too.")
@starting.run_options
@click.pass_context
def resume(context, step_to_rerun=None, **given):
    name = deployment(context, given.get("deployment"))
    values = parameters.values(context, given.get("run_params"), given.get("params_file"))
    words = ["resume", name] + ([step_to_rerun] if step_to_rerun else []) + ["--origin-run-id=%s" % given["origin_run_id"]]
    starting.start(context, words, values or None, given)


# Metaflow's Deployer would ask for required parameters, which the earlier run has.
resume.has_flow_params = False
