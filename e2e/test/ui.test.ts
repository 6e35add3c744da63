import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lastJson } from '../lib/process.mjs';
import { historyOf } from '../lib/temporal.mjs';
import { EXAMPLES, useBench } from './support.js';

const bench = useBench();

/** A payload as the UI shows it. */
const text = (payload: { data?: Uint8Array | null } | null | undefined): string =>
  Buffer.from(payload?.data ?? []).toString('utf8');

describe("what a person sees in Temporal's UI", () => {
  let workflowId: string;
  let runId: string;
  beforeAll(async () => {
    const result = await bench.mft('run', path.join(EXAMPLES, 'branches.py'), 'count=3', '--json');
    expect(result.status, result.stderr).toBe(0);
    ({ workflowId, runId } = lastJson(result.stdout)!);
  });

  it('names the run after the flow, with its type and summary', async () => {
    expect(workflowId).toMatch(/^BranchesFlow-[a-z0-9]+$/);
    expect(runId).toBe(`temporal-${workflowId}`);
    const description = await bench.client.workflow.getHandle(workflowId).describe();
    expect(description.type).toBe('MetaflowWorkflow');
    expect(description.status.name).toBe('COMPLETED');
    expect(await description.staticSummary()).toContain('BranchesFlow');
    expect(description.memo).toMatchObject({ flow: 'BranchesFlow' });
  });

  it('labels every activity with its step and its index', async () => {
    const scheduled = (await historyOf(bench.client, workflowId)).filter(
      (e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'runMetaflowTask',
    );
    const labels = scheduled.map((event) => JSON.parse(text(event.userMetadata?.summary)) as string);
    expect(labels.sort()).toEqual(
      ['collect', 'combine', 'end', 'fan_out', 'square[0]', 'square[1]', 'square[2]', 'start', 'summarise'].sort(),
    );
  });

  it("gives each task's artifacts by name, and the line of Python that fetches one", async () => {
    const results = (await historyOf(bench.client, workflowId))
      .map((event) => text(event.activityTaskCompletedEventAttributes?.result?.payloads?.[0]))
      .filter((payload) => payload.includes('"pathspec"') && payload.includes('"fetch"'))
      .map((payload) => JSON.parse(payload) as { pathspec: string; artifacts: string[]; fetch: string });
    const collect = results.find((result) => result.pathspec.includes('/collect/'))!;
    expect(collect.pathspec).toBe(`BranchesFlow/${runId}/collect/temporal-collect-0`);
    expect(collect.artifacts).toContain('squares');
    expect(collect.fetch).toMatch(/^metaflow\.Task\("BranchesFlow\/temporal-/);
    const fetched = await bench.python(
      '-c',
      `import metaflow; metaflow.namespace(None); print(${collect.fetch.replace(/\.data\.\w+$/, '.data.squares')})`,
    );
    expect(fetched.stdout.trim(), fetched.stderr).toBe('[1, 4, 9]');
  });

  it('keeps values of artifacts out of the history', async () => {
    const history = JSON.stringify(await historyOf(bench.client, workflowId));
    expect(history.length).toBeLessThan(200_000);
    for (const event of await historyOf(bench.client, workflowId)) {
      expect(text(event.activityTaskCompletedEventAttributes?.result?.payloads?.[0]).length).toBeLessThan(8_000);
    }
  });
});
