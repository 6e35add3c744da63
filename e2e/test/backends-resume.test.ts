import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../lib/paths.mjs';
import { compareResumes } from '../resume/pair.mjs';
import { defaults, here, useBackends } from './backends.js';
import { useBench } from './support.js';

const bench = useBench();
const backends = useBackends();

describe.runIf(here.s3 && here.service)('with S3 and the metadata service', () => {
  it('a run is resumed as under metaflow resume', { timeout: 400_000 }, async () => {
    const directory = path.join(bench.directory, 'resumed');
    const extra = {
      ...defaults('s3', 'service', backends.service),
      ...backends.bucket('resumed'),
      MARKS: directory,
    };
    const file = path.join(ROOT, 'e2e/resume/flows/linear.py');
    const at = { directory, address: bench.address, extra };
    const results = await compareResumes(file, { ...at, steps: false, origins: false });
    expect(results).toMatchObject([{ name: 'a resumed run', differences: [], cloned: 1, tasks: 3 }]);
  });
});
