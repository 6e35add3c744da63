import { formatDuration, type Colors } from './format.js';
import type { StepRow } from './steps.js';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * The live table: a row a step, the columns aligned. Where the terminal is too low, steps that wait or are long done make room.
 *
 * @param frame - counts up; turns the spinner
 * @param height - rows that may be used, at least 3
 */
export function liveTable(rows: readonly StepRow[], frame: number, height: number, colors: Colors): string {
  const shown = choose(rows, Math.max(3, height));
  const width = Math.max(...shown.map((row) => row.name.length));
  const countWidth = Math.max(...shown.map((row) => countOf(row).length));
  const lines = shown.map((row) => {
    const { running, failed } = row.counts;
    const cells = [
      `${markOf(row, frame, colors)} ${row.name.padEnd(width)}`,
      countOf(row).padStart(countWidth),
      row.elapsed === undefined ? '' : colors.dim(formatDuration(row.elapsed).padStart(6)),
      running > 0 ? colors.cyan(`${running} running`) : '',
      failed > 0 ? colors.red(`${failed} failed`) : '',
    ];
    const line = cells.filter((cell) => cell.trim() !== '').join('  ');
    return row.state === 'waiting' || row.state === 'skipped' ? colors.dim(line) : line;
  });
  const hidden = rows.length - shown.length;
  return [...lines, ...(hidden > 0 ? [colors.dim(`  … ${hidden} more steps`)] : [])].join('\n');
}

function countOf({ counts, state }: StepRow): string {
  return state === 'waiting' ? '' : state === 'skipped' && counts.total === 0 ? '–' : `${counts.done}/${counts.total}`;
}

function markOf(row: StepRow, frame: number, colors: Colors): string {
  switch (row.state) {
    case 'done':
      return colors.green('✔');
    case 'failed':
      return colors.red('✖');
    case 'running':
      return colors.cyan(SPINNER[frame % SPINNER.length] ?? '·');
    case 'waiting':
    case 'skipped':
      return '·';
  }
}

/** Failed and running steps first, then the latest done, then the next to come; in the graph's order. */
function choose(rows: readonly StepRow[], height: number): readonly StepRow[] {
  if (rows.length <= height) return rows;
  const rank = { failed: 0, running: 1, done: 2, waiting: 3, skipped: 4 } as const;
  const order = rows
    .map((row, i) => ({ row, i }))
    .sort((a, b) => rank[a.row.state] - rank[b.row.state] || (a.row.state === 'done' ? b.i - a.i : a.i - b.i));
  const kept = new Set(order.slice(0, height - 1).map(({ row }) => row));
  return rows.filter((row) => kept.has(row));
}
