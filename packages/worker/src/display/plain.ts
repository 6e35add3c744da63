import { formatDuration, tasks, type Colors } from './format.js';
import type { StepRow, StepState } from './steps.js';

/**
 * Lines for a log: one when a step starts, one when it is over, however often it is looked at.
 *
 * @param seen - state of each step when last looked at; brought up to date by the call
 */
export function plainLines(rows: readonly StepRow[], seen: Map<string, StepState>, colors: Colors): string[] {
  const lines: string[] = [];
  for (const row of rows) {
    const before = seen.get(row.name) ?? 'waiting';
    seen.set(row.name, row.state);
    if (before === row.state || before === 'done' || before === 'failed') continue;
    const line = lineOf(row, colors);
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

function lineOf({ name, state, counts, elapsed }: StepRow, colors: Colors): string | undefined {
  const time = elapsed === undefined ? '' : ` in ${formatDuration(elapsed)}`;
  switch (state) {
    case 'running':
      return `${name}: started`;
    case 'done':
      return colors.green(`${name}: done, ${tasks(counts.done)}${time}`);
    case 'failed':
      return colors.red(`${name}: failed, ${counts.failed} of ${tasks(counts.total)}${time}`);
    case 'skipped':
      return counts.total === 0 ? undefined : `${name}: stopped, ${counts.done} of ${tasks(counts.total)} done`;
    case 'waiting':
      return undefined;
  }
}
