import { readFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import { foldPairs } from './argv.js';
import type { Handler, OutputStream } from './context.js';
import { createPrinter } from './print.js';
import { createProgram } from './program.js';
import { usageError } from './usage.js';

/** Where {@link main} prints and what it reads. */
export interface World {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Each command lies in a file of its own, loaded when it is called: `mft --help` loads none. */
const HANDLERS: Readonly<Record<string, (() => Promise<Handler<never>>) | undefined>> = {
  run: async () => (await import('./commands/run.js')).run,
  create: async () => (await import('./commands/create.js')).create,
  serve: async () => (await import('./commands/serve.js')).serve,
  graph: async () => (await import('./commands/graph.js')).graph,
  server: async () => (await import('./commands/server.js')).server,
  trigger: async () => (await import('./commands/trigger.js')).trigger,
  publish: async () => (await import('./commands/publish.js')).publish,
  resume: async () => (await import('./commands/resume.js')).resume,
  list: async () => (await import('./commands/list.js')).list,
  show: async () => (await import('./commands/show.js')).show,
  runs: async () => (await import('./commands/runs.js')).runs,
  status: async () => (await import('./commands/status.js')).status,
  logs: async () => (await import('./commands/logs.js')).logs,
  cancel: async () => (await import('./commands/cancel.js')).cancel,
  terminate: async () => (await import('./commands/terminate.js')).terminate,
  suspend: async () => (await import('./commands/suspend.js')).suspend,
  unsuspend: async () => (await import('./commands/suspend.js')).unsuspend,
  'schedule list': async () => (await import('./commands/schedule/show.js')).list,
  'schedule show': async () => (await import('./commands/schedule/show.js')).show,
  'schedule pause': async () => (await import('./commands/schedule/change.js')).pause,
  'schedule unpause': async () => (await import('./commands/schedule/change.js')).unpause,
  'schedule trigger': async () => (await import('./commands/schedule/start.js')).trigger,
  'schedule backfill': async () => (await import('./commands/schedule/start.js')).backfill,
  'schedule delete': async () => (await import('./commands/schedule/change.js')).remove,
  delete: async () => (await import('./commands/delete.js')).remove,
};

/** What `--json` prints in any case for the commands that start a run. */
const STARTS = ['run', 'trigger', 'resume'];
const RUN_FIELDS = { status: 'failed', pathspec: null, runId: null, workflowId: null };

/**
 * Run one command line.
 *
 * @param argv - words after `mft`
 * @param onReady - called when the command is at work
 * @returns the exit status: 0, 1 where a run or the machine failed, 2 for bad usage
 *
 * @example
 * ```ts
 * process.exitCode = await main(['graph', 'my_flow.py'], process);
 * ```
 */
export async function main(
  argv: readonly string[],
  world: World,
  onReady: () => void = () => undefined,
): Promise<number> {
  const { stdout, stderr, env } = world;
  const { version, bugs } = await ownPackage();
  // Options may stand before the command, and their values with them: an error of theirs is still an answer of the command.
  const name = commandOf(argv);
  const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const printer = createPrinter({
    stdout,
    stderr,
    env,
    json: options.includes('--json'),
    jsonLog: /--log-format[= ]json/.test(options.join(' ')),
    debug: options.includes('--debug'),
    errorFields: STARTS.includes(name ?? '') ? RUN_FIELDS : undefined,
    tracker: bugs?.url,
  });
  let exitCode = 0;
  const program = createProgram(async (command, words, flags) => {
    const load = HANDLERS[command];
    if (load === undefined) throw new Error(`The command ${command} is declared, but nothing handles it.`);
    // What commander parsed by a command's declarations is what its handler takes.
    const handler = (await load()) as Handler<Record<string, unknown>>;
    const context = { env, screen: printer.screen, notice: printer, warn: printer.warn, show: printer.result };
    const working = handler(words, flags, context);
    // A command that answers to signals does so by now.
    onReady();
    const result = await working;
    if (result !== undefined) printer.result(result);
    if (result?.last !== undefined) printer.warn(result.last);
    exitCode = result?.exitCode ?? 0;
  }, version);
  // Help is a result, and goes to stdout; what commander says of errors is said by the printer instead.
  program.exitOverride().configureOutput({ writeOut: (text) => stdout.write(text), writeErr: () => undefined });
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  for (const command of commands) command.exitOverride().configureOutput(program.configureOutput());
  try {
    if (argv.length === 0) stdout.write(program.helpInformation() + '\n');
    else await program.parseAsync(foldPairs(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return printer.error(error);
    return error.exitCode === 0 ? 0 : printer.error(usageError(error, name));
  }
}

function commandOf(argv: readonly string[]): string | undefined {
  const names = ['schedule', ...Object.keys(HANDLERS)];
  const at = argv.findIndex((word) => names.includes(word));
  const [first, second] = [argv[at], argv[at + 1]];
  if (first !== 'schedule') return first ?? argv.find((word) => !word.startsWith('-'));
  return Object.hasOwn(HANDLERS, `schedule ${second}`) ? `schedule ${second}` : first;
}

async function ownPackage(): Promise<{ version: string; bugs?: { url?: string } }> {
  return JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
}
