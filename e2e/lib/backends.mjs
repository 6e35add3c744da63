import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findBackends } from '../../scripts/lib/backends.mjs';
import { python } from './paths.mjs';
import { until } from './process.mjs';

/*
 * Servers that keep what a flow leaves behind. They are started when the first test asks for them and serve all test files: the
 * metadata service takes seconds to begin. A broker in vitest's own process owns them, since the processes that run the files come and go.
 */

/** Credentials of the S3 server: nobody else's, and valid nowhere else. */
const CREDENTIALS = { access: 'mft-e2e-access', secret: 'mft-e2e-secret-key' };

/**
 * @typedef {{ url: string, folder: string }} S3 - `folder`: a bucket is a folder in it
 * @typedef {{ s3?: S3, service?: { url: string } }} RunningBackends
 * @typedef {{ url: string, stop: () => Promise<void> }} Broker
 */

/**
 * What can be tested on this machine.
 *
 * @returns {import('../../scripts/lib/backends.mjs').Backends}
 */
export function backendsHere() {
  return findBackends(python());
}

/**
 * Starts what is asked for and owns it: `GET /` answers with {@link RunningBackends}.
 *
 * @returns {Promise<Broker>}
 */
export async function startBroker() {
  /** @type {(() => void)[]} */
  const stops = [];
  /** @type {Promise<RunningBackends> | undefined} */
  let started;
  const directory = mkdtempSync(path.join(tmpdir(), 'mft-e2e-backends-'));
  const server = createHttpServer((_, answer) => {
    started ??= startBackends(directory, stops);
    started.then(
      (running) => answer.end(JSON.stringify(running)),
      (error) => answer.writeHead(500).end(String(error)),
    );
  });
  const port = await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address && typeof address === 'object' ? address.port : 0);
    });
  });
  const end = () => stops.splice(0).forEach((stop) => stop());
  process.once('exit', end);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await started?.catch(() => undefined);
      process.removeListener('exit', end);
      end();
      server.closeAllConnections();
      server.close();
      // PostgreSQL takes a moment to end, and writes until then.
      await until(() => removed(directory), { timeout: 20_000, what: `${directory} to go` });
    },
  };
}

/** @param {string} directory */
function removed(directory) {
  try {
    rmSync(directory, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} directory
 * @param {(() => void)[]} stops
 * @returns {Promise<RunningBackends>}
 */
async function startBackends(directory, stops) {
  const { s3, service } = backendsHere();
  const [running, url] = await Promise.all([
    s3 && startS3(s3, path.join(directory, 's3'), stops),
    service && startService(service, path.join(directory, 'service'), stops),
  ]);
  return { ...(running && { s3: running }), ...(url && { service: { url } }) };
}

/**
 * @param {string} binary
 * @param {string} folder
 * @param {(() => void)[]} stops
 * @returns {Promise<S3>}
 */
async function startS3(binary, folder, stops) {
  mkdirSync(folder, { recursive: true });
  const url = `http://127.0.0.1:${await freePort()}`;
  const env = { ...process.env, ROOT_ACCESS_KEY: CREDENTIALS.access, ROOT_SECRET_KEY: CREDENTIALS.secret };
  const options = ['--quiet', '--keep-alive', '--port', url.slice('http://'.length)];
  launch(binary, [...options, 'posix', folder], env, `${folder}.log`, 'SIGKILL', stops);
  // Whoever has no credentials is refused: it answers.
  await until(
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    { timeout: 30_000, what: `versitygw to answer at ${url}` },
  );
  return { url, folder };
}

/**
 * @param {{ script: string, venv: string }} service
 * @param {string} data
 * @param {(() => void)[]} stops
 * @returns {Promise<string>} its URL
 */
async function startService({ script, venv }, data, stops) {
  mkdirSync(data, { recursive: true });
  // Where the tests are run by root, PostgreSQL runs as another user, who must be able to walk down to its folder.
  chmodSync(path.dirname(data), 0o711);
  symlinkSync(venv, path.join(data, 'venv'));
  const port = await freePort();
  const args = [script, '--data', data, '--port', String(port), '--pg-port', String(await freePort())];
  const running = launch('python3', args, process.env, `${data}.log`, 'SIGTERM', stops);
  const url = `http://127.0.0.1:${port}`;
  await until(
    () => {
      if (!running()) throw new Error(`The metadata service did not start:\n${readFileSync(`${data}.log`, 'utf8')}`);
      return fetch(`${url}/ping`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    { timeout: 90_000, what: `the metadata service to answer at ${url}` },
  );
  return url;
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} log
 * @param {NodeJS.Signals} signal - that ends it
 * @param {(() => void)[]} stops
 * @returns {() => boolean} whether it runs
 */
function launch(program, args, env, log, signal, stops) {
  const out = openSync(log, 'w');
  const child = spawn(program, args, { env, stdio: ['ignore', out, out] });
  closeSync(out);
  child.once('error', () => undefined);
  stops.push(() => void child.kill(signal));
  return () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address && typeof address === 'object' ? address.port : 0));
    });
  });
}

/**
 * Environment of somebody whose artifacts go to a bucket of their own.
 *
 * @param {S3} s3
 * @param {string} bucket - made where it is not there
 * @returns {Record<string, string>}
 */
export function s3Environment({ url, folder }, bucket) {
  mkdirSync(path.join(folder, bucket), { recursive: true });
  return {
    METAFLOW_DATASTORE_SYSROOT_S3: `s3://${bucket}/metaflow`,
    METAFLOW_S3_ENDPOINT_URL: url,
    // Metaflow starts 64 processes to read more than ten objects, whatever the machine.
    METAFLOW_S3_WORKER_COUNT: '2',
    ...credentials(),
  };
}

/** What a worker needs to read and write S3, and nothing else carries. */
export function credentials() {
  return {
    AWS_ACCESS_KEY_ID: CREDENTIALS.access,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secret,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
