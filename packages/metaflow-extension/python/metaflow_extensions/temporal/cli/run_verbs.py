"""Verbs about one run, each the verb of `mft` of the same name."""

from metaflow._vendor import click

from . import mft, options
from .names import settings

_RUN = "RUN_ID is the run's id, as trigger printed it, or Flow/id."


def _call(context, verb, run_id, words):
    mft.become([verb, run_id] + words + options.connection_words(settings(context)))


def _verb(verb, text):
    """A verb that takes nothing but the run."""

    @click.command(name=verb, help="%s %s" % (text, _RUN))
    @click.argument("run-id")
    @options.as_json
    @click.pass_context
    def command(context, run_id, as_json):
        _call(context, verb, run_id, options.words(("--json", as_json)))

    return command


status = _verb("status", "Tell how a run is doing, before its first task too.")
cancel = _verb("cancel", "End a run in good order: running tasks are told to stop, compensations run.")
suspend = _verb("suspend", "Start no more tasks of a run; those that run go on to their end.")
unsuspend = _verb("unsuspend", "Go on with a suspended run.")


@click.command(help="Print the logs of a run, of one STEP of it, or of one STEP/TASK. %s" % _RUN)
@click.argument("run-id")
@click.argument("step", required=False)
@click.option("--follow", is_flag=True, help="Go on printing until the run has ended.")
@click.option("--stdout", is_flag=True, help="Only what was printed to stdout.")
@click.option("--stderr", is_flag=True, help="Only what was printed to stderr.")
@options.as_json
@click.pass_context
def logs(context, run_id, step, follow, stdout, stderr, as_json):
    flags = options.words(("--follow", follow), ("--stdout", stdout), ("--stderr", stderr), ("--json", as_json))
    _call(context, "logs", run_id, ([step] if step else []) + flags)


@click.command(help="End a run at once; nothing of it is compensated, unless asked for. %s" % _RUN)
@click.argument("run-id")
@click.option("--reason", default=None, help="Why, for those who look at the run in Temporal.")
@click.option("--compensate", is_flag=True, help="Kill its tasks, undo what they did, and then end it.")
@options.as_json
@click.pass_context
def terminate(context, run_id, reason, compensate, as_json):
    _call(context, "terminate", run_id, options.words(("--reason", reason), ("--compensate", compensate), ("--json", as_json)))
