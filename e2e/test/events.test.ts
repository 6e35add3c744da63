import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startServer } from '@mft/cli';
import { createPublisher } from '@mft/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MFT } from '../lib/paths.mjs';
import { isolated, lastJson, mft, run, until } from '../lib/process.mjs';
import { connect } from '../lib/temporal.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

const EVENTS = path.resolve(import.meta.dirname, '../fixtures/events');

const REFUSED = `
from metaflow_extensions.temporal.plugins.temporal import EventNotPublished, TemporalEvent
event = TemporalEvent("painted", payload={"rows": "many"})
none = event.publish()
try:
    event.publish(ignore_errors=False)
except EventNotPublished as error:
    print(none, str(error).split()[0])
`;

interface Published {
  readonly id: string;
  readonly started: readonly { readonly deployment: string; readonly pathspec: string; readonly workflowId: string }[];
  readonly pending: readonly string[];
  readonly duplicates: readonly string[];
  readonly refused: readonly { readonly deployment: string; readonly code: string; readonly message: string }[];
}

describe('events, under mft serve', () => {
  const bench = useBench();
  const publish = async (...words: string[]): Promise<Published> => {
    const result = await bench.mft('publish', ...words, '--json');
    expect(result.status, result.stderr).toBe(0);
    return lastJson(result.stdout) as unknown as Published;
  };
  /** The pathspec of a deployment's n-th run, once it has ended. */
  const ended = (deployment: string, count = 1): Promise<string> =>
    until(
      async () => {
        const { stdout } = await bench.mft('runs', '--deployment', deployment, '--json');
        const { runs } = lastJson(stdout) as unknown as { runs: { status: string; pathspec: string }[] };
        const over = runs.filter(({ status }) => status !== 'running');
        return over.length >= count ? over[0]?.pathspec : undefined;
      },
      { timeout: 60_000, every: 500, what: `${count} runs of ${deployment}` },
    );

  beforeAll(async () => {
    for (const flow of ['train', 'report', 'both', 'everywhere', 'painted'])
      await createWorkerFile(path.join(EVENTS, `${flow}.py`), path.join(bench.directory, `${flow}.mjs`), {
        ...{ cwd: bench.directory, env: bench.env },
      });
    const options = { cwd: bench.directory, env: bench.env, client: bench.client, args: ['serve'] };
    bench.keep(await startWorker(MFT, { ...options, taskQueue: 'metaflow-PaintedFlow' }));
  });

  it('one starts a run, whose end starts a run of the flow that waits for it', async () => {
    const [started] = (await publish('data_ready', 'table=sales', 'rows=3', '--id', 'one')).started;
    expect(started?.deployment).toBe('TrainFlow');
    const report = await ended('ReportFlow');
    const train = started!.pathspec;
    expect(
      await ask(
        bench,
        train,
        '[run.data.model, run.data.names, run.data.payload["table"], tuple(run.data.event)[:2], run.trigger.event.id, run.trigger.run is None]',
      ),
    ).toEqual(['model of sales, 3 rows', ['data_ready'], 'sales', ['data_ready', 'one'], 'one', true]);
    expect(
      await ask(
        bench,
        report,
        '[run.data.text, run.data.upstream, run.data.same, run.trigger.run.pathspec, run.trigger["TrainFlow"].id]',
      ),
    ).toEqual(['Report on model of sales, 3 rows', train, true, train, train.split('/')[1]]);
    expect(await publish('data_ready', 'table=other', '--id', 'one')).toMatchObject({
      ...{ started: [], duplicates: ['TrainFlow'] },
    });
  });

  it('whose values do not fit is refused by the deployment, before anything starts', async () => {
    const refusing = await bench.mft('publish', 'data_ready', 'rows=many', '--json');
    expect([refusing.status, refusing.stderr]).toEqual([
      ...[1, expect.stringContaining('No deployment that waits for data_ready has taken it.')],
    ]);
    expect(lastJson(refusing.stdout)).toMatchObject({
      ...{ started: [], refused: [{ deployment: 'TrainFlow', code: 'INVALID_PARAMETER' }] },
    });
    const own = await bench.node('train.mjs', 'publish', 'data_ready', 'rows=many');
    expect([own.status, own.stderr]).toEqual([1, expect.stringContaining('TrainFlow does not take the event')]);
    const wrong = await bench.mft('publish', 'not this');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('INVALID_EVENT')]);
  });

  it('several are joined, each with its share of the parameters', async () => {
    expect((await publish('orders_ready', 'table=o', '--id', 'o1')).pending).toEqual(['BothFlow']);
    expect((await publish('stock_ready', 'table=s', '--id', 's1')).pending).toEqual(['BothFlow']);
    const both = await ended('BothFlow');
    expect(await ask(bench, both, '[run.data.orders, run.data.stock, run.data.events]')).toEqual([
      ...[
        'o',
        's',
        [
          ['orders_ready', 'o1'],
          ['stock_ready', 's1'],
        ],
      ],
    ]);
  });

  it('are told in every kind of process, in handlers and after a resume; a step publishes some itself', async () => {
    const mark = path.join(bench.directory, 'undone.txt');
    const [first] = (await publish('paint', 'colour=red', `is_broken=${mark}`, '--id', 'p1')).started;
    const painted = await ended('PaintedFlow');
    await ended('EverywhereFlow');
    expect(readFileSync(mark, 'utf8')).toBe('paint p1 red undone\n');
    expect(await ask(bench, painted, '[run.data.colour, run.data.rows, run.trigger.event.name]')).toEqual([
      'red',
      7,
      'painted',
    ]);
    const origin = first!.pathspec.split('/')[1]!;
    const resumed = await bench.mft('resume', 'EverywhereFlow', '--origin-run-id', origin, '--wait', '--json');
    expect(resumed.status, resumed.stderr).toBe(0);
    const seen = ['paint', 'p1', 'red'];
    expect(
      await ask(
        bench,
        lastJson(resumed.stdout)!.pathspec,
        '[run.data.seen, run.data.seen_fresh, run.data.seen_gang, run.data.seen_end, run.trigger.event.id]',
      ),
    ).toEqual([seen, seen, [seen, seen], seen, 'p1']);
    expect(await ask(bench, painted, 'run.trigger.event.id')).toBe(
      await ask(bench, first!.pathspec, 'run["start"].task.data.sent'),
    );
  });

  it('are published from Python outside of any run where that is asked for, and in none of Metaflow’s own', async () => {
    const env = {
      ...bench.env,
      PYTHONPATH: path.resolve(import.meta.dirname, '../../packages/metaflow-extension/python'),
      MFT_CLI: MFT,
    };
    const program = [
      'from metaflow_extensions.temporal.plugins.temporal import TemporalEvent',
      'event = TemporalEvent(lambda: "painted", payload={"id": "mine", "rows": 1})',
      'print(event.safe_publish(), event.publish({"table": "green"}), event.publish())',
    ].join('\n');
    const result = await run(bench.env.METAFLOW_PYTHON!, ['-c', program], { cwd: bench.directory, env });
    expect(result.stdout).toBe('None mine mine');
    expect(result.stderr).toContain('Event painted was not published: This is no run of a deployment');
    expect(await ask(bench, await ended('PaintedFlow', 2), '[run.data.colour, run.data.rows]')).toEqual(['green', 1]);
    // Refused by the only one that waits for it.
    const refused = await run(bench.env.METAFLOW_PYTHON!, ['-c', REFUSED], { cwd: bench.directory, env });
    expect([refused.stdout, refused.stderr]).toEqual([
      ...['None PaintedFlow', expect.stringContaining('Event painted was not published: PaintedFlow does not take it')],
    ]);
  });

  it('a schedule’s run knows the time that it was meant for', async () => {
    await bench.client.schedule.getHandle('metaflow-PaintedFlow').trigger();
    const scheduled = await ended('PaintedFlow', 3);
    const [type, name, at] = (await ask(
      bench,
      scheduled,
      '[run.trigger.event.type, run.trigger.event.name, run["start"].task.metadata_dict["scheduled-at"]]',
    )) as string[];
    expect([type, name]).toEqual(['schedule', 'PaintedFlow']);
    expect(Math.abs(Date.parse(at!) - Date.now())).toBeLessThan(60_000);
  });
});

/** 1,000 and more: `MFT_EVENTS_BURST=1000`; each is a run with Python of its own. */
const BURST = Number(process.env['MFT_EVENTS_BURST'] ?? 12);

describe('events for a worker that is down', () => {
  const bench = useBench();
  const db = path.join(bench.directory, 'own', 'temporal.db');
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  const asUserOf = (address: string) => ({
    ...{ cwd: bench.directory, env: isolated(bench.directory, { ...bench.env, TEMPORAL_ADDRESS: address }) },
  });
  afterAll(() => server?.stop());

  it(
    'outlive a restart of the server, and start one run each when a worker is back',
    async () => {
      server = await startServer({ db, port: 0, uiPort: 0 });
      let at = asUserOf(server.address);
      const file = path.join(bench.directory, 'train_worker.mjs');
      await createWorkerFile(path.join(EVENTS, 'train.py'), file, at);
      const publishAll = async (from: number, to: number) => {
        const { client, close } = await connect(server!.address);
        const publisher = createPublisher(client);
        const numbers = Array.from({ length: to - from }, (_, i) => from + i);
        const published = await Promise.all(
          numbers.map((n) => publisher.publish({ name: 'data_ready', id: `n${n}`, payload: { rows: n } })),
        );
        await close();
        return published.flatMap(({ started }) => started).length;
      };
      expect(await publishAll(0, BURST / 2)).toBe(BURST / 2);
      await server.stop();
      server = await startServer({ db, port: 0, uiPort: 0 });
      at = asUserOf(server.address);
      // The first half once more, as a publisher does that was not told whether it was heard.
      expect(await publishAll(0, BURST)).toBe(BURST / 2);
      const { client, close } = await connect(server.address);
      const worker = bench.keep(await startWorker(file, { ...at, client, taskQueue: 'metaflow-TrainFlow' }));
      const count = async (more: string) =>
        (await client.workflow.count(`WorkflowType = "MetaflowWorkflow"${more}`)).count;
      await until(async () => (await count(' AND ExecutionStatus = "Completed"')) >= BURST, {
        ...{ timeout: 30_000 + BURST * 1000, what: `${BURST} completed runs` },
      });
      expect(await count('')).toBe(BURST);
      const rows = await run(
        at.env.METAFLOW_PYTHON!,
        [
          '-c',
          'import metaflow; metaflow.namespace(None); print(sorted(r.data.rows for r in metaflow.Flow("TrainFlow")))',
        ],
        at,
      );
      expect(JSON.parse(rows.stdout)).toEqual(Array.from({ length: BURST }, (_, i) => i));
      // The file publishes as well.
      const again = await run(process.execPath, [file, 'publish', 'data_ready', '--id', 'n0', '--json'], at);
      expect(lastJson(again.stdout)).toMatchObject({ duplicates: ['TrainFlow'] });
      await worker.stop();
      await close();
      const deleted = await mft(['delete', 'TrainFlow', '--json'], at);
      expect(deleted.status, deleted.stderr).toBe(0);
    },
    120_000 + BURST * 1500,
  );
});
