/*
 * node engine/worker.mjs ADDRESS QUEUE PLAN.json: a Temporal Worker with the interpreter, the workflow written by hand, and activities that do
 * nothing but answer. Says "ready" when it polls.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

const [address = '', taskQueue = '', planFile = ''] = process.argv.slice(2);
/** @type {import('@mft/graph').Plan} */
const plan = JSON.parse(readFileSync(planFile, 'utf8'));
const hash = 'bench';

let width = 0;
let rounds = 0;

/** A step opens `width` tasks where it opens any, and goes round `rounds` times where it can. @param {import('@mft/graph').TaskInput} input */
function transition({ step, visit }) {
  const node = plan.graph.nodes[step];
  if (node?.type === 'foreach') return { splits: width };
  if (node?.type !== 'switch') return {};
  const onwards = node.next.find((next) => next !== step);
  return { branch: visit + 1 < rounds ? step : onwards };
}

const activities = {
  noop: async () => ({ done: true }),
  loadMetaflowPlan: async () => ({ hash, plan, tags: [] }),
  /** @param {import('@mft/graph').StartRunInput} input */
  startMetaflowRun: async ({ runId, params }) => {
    width = Number(params['width']);
    rounds = Number(params['rounds']);
    return { pathspec: `Flow/${runId}` };
  },
  /** @param {import('@mft/graph').TaskInput} input */
  runMetaflowTask: async (input) => ({
    ...{ pathspec: `Flow/${input.runId}/${input.step}`, attempt: 0, artifacts: [], fetch: '' },
    transition: transition(input),
  }),
  compensateMetaflowTask: async () => undefined,
  finishMetaflowRun: async () => undefined,
};

Runtime.install({ logger: new DefaultLogger('WARN') });
const entry = path.join(import.meta.dirname, 'workflows.mjs');
const workflowBundle = await bundleWorkflowCode({ workflowsPath: entry, logger: new DefaultLogger('WARN') });
// Uncompressed, as mft's workers speak to a loopback address.
const connection = await NativeConnection.connect({ address, grpcCompression: { codec: 'none' } });
const worker = await Worker.create({
  ...{ connection, taskQueue, workflowBundle, activities },
  maxConcurrentActivityTaskExecutions: 100,
  maxEagerActivityReservationsPerWorkflowTask: 6,
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
});
process.once('SIGTERM', () => worker.shutdown());
process.stdout.write('ready\n');
await worker.run();
await connection.close();
