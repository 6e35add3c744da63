import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { capacityOf, defaultMaxWorkers, defaultTaskMemory } from '../src/index.js';
import { workerOptions, type WorkerProcessFlags } from '../src/options.js';
import { megabytesOf } from '../src/quantity.js';
import { availableCores } from '../src/worker/cores.js';
import { checkedTargets, memoryOptions } from '../src/worker/slots.js';

const GB = 1024 ** 3;

describe('how many tasks a machine gets', () => {
  it('follows its memory, and its cores', () => {
    const workers = (memory: number, cores: number) => defaultMaxWorkers(memory * GB, cores);
    expect([workers(0.25, 8), workers(1, 8), workers(4, 8)]).toEqual([2, 3, 13]);
    expect([0.1, 0.5, 1, 1.5, 2, 8, 32].map((cores) => workers(256, cores))).toEqual([2, 4, 8, 12, 16, 16, 64]);
    expect([defaultTaskMemory(20e9), defaultTaskMemory(1)]).toEqual([16_000, 1]);
  });

  const system = (files: Record<string, string>): string => {
    const root = mkdtempSync(join(tmpdir(), 'mft-cores-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), `${text}\n`);
    }
    return root;
  };

  it.each([
    ['no control groups', {}, 8],
    ['a container', { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '150000 100000' }, 1.5],
    ['no quota', { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': 'max 100000' }, 8],
    ['more than there is', { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '3200000 100000' }, 8],
    [
      'a slice of a service',
      {
        'proc/self/cgroup': '0::/a.slice/b:c.service',
        'sys/fs/cgroup/a.slice/cpu.max': '200000 100000',
        'sys/fs/cgroup/a.slice/b:c.service/cpu.max': '400000 100000',
      },
      2,
    ],
    [
      'the first version',
      {
        'proc/self/cgroup': '4:memory:/x\n3:cpu,cpuacct:/docker/1\n0::/',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      },
      0.5,
    ],
    [
      'the first version without a quota',
      {
        'proc/self/cgroup': '3:cpu:/',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      },
      8,
    ],
  ])('sees the quota of its control group: %s', (_what, files: Record<string, string>, cores) => {
    expect(availableCores(8, system(files))).toBe(cores);
  });
});

describe('what a worker is told of its capacity', () => {
  const read = (...words: string[]) => {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    for (const option of workerOptions()) command.addOption(option);
    return capacityOf(command.parse(words, { from: 'user' }).opts<WorkerProcessFlags>());
  };

  it('is read from flags', () => {
    expect(read()).toEqual({});
    expect(read('--max-workers', '4', '--memory', '16GB', '--target-cpu', '.9', '--max-cached-workflows=7')).toEqual({
      maxWorkers: 4,
      memory: 16_000,
      targets: { cpu: 0.9 },
      temporal: { maxCachedWorkflows: 7 },
    });
  });

  it.each([
    ['--memory', '16'],
    ['--memory', '0GB'],
    ['--memory', '1 kB'],
    ['--target-memory', '1.1'],
    ['--target-cpu', '0'],
    ['--target-cpu', '90%'],
    ['--max-cached-workflows', '0'],
  ])('is refused where it makes no sense: %s %s', (flag, word) => {
    expect(() => read(flag, word)).toThrow(/needed/);
  });

  it('is refused in settings as well', () => {
    for (const memory of [0, Number.NaN, Infinity])
      expect(() => memoryOptions({ memory })).toThrow(expect.objectContaining({ code: 'BAD_CAPACITY' }));
    for (const targets of [{ memory: 0 }, { cpu: 80 }, { cpu: Number.NaN }])
      expect(() => checkedTargets(targets)).toThrow(expect.objectContaining({ code: 'BAD_CAPACITY' }));
    expect(checkedTargets({ cpu: 0.5 })).toEqual({ memory: 0.8, cpu: 0.5 });
  });

  it('knows units', () => {
    expect(['512MB', '1.5gb', '2 TB', '1GiB', '64MiB', '1TiB'].map(megabytesOf)).toEqual([
      512, 1500, 2e6, 1073.741824, 67.108864, 1_099_511.627776,
    ]);
  });
});
