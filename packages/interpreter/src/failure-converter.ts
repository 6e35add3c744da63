import { DefaultFailureConverter } from '@temporalio/common/lib/converter/failure-converter.js';

/*
 * How workflows turn errors into what lies in the history. This module is what a `failureConverterPath` names.
 *
 * Whether messages and stack traces become payloads, which a worker's codecs then encode, is the worker's decision, and a bundle is made
 * before there is one: a worker that has codecs writes `encoded` for `plain` into the bundle's text. A replay does not depend on it:
 * failures are read by what they are, and what this changes is not compared.
 */
const FAILURES: string = 'mft:failures=plain';

/** Temporal's usual converter, with or without the encoding of messages and stack traces. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: FAILURES.endsWith('=encoded') });
