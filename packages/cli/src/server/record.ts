import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { commandLine } from './process.js';
import { probe } from './probe.js';
import type { ServerFiles } from './paths.js';

/** What is written down about a server that mft started. */
export interface ServerRecord {
  readonly pid: number;
  /** host:port of the gRPC frontend. */
  readonly address: string;
  readonly uiUrl?: string;
  readonly logFile: string;
  readonly db: string;
  /** ISO time. */
  readonly startedAt: string;
}

/**
 * Whether the recorded server runs: `gone` after it was stopped, killed, or the machine restarted; `silent` where the process is
 * there but does not answer, as while it starts.
 */
export type ServerHealth = 'running' | 'silent' | 'gone';

/**
 * Read the record that lies beside a database; undefined where there is none or it cannot be understood.
 *
 * @example
 * ```ts
 * const record = await readRecord(serverFiles());
 * ```
 */
export async function readRecord(files: ServerFiles): Promise<ServerRecord | undefined> {
  try {
    const value = JSON.parse(await readFile(files.record, 'utf8')) as Partial<ServerRecord>;
    return typeof value.pid === 'number' && typeof value.address === 'string' ? (value as ServerRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Write the record, atomically. */
export async function writeRecord(files: ServerFiles, record: ServerRecord): Promise<void> {
  await mkdir(dirname(files.record), { recursive: true });
  const draft = `${files.record}.${process.pid}`;
  await writeFile(draft, JSON.stringify(record, null, 2) + '\n');
  await rename(draft, files.record);
}

/** Forget a server; its database stays. */
export async function removeRecord(files: ServerFiles): Promise<void> {
  await rm(files.record, { force: true });
}

/**
 * Whether the recorded process is still that server: process ids are used again, so its command line must name the database.
 *
 * @example
 * ```ts
 * if ((await healthOf(record, 'default')) === 'running') return record.address;
 * ```
 */
export async function healthOf(record: ServerRecord): Promise<ServerHealth> {
  if (!(await commandLine(record.pid)).includes(record.db)) return 'gone';
  return (await probe(record.address, 'default', 2000)) === 'ready' ? 'running' : 'silent';
}
