import { configHash } from '@mft/compiler';
import { expect, it } from 'vitest';
import { packDeployment, type DeploymentMemo } from '../src/deployment/packing.js';
import { Configs } from '../src/events/configs.js';
import { config } from './support/graphs.js';

const packed = (name: string): Promise<DeploymentMemo> => {
  const version = { ...config, name };
  return packDeployment(version, { hash: configHash(version), createdAt: '2026-01-01T00:00:00.000Z' });
};

it('configs are unpacked once, and those that were not used for longest are let go', async () => {
  const [a, b, c] = await Promise.all(['A', 'B', 'C'].map(packed));
  const configs = new Configs(2);
  const first = configs.of(a!, {});
  expect((await first).name).toBe('A');
  expect((await configs.of(b!, {})).name).toBe('B');
  expect(configs.of(a!, {})).toBe(first);
  expect((await configs.of(c!, {})).name).toBe('C');
  expect(configs.size).toBe(2);
  // B went, A stayed.
  expect(configs.of(a!, {})).toBe(first);
  expect((await configs.of(b!, {})).name).toBe('B');
  expect(configs.size).toBe(2);
});

it('one that cannot be unpacked is tried again', async () => {
  const memo = await packed('A');
  const configs = new Configs();
  await expect(configs.of({ ...memo, config: 'no gzip' }, {})).rejects.toThrow();
  expect(configs.size).toBe(0);
  expect((await configs.of(memo, {})).name).toBe('A');
});
