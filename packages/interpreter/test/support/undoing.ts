import type { Trace } from './trace.js';

/** What a handler did in a simulation: the order in which they were begun, and what was wrong with that. */
export class UndoJournal {
  /** Ids in the order in which their handlers were begun. */
  readonly begun: string[] = [];
  readonly violations: string[] = [];
  /** Most handlers that ran at a time. */
  peak = 0;
  readonly #running = new Set<string>();
  readonly #parallel: number;
  readonly #started: Trace['started'];
  /** By id of a task, the workflow that ran it. */
  readonly #home: ReadonlyMap<string, string>;

  constructor(parallel: number, started: Trace['started'], home: ReadonlyMap<string, string>) {
    this.#parallel = parallel;
    this.#started = started;
    this.#home = home;
  }

  begin(id: string): void {
    if (this.begun.includes(id)) this.violations.push(`E9 ${id} undone twice`);
    for (const other of this.#running) {
      if (this.#home.get(id) !== this.#home.get(other))
        this.violations.push(`U1 ${id} beside ${other} of another block`);
      if (this.#ledTo(id, other) || this.#ledTo(other, id))
        this.violations.push(`U1 ${id} beside ${other}, which it led to`);
    }
    this.begun.push(id);
    this.#running.add(id);
    this.peak = Math.max(this.peak, this.#running.size);
    if (this.#running.size > this.#parallel) this.violations.push(`U1 ${this.#running.size} handlers at a time`);
  }

  end(id: string): void {
    this.#running.delete(id);
  }

  /** Whether the first task is among those that had to complete before the second one began. */
  #ledTo(first: string, second: string): boolean {
    const control = controlOf(first);
    const seen = new Set<string>();
    const queue = [second];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      for (const path of this.#started.get(id)?.inputs ?? []) {
        const before = controlOf(path.slice(path.indexOf('/') + 1));
        if (before === control) return true;
        if (!seen.has(before)) queue.push(before);
        seen.add(before);
      }
    }
    return false;
  }
}

/** A task that a control task started has no place of its own in the plan. */
export function controlOf(id: string): string {
  return id.replace(/_node_\d+$/, '');
}
