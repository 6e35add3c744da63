"""Verbs about the schedule of this flow's deployment, each the verb of `mft schedule` of the same name."""

from metaflow._vendor import click

from . import mft, options, tokens
from .names import deployment, settings

OVERLAPS = click.Choice(["allow-all", "skip", "buffer-one", "buffer-all", "cancel-other", "terminate-other"])


# Names that Python keeps for itself: Metaflow's Deployer makes arguments of all options.
_SPELLED = {"first": "from", "last": "to"}


def create_options(function):
    """Options of `create` that say how the deployment follows `@schedule`."""
    for option in (
        click.option("--schedule/--no-schedule", default=None, help="Start runs by @schedule, or not. Default: not for a user's branch."),
        click.option("--schedule-overlap", type=OVERLAPS, default=None, help="What a run that is due does while another goes on."),
        click.option("--schedule-catchup", type=int, default=None, help="Seconds that a run may be late. Default: 3540."),
        click.option("--schedule-jitter", type=int, default=None, help="Begin each run up to so many seconds later, by chance."),
        click.option("--schedule-pause-on-failure", is_flag=True, help="Pause when a run fails; not where runs may overlap."),
    ):
        function = option(function)
    return function


def create_words(given):
    """The same options as words of `mft create`; `given`: the verb's values by name."""
    chosen = given["schedule"]
    return ([] if chosen is None else ["--schedule" if chosen else "--no-schedule"]) + options.words(
        ("--schedule-overlap", given["schedule_overlap"]),
        ("--schedule-catchup", given["schedule_catchup"]),
        ("--schedule-jitter", given["schedule_jitter"]),
        ("--schedule-pause-on-failure", given["schedule_pause_on_failure"]),
    )


@click.group(help="See, pause and use the schedule of this flow's deployment.")
def schedule():
    pass


def _verb(name, text, *more, guarded=False):
    """Declare `temporal schedule NAME`; `guarded`: as for `delete`, whoever may not deploy may not do this."""

    @click.pass_context
    def run(context, deployment, as_json, authorize=None, **given):
        target = _name(context, deployment)
        if guarded and tokens.is_production(context):
            given["authorize"] = tokens.presented(target, settings(context), authorize)
        words = [("--" + _SPELLED.get(option, option), given[option]) for option in given] + [("--json", as_json)]
        mft.become(["schedule", name, target] + options.words(*words) + options.connection_words(settings(context)))

    for option in reversed((*more, *([tokens.authorize_option] if guarded else []), options.name, options.as_json)):
        run = option(run)
    schedule.command(name=name, help=text)(run)


def _name(context, given):
    return deployment(context, given)


_note = click.option("--note", default=None, help="Why; it is kept over later deployments.")
_overlap = click.option("--overlap", type=OVERLAPS, default=None, help="What a run does while another goes on.")
_from = click.option("--from", "first", default=None, help="First time, as 2026-11-30 or 2026-11-30T06:00, in the schedule's zone.")
_to = click.option("--to", "last", default=None, help="Last time, or last day. Default: now.")

_verb("show", "Show the schedule: when runs are due, which it started last.")
_verb("pause", "Start no more runs by the schedule; those that go on are left alone.", _note, guarded=True)
_verb("unpause", "Let the schedule go on.", _note, guarded=True)
_verb("trigger", "Start a run by the schedule, now, paused or not.", _overlap)
_verb("backfill", "Start the runs that were due in a time that has passed, but for those that were started.", _from, _to, _overlap)
_verb("delete", "Take the schedule off; the deployment stays. Deploying again brings it back.", guarded=True)


@schedule.command(name="list", help="List the schedules of all deployments of the namespace.")
@options.as_json
@click.pass_context
def list_all(context, as_json):
    mft.become(["schedule", "list"] + options.words(("--json", as_json)) + options.connection_words(settings(context)))
