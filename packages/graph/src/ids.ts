/**
 * Ids are computed, never handed out: two workers, a replay or a retry all arrive at the same one.
 *
 * I1. A run id is `temporal-` and the workflow id with everything outside `[A-Za-z0-9._-]` escaped one-to-one (Metaflow's
 *     `compress_list` refuses `:` and `,` in input paths).
 * I2. A task id names step, foreach indices and visit; an attempt never enters it.
 * I3. Neither is ever a number only, which Metaflow reserves for its service.
 */

/** Where a task stands: its step, the foreach indices around it, and how often a loop came by (0 the first time). */
export interface TaskCoordinates {
  readonly step: string;
  readonly index: readonly number[];
  readonly visit: number;
}

// Characters to escape, and any `_` that could be taken for the beginning of an escape.
const TO_ESCAPE = /[^A-Za-z0-9._-]|_(?=x[0-9a-f]+(?:_|[^A-Za-z0-9._-]))/gu;

/**
 * The Metaflow run id of a Temporal workflow id: `:` becomes `_x3a_`, and so on.
 *
 * @example
 * ```ts
 * runIdOf('HelloFlow-x7k2'); // 'temporal-HelloFlow-x7k2'
 * runIdOf('Hello:2026');     // 'temporal-Hello_x3a_2026'
 * ```
 */
export function runIdOf(workflowId: string): string {
  return 'temporal-' + workflowId.replace(TO_ESCAPE, (c) => `_x${(c.codePointAt(0) ?? 0).toString(16)}_`);
}

/**
 * The Temporal workflow id of a Metaflow run id: the inverse of {@link runIdOf}. Undefined for a run that is not one of ours.
 *
 * @example
 * ```ts
 * workflowIdOf('temporal-Hello_x3a_2026'); // 'Hello:2026'
 * workflowIdOf('1718'); // undefined
 * ```
 */
export function workflowIdOf(runId: string): string | undefined {
  const escaped = /^temporal-(.+)$/su.exec(runId)?.[1];
  return escaped?.replace(/_x([0-9a-f]+)_/gu, (_, code: string) => {
    const point = parseInt(code, 16);
    return point > 0x10_ff_ff ? _ : String.fromCodePoint(point);
  });
}

/**
 * The Metaflow task id of a task.
 *
 * @example
 * ```ts
 * taskIdOf({ step: 'train', index: [], visit: 0 });     // 'temporal-train-0'
 * taskIdOf({ step: 'train', index: [3, 1], visit: 0 }); // 'temporal-train-3_1-0'
 * ```
 */
export function taskIdOf({ step, index, visit }: TaskCoordinates): string {
  return index.length === 0 ? `temporal-${step}-${visit}` : `temporal-${step}-${index.join('_')}-${visit}`;
}

/**
 * What {@link taskIdOf} made an id of; undefined for a task that is not one of ours (the mappers of `num_parallel`, a resumed task).
 *
 * @example
 * ```ts
 * coordinatesOf('train', 'temporal-train-3_1-0'); // { step: 'train', index: [3, 1], visit: 0 }
 * ```
 */
export function coordinatesOf(step: string, taskId: string): TaskCoordinates | undefined {
  const prefix = `temporal-${step}-`;
  if (!taskId.startsWith(prefix)) return undefined;
  const [, index, visit] = /^(?:(\d+(?:_\d+)*)-)?(\d+)$/.exec(taskId.slice(prefix.length)) ?? [];
  if (visit === undefined) return undefined;
  return { step, index: index === undefined ? [] : index.split('_').map(Number), visit: Number(visit) };
}

/** The step that Metaflow keeps a run's parameters in. */
export const PARAMETERS_STEP = '_parameters';

/** Task id of a run's `_parameters` task. */
export const PARAMETERS_TASK_ID = taskIdOf({ step: PARAMETERS_STEP, index: [], visit: 0 });

/**
 * The name a person reads in logs, summaries and progress: `train`, `train[3]`, `train[3,1]`, `loop#4`.
 *
 * @param taskId - of a task that the control task at these coordinates started: `train[0]_node_1`
 * @example
 * ```ts
 * taskLabel({ step: 'train', index: [3], visit: 0 }); // 'train[3]'
 * ```
 */
export function taskLabel(task: TaskCoordinates, taskId?: string): string {
  const { step, index, visit } = task;
  const label = step + (index.length === 0 ? '' : `[${index.join(',')}]`) + (visit === 0 ? '' : `#${visit}`);
  if (taskId === undefined) return label;
  const own = taskIdOf(task);
  return taskId.startsWith(own) ? label + taskId.slice(own.length) : `${label} ${taskId}`;
}
