import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more: begun first, so that none of them is what everything waits for in the end. */
const LONG = [
  'equivalence',
  'resume',
  'backends',
  'projects',
  'rolling',
  'schedules',
  'events',
  'decorators',
  'exit-hooks',
  'saga',
];

class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.indexOf(path.basename(moduleId, '.test.ts'));
      return at < 0 ? LONG.length : at;
    };
    return Promise.resolve(files.toSorted((a, b) => rank(a) - rank(b)));
  }
}

/*
 * Two files run at a time, each with a Temporal server of its own: most of the time one process starts, and the other core is idle. Where
 * a file's own tests run at the same time (equivalence), two do. Against a server that somebody else started: one file after the other.
 */
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    maxWorkers: mode === 'integration' ? 1 : 2,
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
  },
}));
