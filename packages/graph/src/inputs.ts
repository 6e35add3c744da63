import { taskIdOf } from './ids.js';

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
  /** Tasks by id, as a control task of `@parallel` names its siblings. */
  | { readonly step: string; readonly taskIds: readonly string[] };

/**
 * Spell inputs out as Metaflow's input paths, `run/step/task`.
 *
 * @example
 * ```ts
 * inputPaths('temporal-F-1', [{ step: 'train', index: [], visit: 0, from: 0, to: 2 }]);
 * // ['temporal-F-1/train/temporal-train-0-0', 'temporal-F-1/train/temporal-train-1-0']
 * ```
 */
export function inputPaths(runId: string, inputs: readonly InputRun[]): string[] {
  const paths: string[] = [];
  for (const run of inputs) {
    const prefix = `${runId}/${run.step}/`;
    if ('taskIds' in run) {
      for (const id of run.taskIds) paths.push(prefix + id);
    } else if ('from' in run) {
      for (let i = run.from; i < run.to; i++) paths.push(prefix + taskIdOf({ ...run, index: [...run.index, i] }));
    } else {
      paths.push(prefix + taskIdOf(run));
    }
  }
  return paths;
}
