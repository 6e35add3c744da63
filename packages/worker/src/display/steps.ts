import type { FlowGraph, Progress, StepProgress } from '@mft/graph';

/** What a display shows of one step. */
export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';

/** One row of a display. Times are milliseconds. */
export interface StepRow {
  readonly name: string;
  readonly state: StepState;
  readonly counts: StepProgress;
  /** From the first task's beginning to the last one's end, or to now. */
  readonly elapsed: number | undefined;
}

const NONE: StepProgress = { total: 0, running: 0, done: 0, failed: 0 };
const TERMINAL: readonly Progress['phase'][] = ['finishing', 'completed', 'failed', 'cancelled', 'terminated'];

/** Whether a run does nothing more but to end. */
export function isOver({ phase }: Pick<Progress, 'phase'>): boolean {
  return TERMINAL.includes(phase);
}

/**
 * Rows of a display, in the order in which a run comes to the steps.
 *
 * D1. A step is done only when nothing before it can bring it another task: a count that is momentarily full is not the end.
 * D2. A step that was never reached is skipped once the run is over, and waiting before that.
 *
 * @param now - milliseconds since the epoch, the end of what still runs
 */
export function stepRows(graph: FlowGraph, progress: Progress, now: number): StepRow[] {
  const over = isOver(progress);
  const countsOf = (name: string): StepProgress => progress.steps[name] ?? NONE;
  const ancestors = ancestorsOf(graph);
  return stepOrder(graph).map((name) => {
    const counts = countsOf(name);
    const settled = over || ![name, ...(ancestors.get(name) ?? [])].some((step) => isActive(countsOf(step)));
    return { name, counts, state: stateOf(counts, settled, over), elapsed: elapsedOf(counts, settled, now) };
  });
}

function stateOf(counts: StepProgress, settled: boolean, over: boolean): StepState {
  if (counts.failed > 0 && counts.running === 0) return 'failed';
  if (counts.total === 0) return over ? 'skipped' : 'waiting';
  return settled ? (over && counts.done < counts.total ? 'skipped' : 'done') : 'running';
}

function isActive({ total, running, done, failed }: StepProgress): boolean {
  return running > 0 || done + failed < total;
}

function elapsedOf({ started, ended, running }: StepProgress, settled: boolean, now: number): number | undefined {
  if (started === undefined) return undefined;
  const end = running > 0 && !settled ? now : (ended ?? now);
  return Math.max(0, end - started);
}

/**
 * Steps in topological order, loops ignored. Not taken from the order of `nodes`, which is lost where a config was brought into
 * canonical form.
 */
export function stepOrder(graph: FlowGraph): string[] {
  const visited = new Set<string>();
  const order: string[] = [];
  const visit = (name: string): void => {
    if (visited.has(name) || graph.nodes[name] === undefined) return;
    visited.add(name);
    for (const next of graph.nodes[name].next.toReversed()) visit(next);
    order.unshift(name);
  };
  visit(graph.start);
  return order;
}

const known = new WeakMap<FlowGraph, ReadonlyMap<string, ReadonlySet<string>>>();

/** Of every step, the steps from which a walk can come to it, itself left out. */
function ancestorsOf(graph: FlowGraph): ReadonlyMap<string, ReadonlySet<string>> {
  const cached = known.get(graph);
  if (cached !== undefined) return cached;
  const ancestors = new Map(Object.keys(graph.nodes).map((name) => [name, new Set<string>()]));
  for (let changed = true; changed;) {
    changed = false;
    for (const [name, node] of Object.entries(graph.nodes)) {
      for (const next of node.next) {
        const set = ancestors.get(next);
        if (set === undefined || next === name) continue;
        const before = set.size;
        set.add(name);
        for (const a of ancestors.get(name) ?? []) if (a !== next) set.add(a);
        changed ||= set.size > before;
      }
    }
  }
  known.set(graph, ancestors);
  return ancestors;
}
