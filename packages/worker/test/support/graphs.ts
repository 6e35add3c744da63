import type { FlowConfig, FlowGraph, Progress, StepProgress } from '@mft/graph';

/** start → (a, b) → join → fan ⇉ body → gather → end */
export const graph: FlowGraph = {
  name: 'HelloFlow',
  start: 'start',
  end: 'end',
  nodes: {
    start: { name: 'start', type: 'split', next: ['a', 'b'], join: 'join' },
    a: { name: 'a', type: 'linear', next: ['join'] },
    b: { name: 'b', type: 'linear', next: ['join'] },
    join: { name: 'join', type: 'join', next: ['fan'] },
    fan: { name: 'fan', type: 'foreach', next: ['body'], join: 'gather', foreachVar: 'items' },
    body: { name: 'body', type: 'linear', next: ['gather'] },
    gather: { name: 'gather', type: 'join', next: ['end'] },
    end: { name: 'end', type: 'end', next: [] },
  },
};

type Counts = [done: number, total: number, running?: number, failed?: number, started?: number, ended?: number];

/** Progress of a run from short counts a step. */
export function progress(counts: Record<string, Counts>, phase: Progress['phase'] = 'running'): Progress {
  const steps: Record<string, StepProgress> = {};
  for (const [name, [done, total, running = 0, failed = 0, started, ended]] of Object.entries(counts)) {
    steps[name] = {
      done,
      total,
      running,
      failed,
      ...(started === undefined ? {} : { started }),
      ...(ended === undefined ? {} : { ended }),
    };
  }
  return { runId: 'temporal-HelloFlow-1', phase, steps, children: [] };
}

/** A config with parameters, as the compiler would write it. */
export const config: FlowConfig = {
  version: 1,
  name: 'HelloFlow',
  taskQueue: 'metaflow-HelloFlow',
  flow: { name: 'HelloFlow', file: 'hello_flow.py', directory: '/flows' },
  plan: {
    graph,
    policies: Object.fromEntries(
      Object.keys(graph.nodes).map((name) => [name, { retry: { user: 0, error: 0, minutesBetween: 0, losses: 2 } }]),
    ),
  },
  parameters: [
    { name: 'greeting', type: 'str', required: true, help: 'whom */ to \u2028 greet' },
    { name: 'count', type: 'int', required: false, default: 3 },
  ],
  metaflow: { version: '2.19.39', python: '3.11.7' },
  interpreter: '/nowhere/python',
  options: ['--datastore', 'local', '--metadata', 'local'],
  environment: {},
  datastore: { type: 'local', root: '/flows/.metaflow' },
  metadata: { type: 'local', info: '' },
  user: 'tester',
  tags: [],
  decorators: {},
};
