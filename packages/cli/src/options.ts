import { parsePair } from './argv.js';

/** Options of every command that reads a flow, as commander hands them over. All of them go on to Metaflow. */
export interface MetaflowFlags {
  readonly datastore?: string;
  readonly datastoreRoot?: string;
  readonly metadata?: string;
  readonly environment?: string;
  readonly eventLogger?: string;
  readonly monitor?: string;
  readonly packageSuffixes?: string;
  readonly branch?: string;
  readonly production?: true;
  readonly pylint?: boolean;
  readonly quiet?: true;
  readonly notQuiet?: true;
  readonly with?: readonly string[];
  readonly decospecs?: readonly string[];
  readonly config?: readonly string[];
  readonly configValue?: readonly string[];
  /** Words for the flow file's own command line, as they are: options that its decorators declare. */
  readonly metaflowOption?: readonly string[];
  /** Python to run the flow with. */
  readonly python?: string;
  /** Metaflow's namespace. */
  readonly namespace?: string;
  readonly tag?: readonly string[];
}

/** Options of every command that speaks to Temporal. */
export interface TemporalFlags {
  readonly address?: string;
  readonly temporalNamespace?: string;
  readonly profile?: string;
  readonly apiKey?: string;
  readonly tls?: boolean;
  readonly tlsCertPath?: string;
  readonly tlsKeyPath?: string;
  readonly tlsCaPath?: string;
  readonly tlsServerName?: string;
  readonly dataConverter?: string;
}

/**
 * Metaflow's top-level options, spelled for the flow file's own command line.
 *
 * @example
 * ```ts
 * metaflowOptions({ datastore: 'local', with: ['retry'] }); // ['--datastore', 'local', '--with', 'retry']
 * ```
 */
export function metaflowOptions(flags: MetaflowFlags): string[] {
  const options: string[] = [];
  const single = [
    ['--datastore', flags.datastore],
    ['--datastore-root', flags.datastoreRoot],
    ['--metadata', flags.metadata],
    ['--environment', flags.environment],
    ['--event-logger', flags.eventLogger],
    ['--monitor', flags.monitor],
    ['--package-suffixes', flags.packageSuffixes],
    ['--branch', flags.branch],
  ] as const;
  for (const [name, value] of single) if (value !== undefined) options.push(name, value);
  if (flags.production) options.push('--production');
  if (flags.pylint !== undefined) options.push(flags.pylint ? '--pylint' : '--no-pylint');
  if (flags.quiet) options.push('--quiet');
  if (flags.notQuiet) options.push('--not-quiet');
  for (const decorator of [...(flags.with ?? []), ...(flags.decospecs ?? [])]) options.push('--with', decorator);
  for (const word of flags.config ?? []) options.push('--config', ...parsePair(word));
  for (const word of flags.configValue ?? []) options.push('--config-value', ...parsePair(word));
  options.push(...(flags.metaflowOption ?? []));
  return options;
}
