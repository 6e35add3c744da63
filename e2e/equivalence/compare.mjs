/*
 * Compares two snapshots (snapshot.py) of one flow, and says in what they differ.
 *
 * C1. Every task of one side has exactly one of the other, by key.
 * C2. Values of public artifacts are equal as they are, or equal once ids are replaced by keys.
 * C3. Of a run that failed only what cannot depend on timing is compared: what both sides have, and the tasks that failed.
 */

/**
 * @typedef {{ raw: unknown, plain: unknown }} Spelled
 * @typedef {{ artifacts: Record<string, Spelled>, successful: boolean, finished: boolean, exception: { type: string, message: string } | null,
 *   stdout: string[], stderr: string[], tags: string[], parents: string[] | null, children: string[] | null,
 *   metadata: Record<string, unknown>, index: number | null, attempt: number, attempts: unknown[], loglines: unknown,
 *   environment: unknown, code: unknown, cards: unknown, times: boolean, control: string, taskId: string,
 *   origin: [string, string | null] | null }} TaskSnapshot
 * @typedef {{ runId: string, successful: boolean, finished: boolean, tags: string[], userTags: string[], endTask: string | null, code: unknown, originRunId: string | null,
 *   repeated: string[], tasks: Record<string, TaskSnapshot> }} RunSnapshot
 * @typedef {{ status: number, snapshot: RunSnapshot | undefined, output: string }} Side
 */

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** @param {unknown} value */
function short(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/**
 * @param {string} what
 * @param {unknown} a
 * @param {unknown} b
 * @returns {string[]}
 */
const differ = (what, a, b) => (same(a, b) ? [] : [`${what}: metaflow ${short(a)}, mft ${short(b)}`]);

/** @param {string[]} lines */
const filled = (lines) => lines.map((line) => line.trimEnd()).filter((line) => line !== '');

/**
 * Differences of one task.
 *
 * @param {string} key
 * @param {TaskSnapshot} a
 * @param {TaskSnapshot} b
 * @param {boolean} failing the run failed: relations to tasks that may not have run are left out
 * @param {boolean} [late] the code package was saved while the run went on
 * @returns {string[]}
 */
export function compareTask(key, a, b, failing, late = false) {
  const found = [];
  for (const name of [...new Set([...Object.keys(a.artifacts), ...Object.keys(b.artifacts)])].sort()) {
    const [x, y] = [a.artifacts[name], b.artifacts[name]];
    if (x && y && (same(x.raw, y.raw) || same(x.plain, y.plain))) continue;
    found.push(`${key}.${name}: metaflow ${short(x?.plain)}, mft ${short(y?.plain)}`);
  }
  found.push(...differ(`${key} successful`, a.successful, b.successful));
  found.push(...differ(`${key} finished`, a.finished, b.finished));
  found.push(...differ(`${key} exception`, a.exception, b.exception));
  found.push(...differ(`${key} stdout`, filled(a.stdout), filled(b.stdout)));
  found.push(...differ(`${key} stderr`, filled(a.stderr), filled(b.stderr)));
  found.push(...differ(`${key} tags`, a.tags, b.tags));
  found.push(...differ(`${key} index`, a.index, b.index));
  found.push(...differ(`${key} metadata`, a.metadata, b.metadata));
  found.push(...differ(`${key} loglines`, a.loglines, b.loglines));
  found.push(...differ(`${key} cards`, a.cards, b.cards));
  if (!late || (a.code && b.code))
    found.push(...differ(`${key} code`, a.code, b.code), ...differ(`${key} environment`, a.environment, b.environment));
  found.push(...differ(`${key} times`, a.times, b.times));
  if (!failing) {
    found.push(...differ(`${key} attempt`, a.attempt, b.attempt));
    found.push(...differ(`${key} attempts`, a.attempts, b.attempts));
    found.push(...differ(`${key} parents`, a.parents, b.parents));
    found.push(...differ(`${key} children`, a.children, b.children));
  }
  return found;
}

/** @param {RunSnapshot} run */
function failedTasks(run) {
  return Object.keys(run.tasks).filter((key) => !run.tasks[key]?.finished);
}

/**
 * All differences between a run under `metaflow run` and one under `mft run`; none if they are equivalent.
 *
 * @param {Side} metaflow
 * @param {Side} mft
 * @returns {string[]}
 */
export function compareRuns(metaflow, mft) {
  const found = differ('exit status', metaflow.status, mft.status);
  const [a, b] = [metaflow.snapshot, mft.snapshot];
  if (!a || !b)
    return [...found, `no snapshot of ${a ? 'mft' : 'metaflow'}: ${(a ? mft : metaflow).output.slice(-1500)}`];
  found.push(
    ...differ('Run.successful', a.successful, b.successful),
    ...differ('Run.finished', a.finished, b.finished),
  );
  found.push(...differ('run tags', a.tags, b.tags), ...differ('user tags', a.userTags, b.userTags));
  found.push(...differ('Run.end_task', a.endTask, b.endTask));
  // Metaflow saves the package while the first tasks run: which of them know it already is chance.
  const late = [a, b].every((run) => Object.values(run.tasks).some((task) => task.code));
  if (!late || (a.code && b.code)) found.push(...differ('Run.code', a.code, b.code));
  found.push(...differ('Run.origin_run_id', a.originRunId, b.originRunId));
  for (const side of [a, b])
    if (side.repeated.length > 0) found.push(`tasks that ran twice in ${side.runId}: ${side.repeated}`);
  const failing = metaflow.status !== 0;
  if (failing) found.push(...differ('failed tasks', failedTasks(a).sort(), failedTasks(b).sort()));
  for (const key of [...new Set([...Object.keys(a.tasks), ...Object.keys(b.tasks)])].sort()) {
    const [x, y] = [a.tasks[key], b.tasks[key]];
    if (x && y) found.push(...compareTask(key, x, y, failing, late));
    else if (!failing) found.push(`task ${key} only under ${x ? 'metaflow' : 'mft'}`);
  }
  return found;
}
