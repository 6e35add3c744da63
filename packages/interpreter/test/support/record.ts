import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporal } from '@temporalio/proto';
import type { RunnerOptions } from './runner.js';
import { SCENARIOS } from './scenarios.js';
import { registerSearchAttributes, startServer } from './server.js';
import { historiesOf, quiet, withRun } from './world.js';

/*
 * Records the histories that `replay.test.ts` replays: `npm run record -w @mft/interpreter`. Histories recorded earlier stay beside
 * new ones for as long as runs made by that code may be under way: give a scenario a new name rather than record it again.
 */

const FOLDER = new URL('../histories/', import.meta.url);

/** Runs every scenario and writes one file for each of its executions, binary. Answers the names of the files. */
export async function record(only?: (name: string) => boolean): Promise<string[]> {
  quiet();
  const env = await startServer();
  await registerSearchAttributes(env);
  const files: string[] = [];
  try {
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      if (only !== undefined && !only(name)) continue;
      const { act, ...options }: RunnerOptions & { act?: (typeof scenario)['act'] } = scenario;
      await withRun(env, options, async (run) => {
        await act?.(run);
        await run.handle.result().catch(() => undefined);
        let part = 0;
        for (const history of [...(await historiesOf(env, run.workflowId)).values()].reverse()) {
          const file = `${name}.${(part += 1)}.bin`;
          const { History } = temporal.api.history.v1;
          writeFileSync(fileURLToPath(new URL(file, FOLDER)), History.encode(History.fromObject(history)).finish());
          files.push(file);
        }
      });
    }
  } finally {
    await env.teardown();
  }
  return files;
}
