#!/usr/bin/env node
/*
 * node e2e/bench/events.mjs [--latency 200] [--restart 100] [--burst 1000] [--deployments 1]
 *
 * Measures events against a server of its own (database on disk), with real Metaflow and one worker file:
 *   latency  so many events, one after the other, worker warm: from the call that publishes to the start of the run (its first workflow
 *            task), and to the start of its first task (its process is about to be started); what announcing a finished run adds
 *   restart  so many events while no worker runs, half of them before the server is restarted and all of them again after it; then a
 *            worker starts: how many runs there are, and how many events have none or more than one
 *   burst    so many events at once while no worker runs: how long until all are accepted
 * `--deployments N`: how many are on record, of which one waits for the events.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '@mft/cli';
import { createPublisher, readDeployment, recordDeployment } from '@mft/worker';
import { isolated, until } from '../lib/process.mjs';
import { connect } from '../lib/temporal.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';

const { values } = parseArgs({
  options: {
    latency: { type: 'string', default: '200' },
    restart: { type: 'string', default: '100' },
    burst: { type: 'string', default: '1000' },
    deployments: { type: 'string', default: '1' },
  },
});
const latency = Number(values.latency);
const restart = Number(values.restart);
const burst = Number(values.burst);
const deployments = Number(values.deployments);
const FLOW = path.join(import.meta.dirname, '../fixtures/events/train.py');
const EVENT = 'data_ready';
const QUEUE = 'metaflow-TrainFlow';
const RUNS = 'WorkflowType = "MetaflowWorkflow"';

const directory = mkdtempSync(path.join(tmpdir(), 'mft-bench-events-'));
const db = path.join(directory, 'server', 'temporal.db');
const file = path.join(directory, 'train_worker.mjs');
/** @param {string} address */
const user = (address) => ({ cwd: directory, env: isolated(directory, { TEMPORAL_ADDRESS: address }) });
/** @param {number[]} numbers */
const shown = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? NaN);
  return `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms`;
};

let server = await startServer({ db, port: 0, uiPort: 0 });
let { client, close } = await connect(server.address);
try {
  await createWorkerFile(FLOW, file, user(server.address));
  await recordOthers();
  if (latency) await measureLatency();
  if (restart) await measureRestart();
  if (burst) await measureBurst();
  console.log(`load ${loadavg().map((n) => n.toFixed(1))}`);
} finally {
  await close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Deployments that wait for nothing. */
async function recordOthers() {
  const { config, hash } = await readDeployment(client, 'TrainFlow');
  const { triggers: _, ...plain } = config;
  for (let i = 1; i < deployments; i++)
    await recordDeployment(client, { ...plain, name: `Other${i}` }, { hash, createdAt: new Date().toISOString() });
  await new Promise((resolve) => setTimeout(resolve, 1500));
}

async function measureLatency() {
  const worker = await startWorker(file, { ...user(server.address), client, taskQueue: QUEUE });
  const publisher = createPublisher(client);
  const times = { publish: [], run: [], task: [], announce: [], added: [], finish: [] };
  /** @type {Record<string, number[]>} */
  const all = times;
  for (let i = -3; i < latency; i++) {
    const from = Date.now();
    const { started } = await publisher.publish({ name: EVENT, id: `latency${i}`, payload: { rows: i } });
    const published = Date.now();
    const handle = client.workflow.getHandle(started[0]?.workflowId ?? '');
    await handle.result();
    if (i < 0) continue;
    const at = momentsOf(await handle.fetchHistory());
    all.publish?.push(published - from);
    all.run?.push(at.run - from);
    all.task?.push(at.task - from);
    all.announce?.push(at.announced - at.announcing);
    all.finish?.push(at.finished - at.finishing);
    all.added?.push(Math.max(0, at.announced - at.finished));
  }
  await worker.stop();
  console.log(`latency of ${latency} events, ${deployments} deployments on record`);
  console.log(`  to the end of publishing        ${shown(all.publish ?? [])}`);
  console.log(`  to the run's first workflow task ${shown(all.run ?? [])}`);
  console.log(`  to its first task                ${shown(all.task ?? [])}`);
  console.log(`  announcing the end of a run      ${shown(all.announce ?? [])}`);
  console.log(`  beside it, finishing the run     ${shown(all.finish ?? [])}`);
  console.log(`  what announcing adds             ${shown(all.added ?? [])}`);
}

/** @param {{ events?: any[] | null }} history */
function momentsOf({ events }) {
  const list = events ?? [];
  const time = (/** @type {any} */ event) =>
    Number(event.eventTime.seconds) * 1000 + Math.round((event.eventTime.nanos ?? 0) / 1e6);
  const scheduled = (/** @type {string} */ type) =>
    list.find((one) => one.activityTaskScheduledEventAttributes?.activityType?.name === type);
  const of = (/** @type {any} */ event, /** @type {string} */ attributes) =>
    list.find((one) => String(one[attributes]?.scheduledEventId) === String(event.eventId));
  const [task, finish, announce] = ['runMetaflowTask', 'finishMetaflowRun', 'announceMetaflowRun'].map(scheduled);
  return {
    run: time(list.find((one) => one.workflowTaskStartedEventAttributes)),
    task: time(of(task, 'activityTaskStartedEventAttributes')),
    finishing: time(finish),
    finished: time(of(finish, 'activityTaskCompletedEventAttributes')),
    announcing: time(announce),
    announced: time(of(announce, 'activityTaskCompletedEventAttributes')),
  };
}

/** @param {string} prefix @param {number} from @param {number} to */
async function publishMany(prefix, from, to) {
  const publisher = createPublisher(client);
  const began = performance.now();
  let started = 0;
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  for (let i = 0; i < numbers.length; i += 50) {
    const some = numbers.slice(i, i + 50);
    const published = await Promise.all(
      some.map((n) => publisher.publish({ name: EVENT, id: `${prefix}${n}`, payload: { rows: n } })),
    );
    started += published.flatMap((one) => one.started).length;
  }
  return { started, seconds: (performance.now() - began) / 1000 };
}

/** @param {string} more */
async function count(more) {
  return (await client.workflow.count(RUNS + more)).count;
}

async function measureRestart() {
  const before = await count('');
  const first = await publishMany('restart', 0, restart / 2);
  await close();
  await server.stop();
  server = await startServer({ db, port: 0, uiPort: 0 });
  ({ client, close } = await connect(server.address));
  const second = await publishMany('restart', 0, restart);
  const from = performance.now();
  const worker = await startWorker(file, { ...user(server.address), client, taskQueue: QUEUE });
  const ended = () => count(' AND ExecutionStatus = "Completed"');
  await until(async () => (await ended()) >= before + restart, { timeout: 600_000, what: 'all runs' });
  const seconds = (performance.now() - from) / 1000;
  const seen = new Map();
  for await (const { workflowId, runId } of client.workflow.list({ query: RUNS })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const payload = history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    const id = JSON.parse(Buffer.from(payload ?? new Uint8Array()).toString()).triggers[0].id;
    if (id.startsWith('restart')) seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  const twice = [...seen.values()].filter((n) => n > 1).length;
  console.log(`restart: ${first.started} runs accepted before it, ${second.started} after it (all published again)`);
  console.log(
    `  ${seen.size} events of ${restart} have a completed run, ${twice} of them more than one; ${seconds.toFixed(1)} s from the worker's start`,
  );
  await worker.stop();
}

async function measureBurst() {
  const before = await count('');
  const { started, seconds } = await publishMany('burst', 0, burst);
  await until(async () => (await count('')) >= before + burst, { what: 'the server to list the runs' });
  console.log(
    `burst: ${started} runs accepted of ${burst} events in ${seconds.toFixed(1)} s, ${(await count('')) - before} on the server`,
  );
}
