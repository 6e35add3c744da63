import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlowConfig } from '@mft/graph';
import { afterEach, describe, expect, it } from 'vitest';
import { LauncherPool } from '../src/launcher/pool.js';
import { LauncherProcess } from '../src/launcher/process.js';
import { until } from './support/processes.js';

const talker = fileURLToPath(new URL('fixtures/talker.mjs', import.meta.url));
const pools: LauncherPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close(0);
});

function poolOf(options: { idle?: number; file?: string } = {}): { pool: LauncherPool; started: () => number } {
  let started = 0;
  const pool = new LauncherPool({
    stays: (hash) => hash === 'now',
    configOf: (hash) =>
      hash === 'unknown' ? Promise.reject(new Error('no such config')) : Promise.resolve({ name: hash } as FlowConfig),
    start: () => {
      started++;
      return LauncherProcess.start({
        command: [process.execPath, talker],
        env: process.env,
        cwd: '/',
        init: {
          op: 'init',
          flow: 'F',
          file: options.file ?? 'flow.py',
          directory: '/',
          options: [],
          mode: 'auto',
          preload: [],
          cache: '/',
          environment: {},
          datastore: { type: 'local', root: '/' },
        },
      });
    },
    idle: options.idle ?? 60_000,
    onError: (error) => {
      throw error;
    },
  });
  pools.push(pool);
  return { pool, started: () => started };
}

describe('LauncherPool', () => {
  it('starts one launcher for many who ask at once, one a deployment', async () => {
    const { pool, started } = poolOf();
    const sessions = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.session(i % 2 ? 'now' : 'older')));
    expect(started()).toBe(2);
    expect(new Set(sessions.map((session) => session.launcher)).size).toBe(2);
    expect(sessions[0]!.config.name).toBe('older');
  });

  it('replaces one that died, once', async () => {
    const { pool, started } = poolOf();
    const { launcher } = await pool.session('now');
    process.kill(launcher.pid!, 'SIGKILL');
    await launcher.exited;
    const [one, two, three] = await Promise.all([pool.session('now'), pool.session('now'), pool.session('now')]);
    expect(started()).toBe(2);
    expect(one!.launcher).not.toBe(launcher);
    expect([two!.launcher, three!.launcher]).toEqual([one!.launcher, one!.launcher]);
  });

  it('replaces the current one that died with nothing to do, before anybody asks', async () => {
    const { pool, started } = poolOf();
    const [now, older] = await Promise.all([pool.session('now'), pool.session('older')]);
    for (const { launcher } of [now, older]) process.kill(launcher.pid!, 'SIGKILL');
    await Promise.all([now.launcher.exited, older.launcher.exited]);
    await until(() => started() === 3, 'another launcher', 5000);
    const { launcher } = await pool.session('now');
    expect(launcher).not.toBe(now.launcher);
    expect(launcher.alive).toBe(true);
    // The older deployment's waits for somebody to ask.
    expect(started()).toBe(3);
  });

  it('replaces one that keeps dying ever more slowly', async () => {
    const { pool, started } = poolOf({ file: 'brief' });
    await pool.session('now');
    await sleep(2000);
    // The first, and others half a second and another second later, each with the time that it took to start.
    expect(started()).toBeGreaterThanOrEqual(2);
    expect(started()).toBeLessThanOrEqual(3);
  });

  it('tries again after one that could not start', async () => {
    const { pool, started } = poolOf({ file: 'fatal' });
    await expect(pool.session('now')).rejects.toThrow('There is no Metaflow.');
    await expect(pool.session('now')).rejects.toThrow('There is no Metaflow.');
    expect(started()).toBe(2);
    await expect(pool.session('unknown')).rejects.toThrow('no such config');
  });

  it('lets go of an older deployment that has no work, and keeps the current one', async () => {
    const { pool } = poolOf({ idle: 300 });
    const [now, older] = await Promise.all([pool.session('now'), pool.session('older')]);
    await sleep(2500);
    expect(now.launcher.alive).toBe(true);
    expect(older.launcher.alive).toBe(false);
  });

  it('starts nothing once it is closed', async () => {
    const { pool } = poolOf();
    const { launcher } = await pool.session('now');
    await pool.close(100);
    expect(launcher.alive).toBe(false);
    await expect(pool.session('now')).rejects.toThrow('This worker is shutting down.');
  });
});
