import { taskIdOf, type TaskCoordinates } from './ids.js';
import { unpackOrder } from './order.js';

/**
 * Inputs of a task, small however many there are: the join of 100,000 tasks is a handful of runs of equal last steps.
 * Order matters and is the order that the step sees: branches as in `self.next`, foreach by index.
 */
export type InputRun =
  /** One task. */
  | { readonly step: string; readonly index: readonly number[]; readonly visit: number }
  /** Tasks `index + [from] … index + [to - 1]` of one step, all of the same visit. */
  | {
      readonly step: string;
      readonly index: readonly number[];
      readonly visit: number;
      readonly from: number;
      readonly to: number;
    }
  /**
   * Tasks `index + [from] … index + [to - 1]` that are of many steps or visits, in no regular order: `order` says of each which of `kinds` it
   * is, as `unpackOrder` reads it.
   */
  | {
      readonly index: readonly number[];
      readonly from: number;
      readonly to: number;
      readonly kinds: readonly (readonly [step: string, visit: number])[];
      readonly order: string;
    }
  /** Tasks by id, as a control task of `@parallel` names its siblings. */
  | { readonly step: string; readonly taskIds: readonly string[] };

/**
 * Spell inputs out as Metaflow's input paths, `run/step/task`.
 *
 * @throws Error where a packed order cannot be read: a defect of who wrote it
 * @example
 * ```ts
 * inputPaths('temporal-F-1', [{ step: 'train', index: [], visit: 0, from: 0, to: 2 }]);
 * // ['temporal-F-1/train/temporal-train-0-0', 'temporal-F-1/train/temporal-train-1-0']
 * ```
 */
export function inputPaths(runId: string, inputs: readonly InputRun[]): string[] {
  const paths: string[] = [];
  const range = ({ step, index, visit }: TaskCoordinates, from: number, to: number): void => {
    for (let i = from; i < to; i++) paths.push(`${runId}/${step}/${taskIdOf({ step, index: [...index, i], visit })}`);
  };
  for (const run of inputs) {
    if ('taskIds' in run) {
      for (const id of run.taskIds) paths.push(`${runId}/${run.step}/${id}`);
    } else if ('kinds' in run) {
      let from = run.from;
      for (const [kind, count] of unpackOrder(run.order)) {
        const [step, visit] = run.kinds[kind] ?? broken();
        range({ step, index: run.index, visit }, from, from + count);
        from += count;
      }
    } else if ('from' in run) {
      range(run, run.from, run.to);
    } else {
      paths.push(`${runId}/${run.step}/${taskIdOf(run)}`);
    }
  }
  return paths;
}

function broken(): never {
  throw new Error('The inputs of a task cannot be read: their order names a step that is not listed.');
}
