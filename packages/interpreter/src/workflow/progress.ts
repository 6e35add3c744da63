import { compensationCounts, PROGRESS_QUERY, type Plan, type Progress } from '@mft/graph';
import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { EngineState, Phase } from '../engine/state.js';
import { compensationOf } from '../engine/undo.js';
import type { RunFacts } from './input.js';

const PHASES = {
  idle: 'starting',
  starting: 'starting',
  running: 'running',
  stopping: 'cancelling',
  compensating: 'compensating',
  ended: 'finishing',
} as const satisfies Record<Phase, Progress['phase']>;

/** Milliseconds between two renderings of what Temporal's UI shows of a running workflow. */
const DETAILS_EVERY = 1000;

/** Failed handlers that the details name. */
const FAILURES_SHOWN = 10;

/** Keeps what the query `progress` answers, and the details in Temporal's UI. */
export class ProgressBoard {
  #state: EngineState | undefined;
  #closed: Progress['phase'] | undefined;
  #shown = { phase: '', suspended: false, at: -Infinity };
  #plan: Plan | undefined;
  readonly #facts: Pick<RunFacts, 'runId' | 'workflowId'>;

  /** Answers from now on: a run can be asked before its plan is there. */
  constructor(facts: Pick<RunFacts, 'runId' | 'workflowId'>) {
    this.#facts = facts;
    setHandler(defineQuery<Progress>(PROGRESS_QUERY), () => this.progress());
  }

  show(plan: Plan): void {
    this.#plan = plan;
  }

  update(state: EngineState, now: number): void {
    this.#state = state;
    const { phase, suspended = false } = state;
    const shown = this.#shown;
    if (phase === shown.phase && suspended === shown.suspended && now - shown.at < DETAILS_EVERY) return;
    this.#shown = { phase, suspended, at: now };
    setCurrentDetails(this.#details());
  }

  /** The run is over, and Metaflow knows. */
  close(phase: 'completed' | 'failed' | 'cancelled' | 'terminated'): void {
    this.#closed = phase;
    setCurrentDetails(this.#details());
  }

  progress(): Progress {
    const state = this.#state;
    const steps: Record<string, Progress['steps'][string]> = {};
    // Every step, in the order of the graph, those not reached yet with zeroes.
    for (const name of Object.keys(this.#plan?.graph.nodes ?? {})) {
      steps[name] = state?.steps[name] ?? { total: 0, running: 0, done: 0, failed: 0 };
    }
    const compensation = state === undefined ? undefined : compensationOf(state);
    const undone = state?.undoing?.block === undefined ? [] : [`undo.${state.undoing.block.block}`];
    return {
      runId: this.#facts.runId,
      phase: this.#closed ?? PHASES[state?.phase ?? 'idle'],
      steps,
      ...(state?.suspended === true && this.#closed === undefined ? { suspended: true } : {}),
      children: [...Object.keys(state?.children ?? {}), ...undone].map((name) => `${this.#facts.workflowId}.${name}`),
      ...(compensation === undefined ? {} : { compensation }),
    };
  }

  #details(): string {
    const { phase, steps, suspended, children, compensation } = this.progress();
    const rows = Object.entries(steps)
      .filter(([, { total, running, done }]) => total + running + done > 0)
      .map(([name, { total, running, done, failed }]) => `| ${name} | ${done}/${total} | ${running} | ${failed} |`);
    const table = ['| step | done | running | failed |', '|---|---|---|---|', ...rows];
    const more = children.length === 0 ? [] : ['', `Child workflows at work: ${children.length}`];
    const undone = compensation === undefined ? [] : ['', ...undoneLines(compensation)];
    const now = suspended === true ? `${phase}, suspended` : phase;
    return [
      `**${now}** \`${this.#plan?.graph.name ?? ''}/${this.#facts.runId}\``,
      '',
      ...table,
      ...undone,
      ...more,
    ].join('\n');
  }
}

function undoneLines(compensation: NonNullable<Progress['compensation']>): readonly string[] {
  const { total, failed, unreached } = compensation;
  const counts = compensationCounts(compensation);
  const not = failed.slice(0, FAILURES_SHOWN).map(({ name, error }) => `- ${name}: ${error}`);
  return [
    `Undone: ${counts.compensated} of ${total}`,
    ...(counts.failed === 0 ? [] : ['', `Could not be undone: ${counts.failed}`, '', ...not]),
    ...(counts.unreached === 0 ? [] : ['', `Not undone yet: ${counts.unreached}, next ${unreached[0] ?? ''}`]),
  ];
}
