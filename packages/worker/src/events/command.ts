import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { MftError } from '@mft/graph';
import type { ConnectionFlags } from '../connection/flags.js';
import type { Published } from './publish.js';

/** How the tasks of a worker publish events. */
export interface PublishCommand {
  /** Program and words; the event's own follow. */
  readonly command: readonly string[];
  /** The runs are those of deployments: `safe_publish` publishes in them. */
  readonly deployed: boolean;
}

/** Variable of the tasks' environment that holds a {@link PublishCommand} as JSON. */
export const PUBLISH_VARIABLE = 'METAFLOW_TEMPORAL_PUBLISH';

/**
 * The command by which tasks publish, from what their worker was started with. An API key is not in it: the environment has it, or
 * publishing from tasks needs it there.
 *
 * @param program - program and words up to `publish`
 * @param namespaceOption - what that program calls Temporal's namespace
 * @example
 * ```ts
 * publishCommand([process.execPath, file], '--namespace', flags, { address, namespace });
 * ```
 */
export function publishCommand(
  program: readonly string[],
  namespaceOption: string,
  flags: ConnectionFlags,
  { address, namespace }: { readonly address: string; readonly namespace: string },
): string[] {
  const converter = flags.dataConverter ?? process.env['MFT_DATA_CONVERTER'];
  const named = [
    ['--address', address],
    [namespaceOption, namespace],
    ['--profile', flags.profile],
    ['--tls-cert-path', absolute(flags.tlsCertPath)],
    ['--tls-key-path', absolute(flags.tlsKeyPath)],
    ['--tls-ca-path', absolute(flags.tlsCaPath)],
    ['--tls-server-name', flags.tlsServerName],
    ['--data-converter', converter?.startsWith('.') === true ? absolute(converter) : converter],
  ] as const;
  const tls = flags.tls === undefined ? [] : [flags.tls ? '--tls' : '--no-tls'];
  return [
    ...program,
    'publish',
    ...named.flatMap(([option, value]) => (value === undefined ? [] : [`${option}=${value}`])),
    ...tls,
  ];
}

/** Tasks run elsewhere than their worker was started. */
function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

/**
 * A payload as a command line gives it: `key=value` words, whose values are text, and a file of JSON. A word wins over the file.
 *
 * @param file - a JSON object; `-` for standard input
 * @throws MftError `PAYLOAD_FILE`, `INVALID_EVENT`
 * @example
 * ```ts
 * await givenPayload(['table=sales'], 'payload.json');
 * ```
 */
export async function givenPayload(words: readonly string[], file?: string): Promise<Record<string, unknown>> {
  const fields = words.map((word) => {
    const at = word.indexOf('=');
    if (at >= 1) return [word.slice(0, at), word.slice(at + 1)] as const;
    throw new MftError('INVALID_EVENT', `"${word}" is no field of an event.`, {
      hint: 'Fields are written key=value, for example: table=sales',
    });
  });
  return { ...(file === undefined ? {} : await readPayload(file)), ...Object.fromEntries(fields) };
}

async function readPayload(file: string): Promise<Record<string, unknown>> {
  const where = file === '-' ? 'standard input' : `"${file}"`;
  try {
    const value: unknown = JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw payloadFile(`The payload in ${where} cannot be read: ${(cause as Error).message}`, cause);
  }
  throw payloadFile(`The payload in ${where} is not a JSON object.`);
}

function payloadFile(message: string, cause?: unknown): MftError {
  return new MftError('PAYLOAD_FILE', message, {
    hint: 'It takes one JSON object, for example: {"table": "sales"}',
    cause,
  });
}

/**
 * What became of an event, for a person.
 *
 * @example
 * ```ts
 * console.log(formatPublished(await publishEvent(client, { name: 'data_ready' })));
 * ```
 */
export function formatPublished({ name, id, started, pending, duplicates, refused }: Published): string {
  const lines = [
    ...started.map(({ deployment, pathspec }) => `  ${deployment}: started ${pathspec}`),
    ...pending.map((deployment) => `  ${deployment}: waits for its other events`),
    ...duplicates.map((deployment) => `  ${deployment}: has had it before`),
    ...refused.map(({ deployment, code, message }) => `  ${deployment}: refused [${code}]: ${message}`),
  ];
  return [`Published ${name}, id ${id}`, ...(lines.length > 0 ? lines : ['  No deployment waits for it.'])].join('\n');
}

/**
 * What whoever publishes must hear of an event that deployments refused, and the exit status of the command: 1 where all that wait for
 * it refused it, so that a script notices. One that took it, has had it before, or that keeps it until others come makes it 0.
 *
 * @returns lines for standard error, none where nothing was refused
 * @example
 * ```ts
 * const { exitCode, warnings } = verdictOn(await publishEvent(client, { name: 'data_ready' }));
 * ```
 */
export function verdictOn({ name, started, pending, duplicates, refused }: Published): {
  readonly exitCode: 0 | 1;
  readonly warnings: readonly string[];
} {
  const failed = refused.length > 0 && [started, pending, duplicates].every(({ length }) => length === 0);
  const warnings = refused.flatMap(({ deployment, message, hint }) => [
    `warning: ${deployment} does not take the event: ${message}`,
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ]);
  return {
    exitCode: failed ? 1 : 0,
    warnings: failed ? [...warnings, `No deployment that waits for ${name} has taken it.`] : warnings,
  };
}
