import { MftError, SCHEDULE_OVERLAPS, suggest } from '@mft/graph';
import { Option, type Command } from 'commander';
import type { Subcommand } from './program.js';

/** The group of commands, and how one of them is declared. */
export interface DeclaringSchedules {
  readonly group: Command;
  readonly add: (name: string, description: string) => Subcommand;
  readonly temporal: () => Option[];
}

/**
 * Options of `create` that say how a deployment follows its flow's `@schedule`.
 *
 * @example
 * ```ts
 * command.addOptions('Schedule:', scheduleOptions());
 * ```
 */
export function scheduleOptions(): Option[] {
  return [
    new Option('--schedule', "start runs by @schedule (default, but for a user's branch of a @project)"),
    new Option('--no-schedule', 'do not'),
    overlap('--schedule-overlap <policy>', 'what a run that is due does while another goes on (default: allow-all)'),
    new Option('--schedule-catchup <seconds>', 'how late a run may be, the server having been away (default: 3540)'),
    new Option('--schedule-jitter <seconds>', 'begin each run up to so much later, by chance (default: 0)'),
    new Option('--schedule-pause-on-failure', 'pause when a run fails; not where runs may overlap'),
  ];
}

/**
 * Declare the commands on schedules.
 *
 * @example
 * ```ts
 * addSchedules({ group, add, temporal });
 * ```
 */
export function addSchedules({ group, add, temporal }: DeclaringSchedules): void {
  const of = (name: string, description: string): Subcommand =>
    add(name, description).argument('<name>', 'name of the deployment');

  add('list', 'list the schedules of the recorded deployments').addOptions('Temporal:', temporal());

  of('show', 'show a schedule: when runs are due, which it started last').addOptions('Temporal:', temporal());

  of('pause', 'start no more runs by a schedule; those that go on are left alone')
    .optionsGroup('Pause:')
    .option('--note <text>', 'why; kept over later deployments')
    .addOptions('Pause:', [authorize()])
    .addOptions('Temporal:', temporal());

  of('unpause', 'let a schedule go on; what was due meanwhile is not made up for')
    .optionsGroup('Unpause:')
    .option('--note <text>', "takes the place of the pause's")
    .addOptions('Unpause:', [authorize()])
    .addOptions('Temporal:', temporal());

  of('trigger', 'start a run by a schedule, now, paused or not')
    .addOptions('Trigger:', [overlap('--overlap <policy>', 'what it does while another goes on (default: allow-all)')])
    .addOptions('Temporal:', temporal());

  of('backfill', 'start the runs that were due in a time that has passed, but for those that were started')
    .optionsGroup('Backfill:')
    .option('--from <time>', 'first time, as 2026-11-30 or 2026-11-30T06:00, in the zone of the schedule (required)')
    .option('--to <time>', 'last time, or last day (default: now)')
    .addOptions('Backfill:', [
      overlap('--overlap <policy>', "what runs do while others go on (default: the schedule's)"),
    ])
    .addOptions('Temporal:', temporal());

  of('delete', 'take a schedule off its deployment, until that is deployed again')
    .addOptions('Delete:', [authorize()])
    .addOptions('Temporal:', temporal());

  // Reached where no command of the group is named.
  group.allowExcessArguments().action(() => {
    const names = group.commands.map((command) => command.name());
    const [given] = group.args;
    const meant = given === undefined ? undefined : suggest(given, names);
    throw new MftError(
      given === undefined ? 'MISSING_ARGUMENT' : 'UNKNOWN_COMMAND',
      given === undefined ? 'No command on schedules is named.' : `There is no command "schedule ${given}".`,
      { hint: `${meant === undefined ? '' : `Did you mean "${meant}"? `}One of: ${names.join(', ')}` },
    );
  });
}

function overlap(flags: string, description: string): Option {
  return new Option(flags, description).choices(SCHEDULE_OVERLAPS);
}

function authorize(): Option {
  return new Option('--authorize <token>', 'production token of a deployment by --production that somebody else made');
}
