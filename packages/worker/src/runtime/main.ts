import { CommanderError } from 'commander';
import { DEPLOYMENT, type Deployment } from './deployment.js';
import { createProgram } from './program.js';
import { failureOf, logLineOf, reportError } from './report.js';
import { locateSdk, sdkPlaces, type Sdk } from './sdk.js';

/*
 * Entry of a generated worker file: everything of ours is bundled behind it, Temporal's SDK is sought when first needed.
 *
 * M1. Commands load what they need and no more: `trigger` never loads `@temporalio/worker`.
 * M2. This is the one place that sets the exit status.
 */

const { [DEPLOYMENT]: deployment } = globalThis as unknown as { [DEPLOYMENT]: Deployment };

let sdk: Sdk | undefined;
/** Every import of `@temporalio/…` in the bundle ends here. */
(globalThis as { __mftRequire?: (id: string) => unknown }).__mftRequire = (id) => {
  sdk ??= locateSdk(
    deployment.versions.temporal,
    sdkPlaces(deployment.file, deployment.sdk, process.env, process.cwd()),
  );
  return sdk.require(id) as unknown;
};

const argv = process.argv.slice(2);
const program = createProgram(
  deployment,
  {
    work: async (flags) => (await import('./worker-command.js')).work(deployment, flags),
    trigger: async (words, flags) => (await import('./trigger-command.js')).trigger(deployment, words, flags),
    publish: async (words, flags) => (await import('./publish-command.js')).publish(words, flags),
  },
  (status) => (process.exitCode = status),
);
try {
  await program.parseAsync(argv, { from: 'user' });
} catch (error) {
  const usage = error instanceof CommanderError;
  const lines = /--log-format[= ]json/.test(argv.join(' '));
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  const status = usage
    ? error.exitCode === 0
      ? 0
      : 2
    : reportError(error, argv.includes('--debug'), lines ? () => undefined : tell);
  if (lines && !usage) tell(logLineOf(error));
  // `trigger` and `publish` take --json; options may stand before the command's name.
  if (status !== 0 && argv.includes('--json')) process.stdout.write(`${JSON.stringify(failureOf(error))}\n`);
  // Not left to the event loop: a worker that could not start may hold native handles that nothing closes.
  process.exit(status);
}
