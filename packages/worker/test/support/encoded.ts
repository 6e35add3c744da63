import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the database's file, where a server of {@link startServer} is to keep one. */
export const DATABASE = 'temporal.db';

/** All that a server has written to its database in a folder. */
export async function databaseIn(folder: string): Promise<Buffer> {
  // Before the first checkpoint all of it lies in the write-ahead log.
  const files = (await readdir(folder)).filter((name) => name.startsWith(DATABASE));
  return Buffer.concat(await Promise.all(files.map((name) => contents(join(folder, name)))));
}

/** SQLite's journal is there for a transaction only: what is gone by now holds nothing. */
async function contents(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && file.endsWith('-journal')) return Buffer.alloc(0);
    throw error;
  });
}

/** Bytes as text. */
export function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

/** Whether this is a payload, as histories have them. */
export function isPayload(value: unknown): value is { metadata: Record<string, Uint8Array>; data: Uint8Array } {
  return typeof value === 'object' && value !== null && 'metadata' in value && 'data' in value;
}

/** In which forms a text is in there. */
export function found(bytes: Buffer, text: string): string[] {
  const forms: [string, string][] = [['plain', text]];
  // In base64 the same text has three forms, by where it begins; the ends depend on what is beside it.
  for (const offset of [0, 1, 2]) {
    const whole = Buffer.from(' '.repeat(offset) + text).toString('base64');
    forms.push([`base64+${offset}`, whole.slice(offset === 0 ? 0 : 4, whole.length - 4)]);
  }
  return forms.filter(([, form]) => bytes.includes(form)).map(([name]) => name);
}

/** Show every field of a value to somebody, at whatever depth. */
export function visit(value: unknown, see: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const [key, inner] of Object.entries(value)) {
    see(key, inner);
    visit(inner, see);
  }
}
