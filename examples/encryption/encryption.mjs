/*
 * Encrypts all that flows hand to Temporal, with AES-256-GCM:
 *
 *   export MFT_ENCRYPTION_KEY="$(openssl rand -base64 32)"
 *   export MFT_DATA_CONVERTER=./encryption.mjs
 *   node my_flow_worker.mjs
 *
 * A key has a name, so that it can be replaced: MFT_ENCRYPTION_KEY encrypts from now on, MFT_ENCRYPTION_OLD_KEYS (separated by spaces)
 * still decrypt what older runs left.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

const keys = [process.env.MFT_ENCRYPTION_KEY ?? '', ...(process.env.MFT_ENCRYPTION_OLD_KEYS ?? '').split(/\s+/)]
  .filter((text) => text !== '')
  .map((text) => Buffer.from(text, 'base64'));
const [current] = keys;
if (current === undefined || keys.some((key) => key.length !== 32))
  throw new Error('MFT_ENCRYPTION_KEY must hold 32 bytes in base64, as "openssl rand -base64 32" makes them.');

const nameOf = (key) => createHash('sha256').update(key).digest('hex').slice(0, 16);
const byName = new Map(keys.map((key) => [nameOf(key), key]));

/** A payload is metadata (a few named byte strings) and data: both are encrypted. */
function pack({ metadata, data }) {
  const names = Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  const head = Buffer.from(JSON.stringify(Object.fromEntries(names)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, data ?? Buffer.alloc(0)]);
}

function unpack(bytes) {
  const end = 4 + bytes.readUInt32BE();
  const names = Object.entries(JSON.parse(bytes.subarray(4, end).toString()));
  return {
    metadata: Object.fromEntries(names.map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    data: bytes.subarray(end),
  };
}

function encrypt(payload) {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, current, nonce);
  const body = Buffer.concat([cipher.update(pack(payload)), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from(ENCODING), 'encryption-key': Buffer.from(nameOf(current)) },
    data: Buffer.concat([nonce, body, cipher.getAuthTag()]),
  };
}

function decrypt({ metadata, data }) {
  const name = Buffer.from(metadata['encryption-key'] ?? '').toString();
  const key = byName.get(name);
  if (key === undefined) throw new Error(`it was encrypted with the key ${name}, which is not here.`);
  const bytes = Buffer.from(data);
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE));
  decipher.setAuthTag(bytes.subarray(-TAG));
  return unpack(Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]));
}

/** What was not encrypted passes through: a namespace may hold older runs. */
const isEncrypted = ({ metadata }) => Buffer.from(metadata?.encoding ?? '').toString() === ENCODING;

export const payloadCodecs = [
  {
    encode: async (payloads) => payloads.map(encrypt),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload) : payload)),
  },
];
