import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** A place to print to. `process.stdout` and `process.stderr` fit. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * Colours for a stream: on a terminal, unless `NO_COLOR` is set (to anything but the empty string) or `TERM` is `dumb`;
 * `FORCE_COLOR` turns them on elsewhere.
 */
export function colorsFor(stream: OutputStream, env: NodeJS.ProcessEnv = process.env): Colors {
  const no = (env['NO_COLOR'] ?? '') !== '';
  const force = !['', '0', 'false'].includes(env['FORCE_COLOR'] ?? '');
  return pc.createColors(!no && (force || (stream.isTTY === true && env['TERM'] !== 'dumb')));
}

/**
 * A duration as a person writes it.
 *
 * @param ms - milliseconds
 * @example
 * ```ts
 * formatDuration(950); // '0.9s'
 * formatDuration(83_000); // '1m 23s'
 * ```
 */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}h ${m}m` : `${m}m ${s}s`;
}

/** `1 task`, `2 tasks`. */
export function tasks(count: number): string {
  return `${count} ${count === 1 ? 'task' : 'tasks'}`;
}
