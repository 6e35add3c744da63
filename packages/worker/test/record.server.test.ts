import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { configHash } from '@mft/compiler';
import type { FlowConfig } from '@mft/graph';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteDeployment, listDeployments, readDeployment, recordDeployment, scheduleIdOf } from '../src/index.js';
import { readEach } from '../src/deployment/many.js';
import { deploy, type Deployed } from './support/deployment.js';
import { config as plain } from './support/graphs.js';
import { startServer } from './support/server.js';

let server: TestWorkflowEnvironment;
const [MORNING, NOON, EVENING] = ['2026-01-01T06:00:00.000Z', '2026-01-01T12:00:00.000Z', '2026-01-01T18:00:00.000Z'];

beforeAll(async () => {
  server = await startServer();
}, 120_000);
afterAll(() => server.teardown());

/** A deployment of a name of its own; `more` tells its versions apart. */
function deployment(name: string, more: Partial<FlowConfig> = {}): { config: FlowConfig; hash: string } {
  const config = { ...plain, name, taskQueue: `metaflow-${name}`, ...more };
  return { config, hash: configHash(config) };
}

describe('a deployment on record', () => {
  it('is read as it was recorded, from anywhere', async () => {
    const { config, hash } = deployment('project.user.me.HelloFlow', { user: 'Ünïcode \u2028 漢字' });
    const { outcome, record } = await recordDeployment(server.client, config, { hash, createdAt: NOON });
    expect(outcome).toBe('created');
    const expected = { name: config.name, flow: 'HelloFlow', hash, taskQueue: config.taskQueue, createdAt: NOON };
    expect(record).toEqual({ ...expected, config });
    expect(await readDeployment(server.client, config.name)).toEqual(record);
    await expect.poll(() => listDeployments(server.client), { timeout: 10_000 }).toContainEqual(expected);
  });

  it('is a schedule that runs only when triggered, with the run that any client would start', async () => {
    const { config, hash } = deployment('Shape', { tags: ['nightly'] });
    await recordDeployment(server.client, config, { hash, createdAt: NOON });
    const handle = server.client.schedule.getHandle(scheduleIdOf('Shape'));
    const { action, memo, info } = await handle.describe();
    expect(info.nextActionTimes).toEqual([]);
    expect(memo).toEqual({ mft: 1, deployment: 'Shape' });
    expect(action).toMatchObject({
      ...{ workflowType: 'MetaflowWorkflow', taskQueue: 'metaflow-Shape', args: [{ hash }] },
      memo: { deployment: 'Shape', flow: 'HelloFlow', configHash: hash, tags: ['nightly'], createdAt: NOON },
    });
  });

  it('gives way to a newer one and not to an older one; a pause stays', async () => {
    const [old, now, late] = ['a', 'b', 'c'].map((user) => deployment('Versions', { user }));
    await recordDeployment(server.client, old!.config, { hash: old!.hash, createdAt: MORNING });
    const handle = server.client.schedule.getHandle(scheduleIdOf('Versions'));
    await handle.pause('on holiday');
    expect(await recordDeployment(server.client, late!.config, { hash: late!.hash, createdAt: EVENING })).toMatchObject(
      {
        outcome: 'updated',
        record: { hash: late!.hash },
      },
    );
    expect(await recordDeployment(server.client, now!.config, { hash: now!.hash, createdAt: NOON })).toMatchObject({
      outcome: 'kept',
      record: { hash: late!.hash, createdAt: EVENING },
    });
    // A worker that starts records what is on record already.
    const again = await recordDeployment(server.client, late!.config, { hash: late!.hash, createdAt: EVENING });
    expect(again.outcome).toBe('kept');
    expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'on holiday' });
  });

  it('that is not there is an error that names what was meant', async () => {
    const { config, hash } = deployment('Training');
    await recordDeployment(server.client, config, { hash, createdAt: NOON });
    const error = { code: 'DEPLOYMENT_NOT_FOUND', exitCode: 1, message: expect.stringContaining('"Trainin"') };
    const hint = expect.stringMatching(/^Did you mean "Training"\? .*mft list/);
    await expect(readDeployment(server.client, 'Trainin')).rejects.toMatchObject({ ...error, hint });
    await expect(deleteDeployment(server.client, 'Trainin')).rejects.toMatchObject({ ...error, hint });
  });

  it('is gone once deleted, and can be made again', async () => {
    const { config, hash } = deployment('Short');
    await recordDeployment(server.client, config, { hash, createdAt: EVENING });
    await deleteDeployment(server.client, 'Short');
    await expect(readDeployment(server.client, 'Short')).rejects.toMatchObject({ code: 'DEPLOYMENT_NOT_FOUND' });
    expect((await listDeployments(server.client)).map(({ name }) => name)).not.toContain('Short');
    const { outcome } = await recordDeployment(server.client, config, { hash, createdAt: MORNING });
    expect(outcome).toBe('created');
  });

  it('leaves the schedules of others alone', async () => {
    const action = { type: 'startWorkflow', workflowType: 'Report', taskQueue: 'reports' } as const;
    await server.client.schedule.create({ scheduleId: scheduleIdOf('Foreign'), spec: {}, action });
    const { config, hash } = deployment('Foreign');
    await expect(recordDeployment(server.client, config, { hash, createdAt: NOON })).rejects.toMatchObject({
      code: 'DEPLOYMENT_ID_TAKEN',
    });
    await expect(deleteDeployment(server.client, 'Foreign')).rejects.toMatchObject({ code: 'DEPLOYMENT_NOT_FOUND' });
    expect((await listDeployments(server.client)).map(({ name }) => name)).not.toContain('Foreign');
  });
});

describe('a config too large for a record', () => {
  let deployed: Deployed;
  beforeAll(async () => {
    deployed = await deploy(server.address);
  }, 60_000);
  afterAll(() => deployed.remove());

  it('is read from the datastore, where the record says', async () => {
    const { env } = deployed;
    const doc = randomBytes(120_000).toString('hex');
    const config: FlowConfig = { ...deployed.config, name: 'Large', flow: { ...deployed.config.flow, doc } };
    const hash = configHash(config);
    const folder = join(config.datastore.root, config.flow.name, 'temporal', 'config');
    await writeFile(join(folder, `${hash}.json`), JSON.stringify(config));
    await recordDeployment(server.client, config, { hash, createdAt: NOON });
    const { action } = await server.client.schedule.getHandle(scheduleIdOf('Large')).describe();
    expect(action.memo).not.toHaveProperty('config');
    const elsewhere = { ...env, METAFLOW_DATASTORE_SYSROOT_LOCAL: undefined };
    expect(await readDeployment(server.client, 'Large', { env: elsewhere })).toMatchObject({ hash, config });
  });
});

describe('many records', () => {
  const names = Array.from({ length: 12 }, (_, i) => String(i));

  it('are read a few at a time, and told in the order of their names', async () => {
    let reading = 0;
    let most = 0;
    const read = async (name: string): Promise<number> => {
      most = Math.max(most, ++reading);
      await sleep(20 - Number(name));
      reading--;
      return Number(name);
    };
    expect(await readEach(server.client, names, read)).toEqual(names.map(Number));
    expect(most).toBe(5);
  });

  it('fail as the first of them, when nothing is under way any more', async () => {
    const begun: string[] = [];
    let reading = 0;
    const read = async (name: string): Promise<void> => {
      begun.push(name);
      reading++;
      await sleep(name === '1' ? 5 : 50);
      reading--;
      if (name === '1') throw new Error('not there');
    };
    await expect(readEach(server.client, names, read)).rejects.toThrow('not there');
    expect([begun, reading]).toEqual([names.slice(0, 5), 0]);
  });
});
