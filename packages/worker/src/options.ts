import { InvalidArgumentError, Option } from 'commander';
import { megabytesOf } from './quantity.js';

/*
 * The options of a process that runs tasks, declared once for `node FILE` and for `mft serve`. Nothing but commander is loaded here that takes time.
 */

/** What {@link workerOptions} leaves in a command's options. */
export interface WorkerProcessFlags {
  /** Tasks at a time. */
  readonly maxWorkers?: number;
  /** MB. */
  readonly memory?: number;
  /** From 0 to 1. */
  readonly targetMemory?: number;
  readonly targetCpu?: number;
  readonly maxCachedWorkflows?: number;
  /** Seconds. */
  readonly grace?: number;
  readonly python?: string;
  readonly mode?: 'auto' | 'fork' | 'spawn';
  readonly preload?: readonly string[];
  /** `PORT` or `HOST:PORT` of Prometheus metrics. */
  readonly metricsPort?: string;
  /** `PORT` or `HOST:PORT` of the health checks. */
  readonly healthPort?: string;
  readonly logFormat?: 'text' | 'json';
}

/**
 * Options of a process that runs tasks, for commander.
 *
 * @example
 * ```ts
 * const command = new Command('serve');
 * for (const option of workerOptions()) command.addOption(option);
 * ```
 */
export function workerOptions(): Option[] {
  return [
    new Option('--max-workers <n>', 'tasks at a time (default: by cores and memory)').argParser(wholeNumber),
    new Option('--memory <amount>', 'memory that tasks with @resources share, as 16GB (default: 80 %)').argParser(
      megabytes,
    ),
    new Option('--target-memory <share>', 'take tasks only while the machine is below, 0 to 1').argParser(share),
    new Option('--target-cpu <share>', 'the same of its processors').argParser(share),
    new Option('--max-cached-workflows <n>', 'runs kept in memory between their events').argParser(wholeNumber),
    new Option('--grace <seconds>', 'time that running tasks get when the worker is stopped')
      .argParser(seconds)
      .default(30),
    new Option('--python <path>', 'Python with Metaflow (METAFLOW_PYTHON, else the active environment, else python3)'),
    new Option('--mode <mode>', 'how tasks start').choices(['auto', 'fork', 'spawn']),
    preloadOption(),
    new Option('--prometheus-port, --metrics-port <port>', 'serve metrics to Prometheus: PORT or HOST:PORT'),
    new Option('--health-port <port>', 'answer /health and /ready: PORT or HOST:PORT'),
    new Option('--log-format <format>', 'text, or one JSON object a line').choices(['text', 'json']).default('text'),
  ];
}

/**
 * What a worker may take of its machine, as the settings of `createMetaflowWorker` and `serveDeployments` name it.
 *
 * @example
 * ```ts
 * capacityOf({ maxWorkers: 8, targetCpu: 0.9 }); // { maxWorkers: 8, targets: { cpu: 0.9 }, … }
 * ```
 */
export function capacityOf({ maxWorkers, memory, targetMemory, targetCpu, maxCachedWorkflows }: WorkerProcessFlags): {
  readonly maxWorkers: number | undefined;
  readonly memory: number | undefined;
  readonly targets: { readonly memory: number | undefined; readonly cpu: number | undefined } | undefined;
  readonly temporal: { readonly maxCachedWorkflows: number } | undefined;
} {
  const given = targetMemory !== undefined || targetCpu !== undefined;
  return {
    maxWorkers,
    memory,
    targets: given ? { memory: targetMemory, cpu: targetCpu } : undefined,
    temporal: maxCachedWorkflows === undefined ? undefined : { maxCachedWorkflows },
  };
}

/** The option of every command that says how tasks are prepared: of workers, and of those that deploy or run a flow. */
export function preloadOption(): Option {
  const text = 'Python modules to import once for all tasks, separated by commas; auto: what the flow imports';
  return new Option('--preload <modules>', text).argParser(moduleNames);
}

/** The option of every command that speaks to Temporal, beside those of the connection. */
export function dataConverterOption(): Option {
  return new Option('--data-converter <module>', 'module whose payload codecs encrypt all data (MFT_DATA_CONVERTER)');
}

/** Reads a whole number from 1. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('A whole number, 1 or more, is needed.');
  return Number(text);
}

function megabytes(text: string): number {
  const amount = megabytesOf(text);
  if (amount === undefined) throw new InvalidArgumentError('An amount with its unit is needed, such as 16GB or 512MB.');
  return amount;
}

function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('A number above 0 and up to 1 is needed.');
}

function seconds(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('A number of seconds is needed.');
  return Number(text);
}

function moduleNames(text: string): string[] {
  const names = text.split(',').map((word) => word.trim());
  const bad = names.find((name) => name !== '' && !/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(name));
  if (bad !== undefined) throw new InvalidArgumentError(`"${bad}" is no name of a Python module.`);
  return names.filter((name) => name !== '');
}
