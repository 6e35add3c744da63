import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparePair } from '../equivalence/pair.mjs';
import { isolated, lastJson, mft, run } from '../lib/process.mjs';
import { defaults, here, REMOTE, SUFFIXES, useBackends } from './backends.js';
import { useBench } from './support.js';

const bench = useBench();
const backends = useBackends();

/** What the equivalence tool does not look at: the card and the file that is a parameter. */
const SEEN = `
import json, sys, metaflow
from metaflow.cards import get_cards
metaflow.namespace(None)
run = metaflow.Run(sys.argv[1])
cards = [json.dumps(card.get_data()) for card in get_cards(run["report"].task)]
print(json.dumps([len(cards), "FIRST!" in cards[0], run.data.letter.splitlines()[0]]))
`;

// The other tests of backends have each of the two alone as well.
const EACH_ALONE = [
  { datastore: 's3', metadata: 'local', wide: 2, can: here.s3 },
  { datastore: 'local', metadata: 'service', wide: 20, can: here.service },
];

describe.concurrent.each([
  // More than ten: Metaflow then reads them another way.
  { datastore: 's3', metadata: 'service', wide: 12, can: here.s3 && here.service },
  ...(process.env.MFT_E2E_FULL ? EACH_ALONE : []),
])('--datastore=$datastore --metadata=$metadata', ({ datastore, metadata, wide, can }) => {
  it.runIf(can)(
    'leaves behind what metaflow run leaves behind',
    async () => {
      const directory = path.join(bench.directory, `${datastore}-${metadata}`);
      const extra = (side: string) => ({
        ...defaults(datastore, metadata, backends.service),
        ...(datastore === 's3' ? backends.bucket(`${side}-${metadata}`) : {}),
      });
      const options = [`--datastore=${datastore}`, `--metadata=${metadata}`, SUFFIXES];
      const spec = { options, params: { wide }, tags: ['kept:so'] };
      const result = await comparePair(REMOTE, { directory, address: bench.address, spec, extra });
      expect(result.differences).toEqual([]);
      expect(result.tasks).toBe(6 + wide);

      for (const side of ['metaflow', 'mft'] as const) {
        const at = path.join(directory, side);
        const where = { cwd: at, env: isolated(at, extra(side)) };
        const asked = await run(where.env.METAFLOW_PYTHON!, ['-c', SEEN, `RemoteFlow/${result.runs[side]}`], where);
        expect(asked.status, asked.stderr).toBe(0);
        expect([side, ...JSON.parse(asked.stdout)]).toEqual([side, 1, true, 'Dear reader,']);
      }
      // Logs of a run whose worker has gone, read from where they were stored.
      const reader = { cwd: bench.directory, env: { ...bench.env, ...extra('mft') } };
      const logs = await mft(['logs', result.runs.mft!, '--stdout', '--json'], reader);
      expect(logs.status, logs.stderr).toBe(0);
      const { lines } = lastJson(logs.stdout) as unknown as { lines: { step: string; line: string }[] };
      const said = (step: string) => lines.filter((each) => each.step === step).map(({ line }) => line);
      expect(said('measure').sort()).toEqual(Array.from({ length: wide }, (_, i) => `measuring ${i}`).sort());
      expect(said('end')).toEqual([`${wide} values in kelvin`]);
    },
    600_000,
  );
});
