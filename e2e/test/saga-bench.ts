import path from 'node:path';
import { beforeAll, expect } from 'vitest';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson, mft, until } from '../lib/process.mjs';
import { createWorkerFile, said, startWorker } from '../lib/worker.mjs';
import { useBench } from './support.js';
import { linesOf, ordersOf, type Line } from './undone.js';

/** Where flows with handlers lie. */
export const SAGAS = path.join(ROOT, 'e2e/fixtures/saga');

/** A run that was undone, as `mft trigger --wait --json` tells of it, and what its handlers wrote. */
export interface Undone {
  readonly status: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly pathspec: string;
  readonly error?: { readonly step?: string; readonly type: string; readonly message: string };
  readonly compensation?: {
    readonly total: number;
    readonly compensated: string[];
    readonly failed: { name: string; error: string }[];
    readonly unreached: string[];
  };
  readonly lines: Line[];
  readonly stderr: string;
}

/** The handlers that ran, in that order. */
export const handlers = ({ lines }: Undone): string[] => lines.map(({ handler }) => handler);

/**
 * A bench on which flows of `fixtures/saga` are deployed, and served if asked.
 *
 * @param flows - file without `.py` and name of each flow
 */
export function useSagaBench(flows: Readonly<Record<string, string>>) {
  const bench = useBench();
  const file = path.join(bench.directory, 'undone.jsonl');
  bench.env['SAGA_LOG'] = file;
  const at = { cwd: bench.directory, env: bench.env };

  beforeAll(async () => {
    for (const [name, flow] of Object.entries(flows)) {
      const output = path.join(bench.directory, `${flow}.mjs`);
      await createWorkerFile(path.join(SAGAS, `${name}.py`), output, at);
    }
  }, 120_000);

  async function serve() {
    const options = { ...at, client: bench.client, taskQueue: '', wait: false, args: ['serve', '--max-workers', '6'] };
    const worker = bench.keep(await startWorker(MFT, options));
    for (const flow of Object.values(flows)) await said(worker, `${flow}: served`);
    return worker;
  }

  async function start(verb: string, flow: string, ...words: string[]): Promise<Undone> {
    const result = await mft([verb, flow, ...words, '--wait', '--json'], at);
    const told = lastJson(result.stdout) as unknown as Omit<Undone, 'lines' | 'stderr'> | undefined;
    expect(told, result.stderr).toBeDefined();
    expect(result.status).toBe(1);
    return { ...told!, lines: linesOf(file, told!.runId), stderr: result.stderr };
  }

  /** Undone was what had completed, the last first, each once, and the handlers did run in that order. */
  async function expectReversed({ workflowId, lines, compensation }: Undone, steps: string[]): Promise<string[]> {
    const { completed, undone } = await ordersOf(bench.client, workflowId, steps);
    expect(undone).toEqual(completed.toReversed());
    expect(lines.map(({ task }) => task)).toEqual(undone);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
    expect(compensation).toMatchObject({ total: undone.length, failed: [], unreached: [] });
    return undone;
  }

  /** The workflow id of the run of this flow that has booked its flight. */
  async function openRun(flow: string): Promise<string> {
    return until(
      async () => {
        const query = `WorkflowType = "MetaflowWorkflow" AND ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "${flow}-"`;
        for await (const { workflowId } of bench.client.workflow.list({ query })) {
          // The list may be behind: a run of the test before, which has ended, is not meant.
          const { status } = await bench.client.workflow.getHandle(workflowId).describe();
          if (status.name !== 'RUNNING') continue;
          const { completed } = await ordersOf(bench.client, workflowId, ['book_flight']);
          if (completed.length > 0) return workflowId;
        }
        return undefined;
      },
      { timeout: 60_000, every: 300, what: `a run of ${flow} that has booked` },
    );
  }

  return {
    ...{ bench, file, at, serve, expectReversed, openRun },
    trigger: (flow: string, ...words: string[]) => start('trigger', flow, ...words),
    resume: (flow: string, origin: string, ...words: string[]) =>
      start('resume', flow, '--origin-run-id', origin, ...words),
  };
}
