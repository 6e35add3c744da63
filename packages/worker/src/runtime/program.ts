import { basename } from 'node:path';
import { Command, Option } from 'commander';
import type { FlowConfig } from '@mft/graph';
import type { ConnectionFlags } from '../connection/flags.js';
import { dataConverterOption, wholeNumber, workerOptions, type WorkerProcessFlags } from '../options.js';
import type { Deployment } from './deployment.js';

/** Options of `node FILE`. */
export interface WorkerFlags extends ConnectionFlags, WorkerProcessFlags {
  readonly debug?: boolean;
}

/** Options of `node FILE trigger`. */
export interface TriggerFlags extends ConnectionFlags {
  readonly tag: readonly string[];
  readonly wait: boolean;
  readonly json?: boolean;
  readonly runIdFile?: string;
  readonly paramsFile?: string;
  readonly workflowTimeout?: number;
  readonly maxNumSplits?: number;
  readonly compensateParallel?: number;
  readonly workflowId?: string;
  readonly debug?: boolean;
}

/** Options of `node FILE publish`. */
export interface PublishFlags extends ConnectionFlags {
  readonly id?: string;
  readonly payloadFile?: string;
  readonly json?: boolean;
}

/** What the commands do; the program only reads the words. */
export interface Handlers {
  work(flags: WorkerFlags): Promise<number>;
  trigger(words: readonly string[], flags: TriggerFlags): Promise<number>;
  publish(words: readonly string[], flags: PublishFlags): Promise<number>;
}

/**
 * The command line of a generated file.
 *
 * @param done - called with the exit status that a handler answers
 */
export function createProgram(
  { config, versions, hash, file }: Pick<Deployment, 'config' | 'versions' | 'hash' | 'file'>,
  handlers: Handlers,
  done: (status: number) => void,
): Command {
  const name = `node ${basename(file)}`;
  const program = new Command(name)
    .description(`${config.flow.name} on Temporal: a worker for it, and runs of it.`)
    .version(`${config.name} ${hash.slice(0, 12)}, made by mft ${versions.mft} for Temporal SDK ${versions.temporal}`)
    .option('--address <host:port>', 'Temporal server (TEMPORAL_ADDRESS)')
    .option('--namespace <name>', 'Temporal namespace (TEMPORAL_NAMESPACE)')
    // As `mft` calls it, where `--namespace` is Metaflow's.
    .addOption(new Option('--temporal-namespace <name>', 'the same as --namespace').hideHelp())
    .option('--profile <name>', 'profile of temporal.toml (TEMPORAL_PROFILE)')
    .option('--api-key <key>', 'API key (TEMPORAL_API_KEY)')
    .option('--tls', 'use TLS (TEMPORAL_TLS)')
    .option('--no-tls', 'use no TLS')
    .option('--tls-cert-path <file>', "client's certificate, PEM")
    .option('--tls-key-path <file>', "client's key, PEM")
    .option('--tls-ca-path <file>', "authority of the server's certificate, PEM")
    .option('--tls-server-name <name>', "name in the server's certificate")
    .addOption(dataConverterOption())
    .option('--debug', 'show stack traces of errors')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  // Absent means: let the environment decide.
  program.setOptionValue('tls', undefined);
  program.on('option:temporal-namespace', (name: string) => program.setOptionValue('namespace', name));
  const worker = program
    .command('worker', { isDefault: true })
    .description(`run tasks of ${config.flow.name} until SIGTERM or Ctrl-C (the default)`)
    .action(async (_flags: unknown, command: Command) => done(await handlers.work(command.optsWithGlobals())));
  for (const option of workerOptions()) worker.addOption(option);
  program
    .command('trigger')
    .description(`start a run of ${config.flow.name} and wait for it; a worker must be running somewhere`)
    .usage('[options] [parameter=value …]')
    .argument('[parameter=value...]', 'parameters of the flow')
    .option('--tag <tag>', 'tag of the run; may be given again', (tag: string, tags: string[]) => [...tags, tag], [])
    .option('--wait', 'wait for the end; the exit status is 0 if the run completed, 1 if not', true)
    .option('--no-wait', 'start only')
    .option('--json', 'print one JSON object, last on standard output')
    .option('--run-id-file <file>', "write Metaflow's run id to a file once the run is accepted")
    .option('--params-file <file>', 'parameters as a JSON object; "-" for standard input')
    .option('--workflow-timeout <seconds>', 'end the run after this time', wholeNumber)
    .option('--max-num-splits <n>', 'fail the run at a foreach over more than so many items', wholeNumber)
    .option('--compensate-parallel <n>', 'handlers at a time within one foreach, should the run be undone', wholeNumber)
    .option('--workflow-id <id>', "Temporal's workflow id of the run, refused if it is taken (default: a new one)")
    .addHelpText('after', parameterHelp(config))
    .action(async (words: string[], _flags: unknown, command: Command) =>
      done(await handlers.trigger(words, command.optsWithGlobals())),
    );
  program
    .command('publish')
    .description('publish an event to every deployment that waits for it')
    .argument('<event>', 'name of the event')
    .argument('[key=value...]', 'fields of its payload')
    .option('--id <id>', 'id of the event: of one id each deployment takes it once (default: a new one)')
    .option('--payload-file <file>', 'payload as a JSON object; "-" for standard input')
    .option('--json', 'print one JSON object, last on standard output')
    .action(async (_event: string, _words: string[], _flags: unknown, command: Command) =>
      done(await handlers.publish(command.args, command.optsWithGlobals())),
    );
  return program;
}

function parameterHelp({ parameters }: FlowConfig): string {
  if (parameters.length === 0) return '\nThe flow has no parameters.';
  const width = Math.max(...parameters.map((p) => p.name.length));
  const lines = parameters.map((p) => {
    const rest = [
      p.type,
      p.required ? 'required' : p.default === undefined ? '' : `default ${JSON.stringify(p.default)}`,
      p.help ?? '',
    ];
    return `  ${p.name.padEnd(width)}  ${rest.filter((text) => text !== '').join(', ')}`;
  });
  return `\nParameters:\n${lines.join('\n')}`;
}
