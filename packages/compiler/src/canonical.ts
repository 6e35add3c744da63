import { createHash } from 'node:crypto';
import canonicalizeModule from 'canonicalize';
import type { FlowConfig } from '@mft/graph';

// The package is CommonJS and its types say `export default`: what is imported here is the function itself.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/**
 * A value as canonical JSON (RFC 8785): keys sorted, one spelling of each number, no white space.
 *
 * @throws TypeError when the value has no JSON form (undefined, a function, NaN).
 * @example
 * ```ts
 * canonicalJson({ b: 1, a: [1.0] }); // '{"a":[1],"b":1}'
 * ```
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('This value has no JSON form.');
  return text;
}

/**
 * The hash that names a config: SHA-256, in hexadecimal, of its canonical JSON.
 *
 * @example
 * ```ts
 * configHash(await compileFlow('hello.py')); // '9f2b…', the same on every call
 * ```
 */
export function configHash(config: FlowConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex');
}
