import { createHash } from 'node:crypto';
import { canonicalJson, type FlowConfig } from '@mft/graph';

/**
 * The hash that names a config: SHA-256, in hexadecimal, of its canonical JSON (RFC 8785).
 *
 * @example
 * ```ts
 * configHash(await compileFlow('hello.py')); // '9f2b…', the same on every call
 * ```
 */
export function configHash(config: FlowConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex');
}
