import { FAILURE } from '@mft/graph';
import { causesOf } from '../run/failure.js';
import type { Logger } from './logger.js';

interface Entry {
  readonly message: string;
  readonly level: string;
  readonly meta?: Readonly<Record<string | symbol, unknown>>;
}

/** Failures that the run reports itself: the SDK's own word on them would be a second one. */
const REPORTED: ReadonlySet<unknown> = new Set(Object.values(FAILURE));

/** What is decided once in a process, when Temporal's runtime is set up. */
export interface RuntimeSettings {
  /** `HOST:PORT` to serve Prometheus metrics at, the host as an address. @defaultValue no metrics */
  readonly metrics?: string;
}

/**
 * Set Temporal's runtime up for this process: its warnings go to our logger, and signals are left to us (its own handler would
 * drain workers at the first Ctrl-C). Does nothing where a runtime stands already: then somebody else has decided.
 *
 * @param logger - where warnings and errors go (default: standard error)
 * @example
 * ```ts
 * await installRuntime(consola);
 * ```
 */
export async function installRuntime(logger: Logger = stderrLogger, { metrics }: RuntimeSettings = {}): Promise<void> {
  const { DefaultLogger, Runtime } = await import('@temporalio/worker');
  if (Runtime._instance !== undefined) return;
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry) => forward(entry, logger)),
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      ...(metrics === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metrics,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
    shutdownSignals: [],
  });
}

function forward({ message, level, meta }: Entry, logger: Logger): void {
  const error = meta?.['error'];
  const workflowId = meta?.['workflowId'];
  if (message === 'Workflow failed' && typeof workflowId === 'string') return tellFailure(workflowId, error, logger);
  if (isReported(error)) return;
  const which = typeof workflowId === 'string' ? ` (workflow ${workflowId})` : '';
  const reason = causesOf(error)[0]?.message;
  say(
    logger,
    level === 'ERROR' ? 'error' : 'warn',
    `Temporal: ${message}${which}${reason === undefined ? '' : `: ${reason}`}`,
    {
      source: 'temporal',
      ...(typeof workflowId === 'string' ? { workflowId } : {}),
      ...(reason === undefined ? {} : { reason }),
    },
  );
}

function say(logger: Logger, level: 'warn' | 'error', text: string, fields: Readonly<Record<string, unknown>>): void {
  if (logger.entry !== undefined) logger.entry(level, text, fields);
  else logger[level](text);
}

function tellFailure(workflowId: string, error: unknown, logger: Logger): void {
  const reason = causesOf(error)[0]?.message ?? 'no reason given';
  if (logger.runFailed !== undefined) logger.runFailed(workflowId, reason);
  else say(logger, 'warn', `Run ${workflowId} failed: ${reason}`, { source: 'temporal', workflowId, reason });
}

/** Errors of workflows come from another realm: they are no instances of this one's `Error`. */
function isReported(error: unknown): boolean {
  return causesOf(error).some(({ name, type }) => REPORTED.has(type) || name === 'CancelledFailure');
}

const stderrLogger: Logger = {
  debug: () => undefined,
  info: (message) => void process.stderr.write(`${message}\n`),
  warn: (message) => void process.stderr.write(`warning: ${message}\n`),
  error: (message) => void process.stderr.write(`error: ${message}\n`),
};
