import { Option } from 'commander';
import type { Subcommand } from './program.js';

/** Declares one command; {@link addVerbs} is told how. */
export interface Declaring {
  readonly add: (name: string, description: string) => Subcommand;
  readonly temporal: () => Option[];
  readonly collect: (word: string, before: string[] | undefined) => string[];
}

const RUN = 'run id, pathspec or workflow id';
const STATUSES = ['running', 'completed', 'failed', 'cancelled', 'terminated', 'timed_out'];

/**
 * Declare the commands on what is recorded on a server: deployments and runs. None of them reads a flow file.
 *
 * @example
 * ```ts
 * addVerbs({ add, temporal, collect });
 * ```
 */
export function addVerbs({ add, temporal, collect }: Declaring): void {
  const starting = (command: Subcommand): Subcommand =>
    command
      .option('--tag <tag>', 'tag the run (repeatable)', collect)
      .option('--run-id-file <file>', 'write the run id to a file once the run is accepted')
      .option('--wait', 'wait for the end; exit status 0 if the run completed, 1 if not')
      .option('--workflow-timeout <seconds>', 'end the run after this time')
      .option('--max-num-splits <n>', 'fail the run at a foreach over more than so many items')
      .option('--compensate-parallel <n>', 'handlers at a time within one foreach, should the run be undone')
      .option('--workflow-id <id>', "Temporal's workflow id of the run, refused if it is taken (default: a new one)")
      .addOptions('Temporal:', temporal());

  starting(
    add('trigger', 'start a run of a recorded deployment')
      .argument('<name>', 'name of the deployment')
      .argument('[key=value...]', 'parameters')
      .optionsGroup('Run:')
      .option('--params-file <file>', 'parameters as a JSON object; "-" for standard input'),
  );

  starting(
    add('resume', 'start a run that takes over the finished tasks of an earlier one')
      .argument('<name>', 'name of the deployment')
      .argument('[step]', 'run this step and all after it again, finished or not')
      // Parameters are refused by our own words.
      .allowExcessArguments()
      .addOption(new Option('--params-file <file>').hideHelp())
      .optionsGroup('Run:')
      .option('--origin-run-id <id>', 'the earlier run: run id or pathspec (required)')
      .option('--compensate-cloned', 'should the run be undone, undo what was taken over as well'),
  );

  add('publish', 'publish an event to every deployment that waits for it')
    .argument('<event>', 'name of the event')
    .argument('[key=value...]', 'fields of its payload')
    .optionsGroup('Event:')
    .option('--id <id>', 'id of the event: of one id each deployment takes it once (default: a new one)')
    .option('--payload-file <file>', 'payload as a JSON object; "-" for standard input')
    .addOptions('Temporal:', temporal());

  add('list', 'list the recorded deployments')
    .optionsGroup('Filter:')
    .option('--flow <name>', 'of this flow')
    .addOptions('Temporal:', temporal());

  add('show', 'show a recorded deployment and the parameters of its runs')
    .argument('<name>', 'name of the deployment')
    .addOptions('Temporal:', temporal());

  add('runs', 'list runs: those that go on, then those that ended last')
    .optionsGroup('Filter:')
    .option('--flow <name>', 'of this flow')
    .option('--deployment <name>', 'of this deployment')
    .option('--project <name>', 'of this @project')
    .option('--branch <branch>', 'of this branch of a @project: prod, test.staging, user.alice')
    .option('--user <name>', 'of this owner')
    .option('--tag <tag>', 'with this tag (repeatable)', collect)
    .addOption(new Option('--status <status>', 'of this status').choices(STATUSES))
    .option('--limit <n>', 'at most so many (default: 20)')
    .addOptions('Temporal:', temporal());

  add('status', 'tell how a run stands').argument('<run>', RUN).addOptions('Temporal:', temporal());

  add('logs', 'print what the tasks of a run have printed')
    .argument('<run>', RUN)
    .argument('[step[/task]]', 'only of this step, or of this task')
    .optionsGroup('Logs:')
    .option('-f, --follow', 'print what comes, until the run ends')
    .option('--stdout', 'only standard output')
    .option('--stderr', 'only standard error')
    .option('--python <path>', 'Python with Metaflow (default: METAFLOW_PYTHON, virtual environment, python3)')
    .addOptions('Temporal:', temporal());

  add('cancel', 'end a run in order: tasks are cancelled, what is to be undone is undone')
    .argument('<run>', RUN)
    .optionsGroup('Cancel:')
    .option('--wait', 'wait for the end')
    .addOptions('Temporal:', temporal());

  add('terminate', 'end a run at once, undoing nothing unless asked to')
    .argument('<run>', RUN)
    .optionsGroup('Terminate:')
    .option('--compensate', 'stop its tasks and undo what can be undone first')
    .option('--reason <text>', "why, for the run's history")
    .addOptions('Temporal:', temporal());

  add('suspend', 'start no new task of a run; those that run go on')
    .argument('<run>', RUN)
    .addOptions('Temporal:', temporal());

  add('unsuspend', 'let a suspended run go on').argument('<run>', RUN).addOptions('Temporal:', temporal());

  add('delete', 'forget a deployment; its runs go on, their artifacts stay')
    .argument('<name>', 'name of the deployment')
    .optionsGroup('Delete:')
    .option('--authorize <token>', 'production token of a deployment by --production that somebody else made')
    .addOptions('Temporal:', temporal());
}
