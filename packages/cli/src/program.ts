import { dataConverterOption, preloadOption, workerOptions } from '@mft/worker/options';
import { Command, Option } from 'commander';
import { addSchedules, scheduleOptions } from './schedule-verbs.js';
import { addVerbs } from './verbs.js';

/*
 * Every command and every option of `mft`, and nothing else: what they do lies in `commands/`, loaded when called.
 */

/** Called with a command's name, its plain words and its flags. */
export type Dispatch = (command: string, words: string[], flags: Record<string, unknown>) => Promise<void>;

const collect = (word: string, before: string[] | undefined): string[] => [...(before ?? []), word];

const metaflow = (): Option[] => [
  new Option('--datastore <type>', 'datastore: local, s3, azure, gs'),
  new Option('--datastore-root <path>', 'root path of the datastore'),
  new Option('--metadata <type>', 'metadata provider: local, service'),
  new Option('--environment <type>', 'environment of the steps: local, conda, pypi, uv'),
  new Option('--event-logger <type>', "Metaflow's event logger"),
  new Option('--monitor <type>', "Metaflow's monitor"),
  new Option('--with <decorator>', 'add a decorator to all steps, e.g. retry:times=2 (repeatable)').argParser(collect),
  new Option('--decospecs <decorator>', 'the same as --with').argParser(collect).hideHelp(),
  new Option('--config <name file>', 'read a Config from a file (repeatable)').argParser(collect),
  new Option('--config-value <name value>', 'give a Config as a value (repeatable)').argParser(collect),
  new Option('--branch <name>', 'branch of a @project'),
  new Option('--production', 'production branch of a @project'),
  new Option('--pylint', 'check the flow with pylint, if it is installed'),
  new Option('--no-pylint', 'do not check it with pylint (default)'),
  new Option('--quiet', "suppress Metaflow's own messages, and ours on progress"),
  new Option('--not-quiet', 'the opposite').hideHelp(),
  new Option('--package-suffixes <list>', 'file suffixes to put into the code package'),
  new Option('--namespace <name>', "Metaflow's namespace"),
  new Option('--tag <tag>', 'tag the runs (repeatable)').argParser(collect),
  new Option(
    '--metaflow-option <word>',
    "a word of the flow's own top-level options, e.g. --metaflow-option=--foobar=1 (repeatable)",
  ).argParser(collect),
  new Option('--python <path>', 'Python to run the flow with (default: METAFLOW_PYTHON, virtual environment, python3)'),
];

const temporal = (): Option[] => [
  new Option('--address <host:port>', 'Temporal server (default: TEMPORAL_ADDRESS, else a local one)'),
  new Option('--temporal-namespace <name>', "Temporal's namespace (default: TEMPORAL_NAMESPACE)"),
  new Option('--profile <name>', 'profile of temporal.toml'),
  new Option('--api-key <key>', 'API key (better: TEMPORAL_API_KEY)'),
  new Option('--tls', 'connect with TLS'),
  new Option('--no-tls', 'connect without TLS'),
  new Option('--tls-cert-path <file>', "the client's certificate"),
  new Option('--tls-key-path <file>', "the client's key"),
  new Option('--tls-ca-path <file>', "authority of the server's certificate"),
  new Option('--tls-server-name <name>', "name in the server's certificate"),
  dataConverterOption(),
];

/**
 * The command line of `mft`.
 *
 * @param dispatch - called once a command line is understood
 * @param version - what `--version` prints
 *
 * @example
 * ```ts
 * await createProgram(async (command, words) => console.log(command, words), '1.0.0').parseAsync(['graph', 'f.py'], { from: 'user' });
 * ```
 */
export function createProgram(dispatch: Dispatch, version: string): Command {
  const program = new Command('mft')
    .description('Metaflow flows on Temporal')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      '\nOptions go before or after the flow file; parameters are key=value.\nFor example: mft run my_flow.py alpha=0.5',
    );

  add(program, dispatch, 'run', 'run a flow once, here and now: a server (found or started), a worker, a run')
    .argument('<flow.py>', 'file of the flow')
    .argument('[key=value...]', 'parameters')
    .optionsGroup('Run:')
    .option('--params-file <file>', 'parameters as a JSON object; "-" for standard input')
    .option('--run-id-file <file>', 'write the run id to a file once the run is accepted')
    .option('--max-workers <n>', 'tasks at a time')
    .addOption(preloadOption())
    .option('--workflow-timeout <seconds>', 'end the run after this time')
    .option('--max-num-splits <n>', 'fail the run at a foreach over more than so many items (default: no limit)')
    .option('--compensate-parallel <n>', 'handlers at a time within one foreach, should the run be undone')
    .option('--db <file>', 'database of the local server')
    .addOptions('Temporal:', temporal())
    .addOptions('Metaflow:', metaflow());

  add(
    program,
    dispatch,
    'create',
    'deploy a flow: save its code package, write a worker as one JavaScript file, record it on the server',
  )
    .argument('<flow.py>', 'file of the flow')
    .argument('[file]', 'worker file to write (default: <flow>_worker.mjs)')
    .optionsGroup('Deployment:')
    .option('-o, --output <file>', 'the same as [file]')
    .option('--name <name>', "name of the deployment (default: the flow's)")
    .option('--task-queue <name>', 'task queue (default: metaflow-<name>)')
    .option('--workflow-timeout <seconds>', 'end each run after this time')
    .option('--max-num-splits <n>', 'fail a run at a foreach over more than so many items (default: no limit)')
    .option('--compensate-parallel <n>', 'handlers at a time within one foreach, should a run be undone')
    .option('--exit-hook-timeout <seconds>', 'time that each exit hook may take (default: 3600)')
    .option('--max-workers <n>', 'tasks at a time, for workers that are not told otherwise')
    .addOption(preloadOption())
    .option('--authorize <token>', 'production token of a deployment by --production that somebody else made')
    .option('--generate-new-token', 'make a new production token; moves the runs to a new namespace')
    .addOption(new Option('--new-token <token>').hideHelp())
    .option('--dry-run', 'print the compiled flow as JSON; write, save and record nothing')
    .addOption(new Option('--only-json', 'the same as --dry-run').hideHelp())
    .addOptions('Schedule:', scheduleOptions())
    .addOptions('Temporal:', temporal())
    .addOptions('Metaflow:', metaflow());

  add(
    program,
    dispatch,
    'serve',
    'run the tasks of every recorded deployment, as they come and go, until SIGTERM or Ctrl-C',
  )
    .addOptions('Worker:', workerOptions())
    .addOptions('Worker:', [
      new Option('--idle <seconds>', 'time that a Python without work is kept').default('300'),
      new Option('--db <file>', 'database of the local server'),
    ])
    .addOptions('Temporal:', temporal());

  add(program, dispatch, 'graph', 'print the graph of a flow')
    .argument('<flow.py>', 'file of the flow')
    .addOption(
      new Option('--format <format>', 'how to print it').choices(['mermaid', 'dot', 'json']).default('mermaid'),
    )
    .addOptions('Metaflow:', metaflow());

  add(program, dispatch, 'server', 'run a local Temporal server with its web UI, kept on disk, until Ctrl-C')
    .option('--db <file>', 'database file (default: temporal.db in MFT_STATE_DIR or the data folder)')
    .option('--port <port>', 'gRPC port, 0 for any (default: 7233 or the next free one)')
    .option('--ui-port <port>', 'port of the web UI, 0 for any (default: 8233 or the next free one)')
    .option('--headless', 'no web UI')
    .option('--temporal-namespace <name>', 'namespace to create (default: default)')
    .option('--background', 'leave the server running and return')
    .option('--status', 'say whether a server runs, and where')
    .option('--stop', 'end the running server; its database stays');

  const group = new Command('schedule')
    .description('the schedules of recorded deployments')
    .copyInheritedSettings(program);
  group.helpOption('-h, --help', 'print help');
  const dispatchSchedule: Dispatch = (verb, words, flags) => dispatch(`schedule ${verb}`, words, flags);
  addSchedules({ group, add: (name, description) => add(group, dispatchSchedule, name, description), temporal });

  addVerbs({ add: (name, description) => add(program, dispatch, name, description), temporal, collect });
  program.addCommand(group);
  return program;
}

/** Commander's command with one addition: options under a heading of their own. */
export class Subcommand extends Command {
  addOptions(group: string, options: readonly Option[]): this {
    for (const option of options) this.addOption(option.helpGroup(group));
    return this;
  }
}

function add(parent: Command, dispatch: Dispatch, name: string, description: string): Subcommand {
  const command = new Subcommand(name).description(description).copyInheritedSettings(parent);
  command.helpOption('-h, --help', 'print help');
  command.option('--json', 'print one JSON object, as the last line of stdout; everything else goes to stderr');
  command.option('--debug', 'print stack traces');
  command.action(async () => {
    await dispatch(name, [...command.args], command.opts());
  });
  parent.addCommand(command);
  return command;
}
