import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect, connectWorker, resolveConnection } from '../src/index.js';

let file: string;
beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'mft-connection-')), 'temporal.toml');
  await writeFile(
    file,
    '[profile.default]\naddress = "file:1"\nnamespace = "file-ns"\n[profile.other]\naddress = "other:1"\n',
  );
});

describe('resolveConnection', () => {
  test('knows a default', async () => {
    expect(await resolveConnection({}, { TEMPORAL_CONFIG_FILE: '/nowhere.toml' })).toMatchObject({
      address: '127.0.0.1:7233',
      namespace: 'default',
    });
  });

  test('the file is below the environment, the environment below flags', async () => {
    const env = { TEMPORAL_CONFIG_FILE: file };
    expect(await resolveConnection({}, env)).toMatchObject({ address: 'file:1', namespace: 'file-ns' });
    expect(await resolveConnection({}, { ...env, TEMPORAL_ADDRESS: 'env:1' })).toMatchObject({
      address: 'env:1',
      namespace: 'file-ns',
    });
    expect(
      await resolveConnection({ address: 'flag:1', namespace: 'flag-ns' }, { ...env, TEMPORAL_ADDRESS: 'env:1' }),
    ).toMatchObject({ address: 'flag:1', namespace: 'flag-ns' });
    expect(
      (await resolveConnection({ address: 'flag:1' }, { ...env, TEMPORAL_ADDRESS: 'env:1' })).options.address,
    ).toBe('flag:1');
  });

  test('profile by flag, above TEMPORAL_PROFILE', async () => {
    const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'default' };
    expect(await resolveConnection({ profile: 'other' }, env)).toMatchObject({
      address: 'other:1',
      namespace: 'default',
    });
  });

  test('a profile that is not there is refused with the way to list them', async () => {
    await expect(resolveConnection({ profile: 'nope' }, { TEMPORAL_CONFIG_FILE: file })).rejects.toMatchObject({
      code: 'BAD_CONNECTION_CONFIG',
      hint: expect.stringContaining('temporal config list'),
    });
  });

  test('TLS: flags over the environment', async () => {
    const env = { TEMPORAL_CONFIG_FILE: '/nowhere.toml', TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_NAME: 'from-env' };
    expect((await resolveConnection({}, env)).options.tls).toMatchObject({ serverNameOverride: 'from-env' });
    expect((await resolveConnection({ tlsServerName: 'from-flag', tlsCaPath: file }, env)).options.tls).toMatchObject({
      serverNameOverride: 'from-flag',
      serverRootCACertificate: expect.any(Buffer),
    });
    expect((await resolveConnection({ tls: false }, env)).options.tls).toBe(false);
    expect((await resolveConnection({ tls: true }, { TEMPORAL_CONFIG_FILE: '/nowhere.toml' })).options.tls).toBe(true);
  });

  test('an API key by flag wins', async () => {
    const env = { TEMPORAL_CONFIG_FILE: '/nowhere.toml', TEMPORAL_API_KEY: 'env-key' };
    expect((await resolveConnection({}, env)).options.apiKey).toBe('env-key');
    expect((await resolveConnection({ apiKey: 'flag-key' }, env)).options.apiKey).toBe('flag-key');
  });

  test('a certificate needs its key, and must be there', async () => {
    const env = { TEMPORAL_CONFIG_FILE: '/nowhere.toml' };
    await expect(resolveConnection({ tlsCertPath: file }, env)).rejects.toMatchObject({
      code: 'BAD_CONNECTION_CONFIG',
      hint: 'Give both --tls-cert-path and --tls-key-path.',
    });
    await expect(resolveConnection({ tlsCaPath: '/nowhere.pem' }, env)).rejects.toThrow(
      '--tls-ca-path names "/nowhere.pem"',
    );
  });
});

describe('a server that is not there', () => {
  test.each([
    ['client', connect],
    ['worker', connectWorker],
  ])('%s: CONNECTION_FAILED names the address and the command', async (_, open) => {
    const address = `127.0.0.1:${await freePort()}`;
    await expect(open({ address })).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: `No Temporal server answers at ${address}.`,
      hint: 'Start one with "mft server", or name another with --address or TEMPORAL_ADDRESS.',
      exitCode: 1,
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
