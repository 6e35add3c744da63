import { existsSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MftError } from '@mft/graph';
import type { LoadedDataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { resolve as resolveModule } from 'import-meta-resolve';

/*
 * Encryption of all that leaves this process for Temporal, by codecs of the user's own.
 *
 * K1. With codecs, the messages and stack traces of failures are payloads like any other: a traceback may hold what a parameter holds.
 * K2. Codecs run outside the workflow sandbox, so the prebuilt workflow bundle serves every converter; what would have to run inside
 *     (a payload converter) is refused.
 */

/**
 * Load a data converter: a module that exports `payloadCodecs`, or a `dataConverter` that holds them.
 *
 * @param module - a file, relative to `cwd`, or an installed package
 * @returns what Temporal's client takes as `dataConverter`, and `createMetaflowWorker` as well
 * @throws MftError `DATA_CONVERTER_NOT_FOUND`, `DATA_CONVERTER_FAILED` where the module throws, `DATA_CONVERTER_INVALID` where it
 * exports no codecs, or more than codecs
 * @example
 * ```ts
 * const dataConverter = await loadDataConverter('./encryption.mjs');
 * const client = new Client({ connection, dataConverter });
 * ```
 */
export async function loadDataConverter(module: string, cwd: string = process.cwd()): Promise<LoadedDataConverter> {
  const url = locate(module, cwd);
  const [exported, { DefaultFailureConverter, defaultPayloadConverter }] = await Promise.all([
    load(url, module),
    import('@temporalio/common'),
  ]);
  return {
    payloadConverter: defaultPayloadConverter,
    failureConverter: new DefaultFailureConverter({ encodeCommonAttributes: true }),
    payloadCodecs: codecsOf(exported, module).map((codec) => explained(codec, module)),
  };
}

/**
 * The data converter of a client that was given none: what somebody encoded is refused in words, instead of half read.
 *
 * @example
 * ```ts
 * const client = new Client({ connection, dataConverter: await plainDataConverter() });
 * ```
 */
export async function plainDataConverter(): Promise<LoadedDataConverter> {
  const { defaultDataConverter } = await import('@temporalio/common');
  return { ...defaultDataConverter, payloadCodecs: [{ encode: asIs, decode: refuseEncoded }] };
}

/** What Temporal's own payload converters write. */
const PLAIN = new Set(['binary/null', 'binary/plain', 'json/plain', 'json/protobuf', 'binary/protobuf']);

async function asIs(payloads: Payload[]): Promise<Payload[]> {
  return Promise.resolve(payloads);
}

async function refuseEncoded(payloads: Payload[]): Promise<Payload[]> {
  for (const { metadata } of payloads) {
    const encoding = metadata?.['encoding'];
    const name = encoding ? new TextDecoder().decode(encoding) : undefined;
    if (name === undefined || PLAIN.has(name)) continue;
    throw new MftError('DATA_CONVERTER_NEEDED', `Data on this Temporal server is encoded ("${name}").`, {
      hint: 'Name the module that decodes it: --data-converter MODULE, or MFT_DATA_CONVERTER.',
      exitCode: 1,
    });
  }
  return asIs(payloads);
}

function locate(module: string, cwd: string): string {
  if (module.startsWith('file:')) return module;
  const path = resolvePath(cwd, module);
  if (existsSync(path)) return pathToFileURL(path).href;
  try {
    // A bare word may be a package, and is sought where the user's own files would find it.
    if (!/^[./]/.test(module)) return resolveModule(module, pathToFileURL(resolvePath(cwd, 'mft.mjs')).href);
  } catch {
    // Said below.
  }
  throw new MftError(
    'DATA_CONVERTER_NOT_FOUND',
    `The data converter "${module}" is neither a file nor an installed package.`,
    { hint: `Files are sought from ${cwd}; for example: --data-converter ./encryption.mjs` },
  );
}

type Exports = Readonly<Record<string, unknown>>;

async function load(url: string, module: string): Promise<Exports> {
  let loaded: Exports;
  try {
    loaded = (await import(url)) as Exports;
  } catch (cause) {
    throw new MftError(
      'DATA_CONVERTER_FAILED',
      `The data converter "${module}" cannot be loaded: ${(cause as Error).message}`,
      { hint: `It is loaded as "node ${url.replace('file://', '')}" would.`, cause },
    );
  }
  // Of a CommonJS module all that is certain to be there is `module.exports`.
  return { ...(loaded['default'] as object | undefined), ...loaded };
}

function codecsOf(exported: Exports, module: string): PayloadCodec[] {
  const converter = (exported['dataConverter'] ?? {}) as Exports;
  const more = Object.keys(converter).find((key) => key !== 'payloadCodecs' && converter[key] !== undefined);
  if (more !== undefined) {
    throw new MftError('DATA_CONVERTER_INVALID', `The data converter "${module}" sets "${more}".`, {
      hint: 'Only payloadCodecs can be set: the workflows are bundled already, with the usual payload converter.',
    });
  }
  const codecs = exported['payloadCodecs'] ?? converter['payloadCodecs'];
  if (Array.isArray(codecs) && codecs.length > 0 && codecs.every(isCodec)) return codecs;
  throw new MftError('DATA_CONVERTER_INVALID', `The data converter "${module}" exports no payload codecs.`, {
    hint: 'It must export payloadCodecs, an array of objects with the methods encode and decode.',
  });
}

function isCodec(value: unknown): value is PayloadCodec {
  const { encode, decode } = (value ?? {}) as Exports;
  return typeof encode === 'function' && typeof decode === 'function';
}

/** Whoever reads that data "cannot be authenticated" must learn who says so. */
function explained(codec: PayloadCodec, module: string): PayloadCodec {
  const told = async (what: 'encode' | 'decode', work: () => Promise<Payload[]>): Promise<Payload[]> => {
    try {
      return await work();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new MftError(
        'DATA_CONVERTER_FAILED',
        `The data converter "${module}" cannot ${what} a payload: ${message}`,
        {
          hint: 'Every worker and every command of a namespace needs the same converter with the same keys.',
          exitCode: 1,
          cause,
        },
      );
    }
  };
  return {
    encode: (payloads, context) => told('encode', () => codec.encode(payloads, context)),
    decode: (payloads, context) => told('decode', () => codec.decode(payloads, context)),
  };
}
